// What the module answered, against what the scenario expects of it. The expected values are worked out here, on the
// host, from the run's own challenge. In a swept run a failed allocation may be answered with a proper error, or not
// matter; all else is an error path that is wrong. Where work items, timers and threads were made to fail, answers may
// differ: who had asked for the work is gone, and what it lost is not there later. Only what reached a program that
// must not have it counts then.
#include <algorithm>

#include "grader/detectors/copies_out.hpp"
#include "grader/detectors/detector.hpp"
#include "grader/detectors/result.hpp"

namespace ferrule::grader {

std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : " or ") + name;
    return text;
}

bool among(int error, const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(), [&](const auto& name) { return errno_number(name) == error; });
}

namespace {

std::string hex(std::string_view bytes) {
    std::string text;
    for (size_t i = 0; i < bytes.size() && i < 8; ++i) {
        char two[4];
        std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(bytes[i]));
        text += two;
    }
    return bytes.size() > 8 ? text + "…" : text;
}

}  // namespace

std::optional<Wrong> compare_data(const Step& step, std::string_view data, size_t length, const Values& values) {
    auto expected = make_data(*step.out, values);
    if (!expected) return Wrong{"an earlier answer cannot be used: " + expected.error().message};
    const std::string& want = expected->bytes;
    bool whole = step.kind != StepKind::ioctl && step.kind != StepKind::mmap;
    if (whole ? length != want.size() : length < want.size() || data.size() < want.size())
        return Wrong{"returned " + std::to_string(length) + " bytes of data, expected " + std::to_string(want.size())};
    for (size_t i = 0; i < want.size(); ++i) {
        if (i < expected->mask.size() && !expected->mask[i]) continue;
        if (i < data.size() && data[i] == want[i]) continue;
        size_t to = i + 1;
        if (i < expected->mask.size() && expected->mask[i] == '\2') {
            while (to < want.size() && to < expected->mask.size() && expected->mask[to] == '\2') ++to;
            return Wrong{"gave the program memory of the kernel's: bytes " + std::to_string(i) + " to " +
                             std::to_string(to - 1) + " are padding, and hold " +
                             hex(data.substr(std::min(i, data.size()), to - i)),
                         "user-access"};
        }
        while (to < want.size() && to - i < 8 && (to >= expected->mask.size() || expected->mask[to])) ++to;
        return Wrong{"wrong data from byte " + std::to_string(i) + ": " +
                     hex(data.substr(std::min(i, data.size()), to - i)) + ", expected " +
                     hex(std::string_view(want).substr(i, to - i))};
    }
    return std::nullopt;
}

namespace {

// Without regard to faults: what is wrong about this answer?
std::optional<Wrong> judge_step(const Step& step, const StepObservation& seen, const Values& values) {
    if (!seen.race.empty()) return judge_raced(step, seen.race.front(), values);
    if (seen.overrun > 0)
        return Wrong{"wrote " + std::to_string(seen.overrun) + (seen.overrun == 1 ? " byte" : " bytes") +
                         " behind the end of the user's buffer",
                     "user-access"};
    if (!step.errors.empty()) {
        if (seen.error == 0) return Wrong{"succeeded, expected it to fail with " + listed(step.errors)};
        if (!among(seen.error, step.errors))
            return Wrong{"failed with " + errno_name(seen.error) + ", expected " + listed(step.errors)};
        return std::nullopt;
    }
    if (seen.error != 0) {
        if (among(seen.error, step.may)) return std::nullopt;
        if (step.kind == StepKind::load || (step.kind == StepKind::unload && (seen.error == 11 || seen.error == 16)))
            return std::nullopt;  // detect_load, detect_resources
        return Wrong{"failed with " + errno_name(seen.error) +
                     (step.may.empty() ? "" : ", expected success or " + listed(step.may))};
    }
    if (step.kind == StepKind::load || step.kind == StepKind::unload || step.kind == StepKind::close ||
        step.kind == StepKind::parallel)
        return std::nullopt;
    if (!step.returns.empty()) {
        auto want = evaluate(step.returns, values);
        if (!want) return Wrong{"an earlier answer cannot be used: " + want.error().message};
        if (seen.value != *want)
            return Wrong{"returned " + std::to_string(seen.value) + ", expected " + std::to_string(*want)};
    } else if (step.kind == StepKind::program && seen.value != 0) {
        return Wrong{"ended with status " + std::to_string(seen.value)};
    }
    if (step.out) return compare_data(step, seen.data, seen.data.size(), values);
    return std::nullopt;
}

}  // namespace

