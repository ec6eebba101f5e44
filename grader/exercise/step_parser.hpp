// One step of a scenario -> Step, every mistake at its line.
#pragma once

#include <set>

#include "grader/exercise/expression.hpp"
#include "grader/exercise/toml_table.hpp"

namespace ferrule::grader {

inline constexpr size_t kLanesMax = 7;       // workers 2 … 8; the main sequence is worker 1
inline constexpr size_t kOpenFilesMax = 32;  // FERRULE_SLOTS

// What is known at a place in the steps: value names and open files. A list has a copy.
struct StepContext {
    enum class Where { main, parallel, race };
    Scope scope;
    std::map<std::string, bool> files;  // ever opened -> open now
    Where where = Where::main;
    std::set<std::string> lent;  // of `files`: open in the main sequence, used in a race's list
    bool in_lane() const { return where != Where::main; }
};

// Errors go into `problems`; what follows in the scenario is known from `context`.
std::optional<Step> parse_step(Problems& problems, const toml::table& table, StepContext& context);

// Appends a close for each open file.
void close_open_files(std::vector<Step>& steps, const StepContext& context, const Location& at);

}  // namespace ferrule::grader
