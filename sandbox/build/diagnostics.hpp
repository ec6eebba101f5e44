// What the tools said -> the learner's file and line. Their words are hostile: they quote the learner's source.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sandbox/build/recipe.hpp"

namespace ferrule::build {

inline constexpr size_t kMaxDiagnostics = 200;  // errors, and as many warnings
inline constexpr size_t kMaxMessage = 600;      // bytes

struct StageLog {
    Stage stage;
    int status = 0;  // as $? in sh: 128 + signal
    std::string text;
};

// One stage's words. Lines in the kernel's headers are given at the learner's line that led there; file is empty when
// there is none. A stage that failed gives at least one error.
std::vector<Diagnostic> read_diagnostics(const SourceSet& sources, const StageLog& log, const Limits& limits);

// Adds it unless it is there already (a macro may repeat its argument) or there are too many of its severity: many
// warnings never crowd out an error.
void add_diagnostic(std::vector<Diagnostic>& found, Diagnostic diagnostic);

// For the log that people see: rustc's JSON as the text it would have printed, the rest as it is.
std::string readable_log(const StageLog& log);

// Valid UTF-8 with no control characters but line feed and tab (tool output reaches terminals and JSON).
std::string clean_text(std::string_view text, size_t cap);

// The first use of a word outside comments and strings: in the body of a function rather than a declaration. Line 0:
// none.
struct Place {
    std::string file;
    int line = 0, column = 0;
};
Place find_use(const SourceSet& sources, std::string_view symbol);
Place find_definition(const SourceSet& sources, std::string_view function);

// The learner's own name for a file in a tool's message ("./ring.h", "/work/sub/../ring.h"); empty: not the learner's.
std::string own_name(const SourceSet& sources, std::string_view file);

}  // namespace ferrule::build