std::vector<Finding> detect_result(const Evidence& evidence) {
    const Scenario* scenario = evidence.scenario();
    if (!scenario) return {};
    const Run& run = evidence.run;
    bool fired = std::any_of(run.steps.begin(), run.steps.end(), [](const auto& s) { return s.fault_fired; });
    bool survived = false;  // the swept call reported success though its allocation failed
    const std::string function = fired ? failed_function(evidence) : std::string();
    const std::string what_failed = function.empty() ? "an allocation" : function;
    std::vector<Finding> findings;
    auto report = [&](const char* finding_class, const std::string& title, const StepObservation& seen,
                      const Step& step) {
        if (!run.background.empty() && std::string_view(finding_class) != "user-access") return;
        std::string text = call_words(step) + " " + title;
        if (!step.why.empty()) text += " (" + step.why + ")";
        // The line of a wrong answer cannot be known; of a failed allocation that was handled wrongly it can, and what
        // a program should not have got was copied to it.
        auto place = fired ? failed_call(evidence) : std::nullopt;
        if (std::string_view(finding_class) == "user-access") place = copy_out(evidence.all, step.kind);
        auto finding = finding_of(evidence, finding_class, "result", text, place);
        finding.order = 950'000 + std::max(0, seen.step);
        finding.why = step.why;
        findings.push_back(std::move(finding));
    };
    for (const auto& seen : run.steps) {
        const Step* step = step_of(*scenario, seen);
        if (!step || !seen.attempted || !seen.lost.empty()) continue;
        if (seen.fault_fired && !seen.retry) {
            if (seen.error == 0) {
                survived = true;
                // Success is fine if it is true: its data must be right all the same.
                if (auto wrong = judge_step(*step, seen, run.values))
                    report("error-path", "reported success, but " + wrong->what, seen, *step);
                continue;
            }
            static const std::vector<std::string> kDefault{"ENOMEM"};
            const auto& allowed = step->fault_errors.empty() ? kDefault : step->fault_errors;
            if (!among(seen.error, allowed) && !among(seen.error, step->errors))
                report("error-path",
                       "failed with " + errno_name(seen.error) + " when " + what_failed + " failed, expected " +
                           listed(allowed),
                       seen, *step);
            continue;
        }
        if (seen.retry) {
            if (seen.error != 0 && step->errors.empty())
                report(
                    "error-path",
                    "failed with " + errno_name(seen.error) + " when tried again after " + what_failed + " had failed",
                    seen, *step);
            else if (auto wrong = judge_step(*step, seen, run.values))
                report("error-path", wrong->what + " when tried again after " + what_failed + " had failed", seen,
                       *step);
            continue;
        }
        if (auto wrong = judge_step(*step, seen, run.values)) {
            if (fired && std::string_view(wrong->finding_class) == "wrong-result")
                report(
                    "error-path",
                    wrong->what + (survived ? ", after a call that reported success though " + what_failed + " failed"
                                            : ", after " + what_failed + " had failed"),
                    seen, *step);
            else
                report(wrong->finding_class, wrong->what, seen, *step);
        } else if (fired && step->kind == StepKind::load && seen.error != 0 && step->errors.empty()) {
            report("error-path", "failed with " + errno_name(seen.error) + " after " + what_failed + " had failed",
                   seen, *step);
        }
    }
    for (const auto& seen : run.steps)
        if (const Step* step = step_of(*scenario, seen); step && seen.lost == "unusable-value")
            report("wrong-result", "could not be made: an earlier answer is no usable value", seen, *step);
    // One wrong answer makes the next: the first is the one to read.
    if (findings.size() > 1) findings.resize(1);
    return findings;
}

}  // namespace ferrule::grader
