// A race is right when each of its answers could have come without it: a value that is wrong once in a thousand
// calls is wrong.
#include <algorithm>

#include "grader/detectors/result.hpp"

namespace ferrule::grader {
namespace {

std::string in_calls(int64_t count, int64_t of) {
    return " in " + std::to_string(count) + " of " + std::to_string(of) + (of == 1 ? " call" : " calls") + " of a race";
}

std::optional<Wrong> wrong_error(const Step& step, const RaceTally& tally) {
    const auto& allowed = step.errors.empty() ? step.may : step.errors;
    const std::string expected = step.errors.empty() ? (allowed.empty() ? "" : "success or ") : "";
    const std::string words = allowed.empty() ? "" : ", expected " + expected + listed(allowed);
    for (const auto& entry : tally.errors)
        if (!among(entry.error, allowed))
            return Wrong{"failed with " + errno_name(entry.error) + in_calls(entry.count, tally.made) + words};
    if (tally.other_errors > 0)
        return Wrong{"failed with many different errors" + in_calls(tally.other_errors, tally.made) + words};
    if (!step.errors.empty() && tally.good > 0)
        return Wrong{"succeeded" + in_calls(tally.good, tally.made) + ", expected it to fail with " + listed(allowed)};
    return std::nullopt;
}

std::optional<Wrong> wrong_value(const Step& step, const RaceTally& tally, const Values& values) {
    const auto want = evaluate(step.returns, values);
    if (!want) return Wrong{"an earlier answer cannot be used: " + want.error().message};
    for (const auto& entry : tally.values)
        if (entry.value != *want)
            return Wrong{"returned " + std::to_string(entry.value) + in_calls(entry.count, tally.made) + ", expected " +
                         std::to_string(*want)};
    if (tally.other_values > 0)
        return Wrong{"returned many different values" + in_calls(tally.other_values, tally.made) + ", expected " +
                     std::to_string(*want)};
    return std::nullopt;
}

std::optional<Wrong> wrong_data(const Step& step, const RaceTally& tally, const Values& values) {
    for (const auto& entry : tally.outs) {
        auto wrong = compare_data(step, entry.data, static_cast<size_t>(entry.length), values);
        if (!wrong) continue;
        wrong->what += in_calls(entry.count, tally.made);
        return wrong;
    }
    if (tally.other_outs > 0) return Wrong{"returned changing data" + in_calls(tally.other_outs, tally.made)};
    return std::nullopt;
}

}  // namespace

std::optional<Wrong> judge_raced(const Step& step, const RaceTally& tally, const Values& values) {
    if (tally.overruns > 0)
        return Wrong{"wrote " + std::to_string(tally.overrun) + (tally.overrun == 1 ? " byte" : " bytes") +
                         " behind the end of the user's buffer" + in_calls(tally.overruns, tally.made),
                     "user-access"};
    auto wrong = wrong_error(step, tally);
    if (!wrong && !step.returns.empty()) wrong = wrong_value(step, tally, values);
    if (!wrong && step.out) wrong = wrong_data(step, tally, values);
    return wrong;
}

}  // namespace ferrule::grader
