#include "lessons/workbench/verdict_page.hpp"

#include <algorithm>
#include <utility>

#include "grader/report/report.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::workbench {
namespace {

using reader::Role;

// "\x1b[1;31m": of the few that the report uses.
reader::Style style_of(std::string_view codes) {
    if (codes == "1;31") return {Role::removed, true};
    if (codes == "1;32") return {Role::added, true};
    if (codes == "1;34") return {Role::mark, true};
    if (codes == "1") return {Role::text, true};
    if (codes == "2") return {Role::mark};
    return {};
}

}  // namespace

std::vector<reader::Line> styled_lines(std::string_view text) {
    std::vector<reader::Line> lines;
    reader::Line line;
    reader::Style style;
    const auto add = [&](std::string_view part) {
        if (!part.empty()) line.push_back({reader::printable(part), style});
    };
    while (!text.empty()) {
        const size_t at = std::min(text.find_first_of("\n\x1b"), text.size());
        add(text.substr(0, at));
        text.remove_prefix(at);
        if (text.empty()) break;
        if (text.front() == '\n') {
            lines.push_back(std::exchange(line, {}));
            text.remove_prefix(1);
            continue;
        }
        const size_t end = text.find('m');
        if (!text.starts_with("\x1b[") || end == std::string_view::npos) {
            text.remove_prefix(1);
            continue;
        }
        style = style_of(text.substr(2, end - 2));
        text.remove_prefix(end + 1);
    }
    if (!line.empty()) lines.push_back(std::move(line));
    return lines;
}

Graded verdict_page(const reader::Graded& graded, int columns) {
    grader::TextOptions options;
    options.width = static_cast<unsigned>(std::clamp(columns - 2, 40, 100));
    options.colour = true;
    options.sources = graded.observations.sources;
    if (graded.verdict.verdict == "pass")
        options.remark = "s shows the reference, d both languages side by side; l goes on in the other one.";
    else
        options.remark = "h gives a hint. n selects a finding, Enter opens it in your editor.";
    Graded out{graded.verdict.verdict, styled_lines(grader::to_text(graded.verdict, options)), {}};
    // The report shows the findings in order, each with a line "  --> FILE:LINE".
    size_t line = 0;
    for (const grader::Finding& finding : graded.verdict.findings) {
        if (finding.file.empty()) continue;
        while (line < out.lines.size() && !(out.lines[line].size() > 1 && out.lines[line][1].text == "--> ")) ++line;
        if (line == out.lines.size()) break;
        out.targets.push_back({line, finding.file, finding.line});
        ++line;
    }
    return out;
}

}  // namespace ferrule::workbench
