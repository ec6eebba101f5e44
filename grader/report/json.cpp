#include <cmath>
#include <nlohmann/json.hpp>

#include "grader/report/report.hpp"

namespace ferrule::grader {
namespace {

using nlohmann::ordered_json;

// Milliseconds are as exact as the clock behind them.
double rounded(double seconds) { return std::isfinite(seconds) ? std::round(seconds * 1000) / 1000 : 0; }

ordered_json finding_json(const Finding& finding) {
    ordered_json out{{"class", finding.finding_class},
                     {"detector", finding.detector},
                     {"title", finding.title},
                     {"scenario", finding.scenario}};
    if (!finding.fault.empty()) out["fault"] = finding.fault;
    out["file"] = finding.file;
    out["line"] = finding.line;
    out["function"] = finding.function;
    if (!finding.related.empty()) {
        out["related"] = ordered_json::array();
        for (const auto& related : finding.related)
            out["related"].push_back({{"role", related.role},
                                      {"file", related.file},
                                      {"line", related.line},
                                      {"function", related.function}});
    }
    out["lesson"] = finding.lesson;
    return out;
}

ordered_json frame(const std::string& verdict, const std::string& exercise, const std::string& language) {
    return {{"format", 1},
            {"verdict", verdict},
            {"exercise", exercise},
            {"language", language},
            {"findings", ordered_json::array()},
            {"scenarios", ordered_json::array()}};
}

void finish(ordered_json& out, const Timing& timing, const Environment& environment) {
    out["timing"] = {{"build_seconds", rounded(timing.build_seconds)},
                     {"restore_seconds", rounded(timing.restore_seconds)},
                     {"run_seconds", rounded(timing.run_seconds)},
                     {"total_seconds", rounded(timing.total_seconds)}};
    out["environment"] = {{"kernel", environment.kernel},
                          {"image", environment.image},
                          {"accelerator", environment.accelerator},
                          {"ferrule", environment.ferrule}};
}

// Texts from a guest may hold anything; what is no UTF-8 is replaced, never thrown over.
std::string dump(const ordered_json& out) {
    return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_json(const Verdict& verdict) {
    ordered_json out = frame(verdict.verdict, verdict.exercise, verdict.language);
    for (const auto& finding : verdict.findings) out["findings"].push_back(finding_json(finding));
    for (const auto& scenario : verdict.scenarios)
        out["scenarios"].push_back(
            {{"name", scenario.name}, {"result", scenario.result}, {"seconds", rounded(scenario.seconds)}});
    finish(out, verdict.timing, verdict.environment);
    out["error"] = nullptr;
    return dump(out);
}

std::string error_to_json(const std::string& exercise, const std::string& language, const Error& error,
                          const Timing& timing, const Environment& environment) {
    ordered_json out = frame("error", exercise, language);
    finish(out, timing, environment);
    out["error"] = {{"code", error.code}, {"message", error.message}, {"hint", error.hint}};
    return dump(out);
}

}  // namespace ferrule::grader
