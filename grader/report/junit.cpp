// The dialect that build servers read: one test case for each scenario, and one for the build.
#include <fmt/format.h>

#include "grader/console/console.hpp"
#include "grader/report/report.hpp"

namespace ferrule::grader {
namespace {

// XML 1.0 text; what it cannot hold at all (control bytes) sanitise() has taken out.
std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : sanitise(text, 4000)) switch (c) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\n': out += "&#10;"; break;
            default: out += c;
        }
    return out;
}

void test_case(std::string& out, const Verdict& verdict, const std::string& name, double seconds, bool failed,
               const std::vector<const Finding*>& findings) {
    out += fmt::format("    <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\"", escaped(verdict.exercise),
                       escaped(verdict.language), escaped(name), seconds);
    if (!failed) {
        out += "/>\n";
        return;
    }
    out += ">\n";
    std::string text;
    for (const Finding* finding : findings) text += (text.empty() ? "" : "\n") + finding_line(*finding);
    const bool here = !findings.empty();
    out += fmt::format("      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                       here ? escaped(findings.front()->finding_class) : "failed",
                       here ? escaped(findings.front()->title) : "fails of what another scenario's finding says",
                       escaped(text));
}

}  // namespace

std::string to_junit(const Verdict& verdict) {
    std::vector<const Finding*> of_build;
    for (const Finding& finding : verdict.findings)
        if (finding.scenario.empty()) of_build.push_back(&finding);
    size_t failures = of_build.empty() ? 0 : 1;
    std::string cases;
    test_case(cases, verdict, "build", verdict.timing.build_seconds, !of_build.empty(), of_build);
    for (const ScenarioResult& scenario : verdict.scenarios) {
        std::vector<const Finding*> findings;
        for (const Finding& finding : verdict.findings)
            if (finding.scenario == scenario.name) findings.push_back(&finding);
        const bool failed = scenario.result != "pass";
        failures += failed ? 1 : 0;
        test_case(cases, verdict, scenario.name, scenario.seconds, failed, findings);
    }
    const std::string properties =
        verdict.seed == 0
            ? ""
            : fmt::format("    <properties>\n      <property name=\"seed\" value=\"{}\"/>\n    </properties>\n",
                          verdict.seed);
    return fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n"
        "  <testsuite name=\"{} ({})\" tests=\"{}\" failures=\"{}\" errors=\"0\" time=\"{:.3f}\">\n{}{}"
        "  </testsuite>\n</testsuites>\n",
        escaped(verdict.exercise), escaped(verdict.language), verdict.scenarios.size() + 1, failures,
        verdict.timing.total_seconds, properties, cases);
}

}  // namespace ferrule::grader
