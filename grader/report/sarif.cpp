// SARIF 2.1.0 (OASIS), which code hosts show beside the source line.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "grader/classes.hpp"
#include "grader/report/report.hpp"

namespace ferrule::grader {
namespace {

using nlohmann::ordered_json;

// A relative URI reference (RFC 3986): a name may hold anything.
std::string uri(const std::string& file) {
    constexpr std::string_view kPlain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    std::string out;
    for (const char c : file)
        out += kPlain.find(c) != std::string_view::npos ? std::string(1, c)
                                                        : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    return out;
}

ordered_json location(const std::string& file, int line) {
    ordered_json place{{"artifactLocation", {{"uri", uri(file)}}}};
    if (line > 0) place["region"] = {{"startLine", line}};
    return {{"physicalLocation", std::move(place)}};
}

}  // namespace

std::string to_sarif(const Verdict& verdict) {
    ordered_json rules = ordered_json::array(), results = ordered_json::array();
    std::set<std::string> known;
    for (const Finding& finding : verdict.findings) {
        if (known.insert(finding.finding_class).second) {
            const ordered_json words{{"text", class_words(finding.finding_class)}};
            rules.push_back({{"id", finding.finding_class},
                             {"shortDescription", words},
                             {"fullDescription", words},
                             {"help", words},
                             {"defaultConfiguration", {{"level", "error"}}}});
        }
        ordered_json result{
            {"ruleId", finding.finding_class}, {"level", "error"}, {"message", {{"text", finding_words(finding)}}}};
        // Code hosts refuse a file with a result that has no place: without a line it is the submission as a whole.
        ordered_json place = location(finding.file.empty() ? verdict.exercise : finding.file, finding.line);
        if (!finding.function.empty())
            place["logicalLocations"] = ordered_json::array({{{"name", finding.function}, {"kind", "function"}}});
        result["locations"] = ordered_json::array({std::move(place)});
        for (const Related& related : finding.related) {
            ordered_json beside = location(related.file, related.line);
            beside["message"] = {{"text", related.role}};
            result["relatedLocations"].push_back(std::move(beside));
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
