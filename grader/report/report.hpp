// A verdict for people (text) and for programs (JSON, ../shared contract "format": 1).
#pragma once

#include <map>
#include <string>

#include "grader/verdict.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::grader {

// One JSON object and a line end.
std::string to_json(const Verdict& verdict);
// The same object with "verdict": "error": what we could not do, and what to do about it.
std::string error_to_json(const std::string& exercise, const std::string& language, const Error& error,
                          const Timing& timing = {}, const Environment& environment = {});

// The same for build servers, code hosts and Gradescope. None of them changes what the verdict is.
std::string to_junit(const Verdict& verdict);
std::string to_sarif(const Verdict& verdict);
std::string to_gradescope(const Verdict& verdict);

// "a lock is still held (scenario: open and close, when allocation 2 failed)"
std::string finding_words(const Finding& finding);
// "ring.c:12: memory-leak: …", as compilers write it.
std::string finding_line(const Finding& finding);

struct TextOptions {
    unsigned width = 80;                         // columns; at least 40 are used
    bool colour = false;                         // see want_colour()
    std::map<std::string, std::string> sources;  // name -> text, for excerpts
    std::string hint_command;                    // "ferrule hint ring-buffer"; empty: no pointer to hints
    std::string remark;                          // a last line, dim
    size_t max_findings = 10;
};

std::string to_text(const Verdict& verdict, const TextOptions& options = {});
// A terminal, and NO_COLOR not set.
bool want_colour(int fd);

}  // namespace ferrule::grader
