// SARIF 2.1.0 (OASIS), which code hosts show beside the source line.
#include <nlohmann/json.hpp>
#include <set>

#include "grader/report/report.hpp"

namespace ferrule::grader {
namespace {

using nlohmann::ordered_json;

ordered_json location(const std::string& file, int line) {
    ordered_json place{{"artifactLocation", {{"uri", file}}}};
    if (line > 0) place["region"] = {{"startLine", line}};
    return {{"physicalLocation", std::move(place)}};
}

}  // namespace

std::string to_sarif(const Verdict& verdict) {
    ordered_json rules = ordered_json::array(), results = ordered_json::array();
    std::set<std::string> known;
    for (const Finding& finding : verdict.findings) {
        if (known.insert(finding.finding_class).second) rules.push_back({{"id", finding.finding_class}});
        ordered_json result{
            {"ruleId", finding.finding_class}, {"level", "error"}, {"message", {{"text", finding_words(finding)}}}};
        if (!finding.file.empty()) {
            ordered_json place = location(finding.file, finding.line);
            if (!finding.function.empty())
                place["logicalLocations"] = ordered_json::array({{{"name", finding.function}, {"kind", "function"}}});
            result["locations"] = ordered_json::array({std::move(place)});
        }
        for (const Related& related : finding.related) {
            ordered_json place = location(related.file, related.line);
            place["message"] = {{"text", related.role}};
            result["relatedLocations"].push_back(std::move(place));
        }
        results.push_back(std::move(result));
    }
    const ordered_json driver{
        {"name", "ferrule"}, {"version", verdict.environment.ferrule}, {"rules", std::move(rules)}};
    ordered_json run{{"tool", {{"driver", driver}}}, {"results", std::move(results)}};
    if (verdict.seed != 0) run["properties"] = {{"seed", std::to_string(verdict.seed)}};
    const ordered_json out{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                           {"version", "2.1.0"},
                           {"runs", ordered_json::array({std::move(run)})}};
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ferrule::grader
