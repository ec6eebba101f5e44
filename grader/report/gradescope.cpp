// Gradescope's results.json: a test for each scenario, worth one point; a submission that was not built has none.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "grader/report/report.hpp"

namespace ferrule::grader {

std::string to_gradescope(const Verdict& verdict) {
    using nlohmann::ordered_json;
    ordered_json tests = ordered_json::array();
    const auto add = [&](const std::string& name, bool passed, const std::string& scenario) {
        std::string output;
        for (const Finding& finding : verdict.findings)
            if (finding.scenario == scenario) output += finding_line(finding) + "\n";
        if (!passed && output.empty()) output = "Fails of what another scenario's finding says.\n";
        ordered_json test{
            {"name", name}, {"status", passed ? "passed" : "failed"}, {"score", passed ? 1 : 0}, {"max_score", 1}};
        if (!output.empty()) test["output"] = output;
        tests.push_back(std::move(test));
    };
    const bool build_findings = std::any_of(verdict.findings.begin(), verdict.findings.end(),
                                            [](const Finding& finding) { return finding.scenario.empty(); });
    if (build_findings || verdict.scenarios.empty()) add("build", !build_findings, "");
    for (const ScenarioResult& scenario : verdict.scenarios)
        add(scenario.name, scenario.result == "pass", scenario.name);
    const ordered_json out{
        {"output", verdict.verdict == "pass" ? std::string("Every scenario passed, and nothing was found.")
                                             : std::to_string(verdict.findings.size()) + " findings."},
        {"execution_time", verdict.timing.total_seconds},
        {"tests", std::move(tests)}};
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ferrule::grader
