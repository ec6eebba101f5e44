// How grade and vet show a verdict.
#pragma once

#include "cli/command.hpp"
#include "lessons/reader/grading.hpp"

namespace ferrule::cli {

struct VerdictOptions {
    std::string format = "text";
    bool raw = false;              // text: each finding with the kernel's own report
    bool no_cache = false;         // --no-cache: run it even when it was run before
    std::string hint_command;      // text: "ferrule hint ring"
    std::string remark;            // text: a last line
    std::optional<uint64_t> seed;  // for RunHooks

    bool json() const { return format == "json"; }
    grader::Caching caching() const { return {!no_cache, 0}; }
};

// --json, --format, --raw, --seed and --no-cache.
void add_verdict_options(CLI::App& command, VerdictOptions& options);
// On standard output; returns the exit status.
int print_verdict(const reader::Graded& graded, const VerdictOptions& options);

}  // namespace ferrule::cli
