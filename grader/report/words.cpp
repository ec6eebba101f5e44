#include <fmt/format.h>

#include "grader/report/report.hpp"

namespace ferrule::grader {

std::string finding_words(const Finding& finding) {
    std::string text = finding.title;
    if (!finding.scenario.empty()) text += fmt::format(" (scenario: {}", finding.scenario);
    if (!finding.scenario.empty() && !finding.fault.empty()) text += ", when " + finding.fault;
    return finding.scenario.empty() ? text : text + ")";
}

std::string finding_line(const Finding& finding) {
    const std::string words = finding.finding_class + ": " + finding_words(finding);
    if (finding.file.empty()) return words;
    return finding.line > 0 ? fmt::format("{}:{}: {}", finding.file, finding.line, words)
                            : fmt::format("{}: {}", finding.file, words);
}

}  // namespace ferrule::grader
