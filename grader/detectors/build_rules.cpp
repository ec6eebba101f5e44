// What is known before anything runs: the compiler's words, the exercise's rules on imports and on `unsafe`.
#include <algorithm>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"

namespace ferrule::grader {
namespace {

bool matches(const std::string& pattern, const std::string& symbol) {
    if (!pattern.empty() && pattern.back() == '*') return symbol.starts_with(pattern.substr(0, pattern.size() - 1));
    return symbol == pattern;
}

// "__kmalloc_noprof" is written kmalloc.
std::string source_word(std::string symbol) {
    while (symbol.starts_with("_")) symbol.erase(0, 1);
    if (symbol.ends_with("_noprof")) symbol.resize(symbol.size() - 7);
    return symbol;
}

}  // namespace

Finding build_finding(const Exercise& exercise, const char* finding_class, const char* detector,
                      const std::string& title) {
    Finding finding;
    finding.finding_class = finding_class;
    finding.detector = detector;
    finding.title = sanitise(title, 300);
    std::replace(finding.title.begin(), finding.title.end(), '\n', ' ');
    finding.lesson = exercise.lesson;
    finding.order = 0;
    return finding;
}

std::vector<Finding> detect_build(const Exercise& exercise, const Observations& observations) {
    if (observations.built) return {};
    std::vector<Finding> findings;
    for (const auto& diagnostic : observations.diagnostics) {
        if (diagnostic.severity != "error" || findings.size() >= 20) continue;
        auto finding = build_finding(exercise, "build-error",
                                     diagnostic.tool.empty() ? "build" : sanitise(diagnostic.tool, 40).c_str(),
                                     diagnostic.message);
        finding.file = sanitise(diagnostic.file, 200);
        finding.line = diagnostic.line;
        findings.push_back(std::move(finding));
    }
    if (findings.empty()) {
        std::string title = "the module could not be built";
        if (!observations.diagnostics.empty()) title = observations.diagnostics.front().message;
        findings.push_back(build_finding(exercise, "build-error", "build", title));
    }
    return findings;
}

std::vector<Finding> detect_imports(const Exercise& exercise, const Observations& observations) {
    std::vector<Finding> findings;
    for (const auto& symbol : observations.imports)
        for (const auto& rule : exercise.forbidden_imports) {
            if (!matches(rule.symbol, symbol)) continue;
            auto finding =
                build_finding(exercise, "build-error", "imports", symbol + " is not allowed here: " + rule.why);
            auto found = mentions(observations, symbol);
            if (found.empty()) found = mentions(observations, source_word(symbol));
            if (!found.empty()) {
                finding.file = found.front().file;
                finding.line = found.front().line;
            }
            findings.push_back(std::move(finding));
            break;
        }
    return findings;
}

std::vector<Finding> detect_unsafe(const Exercise& exercise, const Observations& observations) {
    if (!exercise.unsafe_budget || observations.language != Language::rust) return {};
    std::vector<Mention> uses;
    for (const auto& [file, text] : observations.sources) {
        std::string code = code_only(text, Language::rust);
        auto word = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        };
        for (size_t at = code.find("unsafe"); at != std::string::npos; at = code.find("unsafe", at + 6)) {
            if ((at > 0 && word(code[at - 1])) || (at + 6 < code.size() && word(code[at + 6]))) continue;
            size_t next = code.find_first_not_of(" \t\r\n", at + 6);
            // A block or an impl does something unsafe; `unsafe fn` only says that its caller must.
            if (next == std::string::npos || !(code[next] == '{' || code.compare(next, 4, "impl") == 0)) continue;
            uses.push_back({file, 1 + static_cast<int>(
                                          std::count(code.begin(), code.begin() + static_cast<ptrdiff_t>(at), '\n'))});
        }
    }
    const size_t budget = static_cast<size_t>(std::max(0, *exercise.unsafe_budget));
    if (uses.size() <= budget) return {};
    auto finding =
        build_finding(exercise, "unsafe-audit", "unsafe",
                      std::to_string(uses.size()) + " unsafe blocks or impls, allowed: " + std::to_string(budget));
    finding.file = uses[budget].file;
    finding.line = uses[budget].line;
    for (size_t i = 0; i < budget && i < 8; ++i) finding.related.push_back({"also", uses[i].file, "", uses[i].line});
    return {std::move(finding)};
}

}  // namespace ferrule::grader
