#include "cli/verdict_output.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <sstream>

#include "grader/report/report.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::cli {

namespace {

constexpr int kWidest = 100;

// The kernel's own words, line by line: they come from the guest.
void print_raw(const grader::Verdict& verdict) {
    for (const grader::Finding& finding : verdict.findings) {
        if (finding.raw.empty()) continue;
        std::cout << fmt::format("\n--- {}: {}\n", finding.finding_class, reader::printable(finding.title));
        std::istringstream lines(finding.raw);
        for (std::string line; std::getline(lines, line);) std::cout << reader::printable(line) << "\n";
    }
}

void print_text(const reader::Graded& graded, const VerdictOptions& options) {
    grader::TextOptions look;
    look.width = static_cast<unsigned>(
        reader::is_terminal(STDOUT_FILENO) ? std::min(reader::terminal_size(STDOUT_FILENO).columns, kWidest) : kWidest);
    look.colour = grader::want_colour(STDOUT_FILENO);
    look.sources = graded.observations.sources;
    look.hint_command = options.hint_command;
    look.remark = options.remark;
    if (graded.from_cache)
        look.remark +=
            std::string(look.remark.empty() ? "" : " ") +
            "The same had been built and run before: judged by what was seen then (--no-cache runs it again).";
    std::cout << grader::to_text(graded.verdict, look);
    if (options.raw) print_raw(graded.verdict);
}

}  // namespace

void add_verdict_options(CLI::App& command, VerdictOptions& options) {
    auto* format = command.add_option("--format", options.format, "text, json, junit, sarif or gradescope")
                       ->check(CLI::IsMember({"text", "json", "junit", "sarif", "gradescope"}));
    command
        .add_flag_callback(
            "--json", [&options] { options.format = "json"; }, "the same as --format json: one object, nothing else")
        ->excludes(format);
    command.add_flag("--raw", options.raw, "each finding with the kernel's own report");
    add_seed_option(command, options.seed);
    command.add_flag("--no-cache", options.no_cache, "build and run it even when the same was run before");
}

int print_verdict(const reader::Graded& graded, const VerdictOptions& options) {
    const grader::Verdict& verdict = graded.verdict;
    if (options.json())
        std::cout << grader::to_json(verdict);
    else if (options.format == "junit")
        std::cout << grader::to_junit(verdict);
    else if (options.format == "sarif")
        std::cout << grader::to_sarif(verdict);
    else if (options.format == "gradescope")
        std::cout << grader::to_gradescope(verdict);
    else
        print_text(graded, options);
    return verdict.verdict == "pass" ? kPass : kFail;
}

}  // namespace ferrule::cli
