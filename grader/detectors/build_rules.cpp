// What is known before anything runs: the compiler's words, and the exercise's rules on imports.
#include <algorithm>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/symbols/rust_name.hpp"

namespace ferrule::grader {
namespace {

bool matches(const std::string& pattern, const std::string& symbol) {
    if (!pattern.empty() && pattern.back() == '*') return symbol.starts_with(pattern.substr(0, pattern.size() - 1));
    return symbol == pattern;
}

// As it stands in the source: "__kmalloc_noprof" is kmalloc, "_printk" is printk.
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

Finding static_finding(const Exercise& exercise, const char* finding_class, const build::Diagnostic& diagnostic,
                       const std::string& title) {
    Finding finding = build_finding(exercise, finding_class, sanitise(diagnostic.tool, 40).c_str(), title);
    finding.file = sanitise(diagnostic.file, 200);
    finding.line = diagnostic.line;
    finding.order = kNeverRan;
    finding.raw = diagnostic.message;
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
    for (const auto& symbol : observations.imports) {
        // A rule may name the symbol, or what stands in the source: kmalloc, Work::enqueue.
        const bool rust = symbol.starts_with("_R");
        const std::string word = rust ? short_function_name(symbol) : source_word(symbol);
        for (const auto& rule : exercise.forbidden_imports) {
            if (!matches(rule.symbol, symbol) && !matches(rule.symbol, word)) continue;
            auto finding = build_finding(exercise, "build-error", "imports",
                                         (rust ? word : symbol) + " is not allowed here: " + rule.why);
            auto found = mentions(observations, symbol);
            if (found.empty()) found = mentions(observations, word.substr(word.rfind(':') + 1));
            if (!found.empty()) {
                finding.file = found.front().file;
                finding.line = found.front().line;
            }
            findings.push_back(std::move(finding));
            break;
        }
    }
    return findings;
}

}  // namespace ferrule::grader
