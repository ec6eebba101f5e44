// What the subcommands share. Each has a file of its own that adds itself to the parser; parsing only records
// which action to run, main() runs it and turns an Error into one line (or JSON) and exit status 2.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <optional>
#include <string>

#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/progress_store.hpp"
#include "lessons/reader/workspace.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::cli {

struct Invocation {
    std::function<Result<int>()> action;                  // returns the exit status
    std::function<std::string(const Error&)> error_json;  // set by a command that was asked for JSON
};

void add_learn(CLI::App& app, Invocation& invocation);
void add_list(CLI::App& app, Invocation& invocation);
void add_progress(CLI::App& app, Invocation& invocation);
void add_start(CLI::App& app, Invocation& invocation);
void add_grade(CLI::App& app, Invocation& invocation);
void add_vet(CLI::App& app, Invocation& invocation);
void add_run(CLI::App& app, Invocation& invocation);
void add_hint(CLI::App& app, Invocation& invocation);
void add_reset(CLI::App& app, Invocation& invocation);
void add_solution(CLI::App& app, Invocation& invocation);
void add_check(CLI::App& app, Invocation& invocation);
void add_new(CLI::App& app, Invocation& invocation);
void add_preview(CLI::App& app, Invocation& invocation);
void add_image(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);
void add_completions(CLI::App& app, Invocation& invocation);
void add_man(CLI::App& app, Invocation& invocation);

constexpr int kPass = 0, kFail = 1, kCouldNot = 2, kInterrupted = 130;

// `ferrule: WHAT, WHERE. HINT` on one line, whatever the parts contain.
std::string error_line(const Error& error);
// {"verdict":"error", …} and a line end, for a command that answers with one JSON object.
std::string error_object(const Error& error);

Result<reader::Catalogue> load_course();
// One exercise by its id, with the catalogue that owns it.
struct Chosen {
    reader::Catalogue catalogue;
    const grader::Exercise* exercise;
};
Result<Chosen> choose(const std::string& id);

// --lang, checked against the exercise. Without it: the only one that was started, else (for `start`) the first.
// Two that were started are an error "which-language".
Result<grader::Language> choose_language(const grader::Exercise& exercise, const std::string& asked,
                                         const reader::Workspace& workspace);

// Lists of options that several commands have.
void add_language_option(CLI::App& command, std::string& language);
// --seed: what is random in the runs, instead of what the sources give.
void add_seed_option(CLI::App& command, std::optional<uint64_t>& seed);
void add_deep_option(CLI::App& command, bool& deep);
// The exercise for a deep run; says on standard error how much longer it will take.
grader::Exercise deep_exercise(const grader::Exercise& exercise);

// yes/no on the terminal; `otherwise` without one.
bool confirm(const std::string& question, bool otherwise);

}  // namespace ferrule::cli
