// A run with a hole in it is no pass: what must be there and is not, though the guest lives; a detector that did not
// report a known bug afterwards.
#include <algorithm>

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

std::vector<Finding> detect_tampering(const Evidence& evidence) {
    const Run& run = evidence.run;
    std::vector<Finding> findings;
    auto report = [&](const std::string& title) {
        auto finding = finding_of(evidence, "tampering", "host", title, std::nullopt);
        finding.order = 990'000;
        findings.push_back(std::move(finding));
    };
    if (run.console_truncated) report("the console was flooded: reports may have been lost");
    bool lost = false, protocol = false;
    for (const auto& step : run.steps) {
        if (step.lost == "protocol") protocol = true;
        if (!step.lost.empty() && step.lost != "unusable-value") lost = true;
    }
    if (protocol) report("the guest sent something that is no answer");
    if (lost || (run.end != "running" && !run.end.empty()))
        return findings;  // other detectors say why; judge() makes sure that one did

    if (run.steps.empty() && evidence.scenario() && !evidence.scenario()->steps.empty())
        report("the scenario was not run");
    if (!run.ledger_read)
        report("the guest lives, but its allocation ledger could not be read");
    else if (!run.ledger_complete)
        report("the allocation ledger is incomplete");
    if (run.ledger_stopped) report("the recording of allocations was switched off during the run");
    if (!run.resources_read) report("the guest lives, but what is registered could not be listed");
    // KASAN and a proprietary licence switch lockdep off by tainting the kernel; lockdep itself after its first report.
    bool explained = std::any_of(evidence.splats.begin(), evidence.splats.end(),
                                 [](const Splat& s) { return s.kind != "fault-injection"; });
    const bool loaded = std::any_of(run.steps.begin(), run.steps.end(), [&](const StepObservation& step) {
        const Scenario* scenario = evidence.scenario();
        const Step* declared = scenario ? step_of(*scenario, step) : nullptr;
        return declared && declared->kind == StepKind::load && step.attempted && step.error == 0;
    });
    // The ledger notes the functions of each module that is loaded: one that knows none is not the kernel's.
    if (run.ledger_read && loaded && !explained && run.module_symbols.empty() &&
        !debug_of(evidence.all, run).symbols.empty())
        report("the allocation ledger does not know the module: it is not the kernel's own");
    if (!explained && run.console.find(" printk messages dropped **") != std::string::npos)
        report("the kernel had to drop messages: reports may have been lost");
    if (run.debug_locks == "0" && !explained) {
        bool tainted = run.console.find("Disabling lock debugging due to kernel taint") != std::string::npos;
        report(tainted ? "loading the module switched lock checking off (is its licence GPL?)"
                       : "lock checking was switched off without a report");
    }
    if (run.console_silent) report("the guest lives, but its kernel's console went silent: reports may have been lost");
    if (run.debug_locks.empty()) report("the guest lives, but the state of lock checking could not be read");
    return findings;
}

std::vector<Finding> detect_canaries(const Exercise& exercise, const Observations& observations) {
    std::vector<Finding> findings;
    for (const Canaries& clone : observations.canaries) {
        std::string quiet;
        for (const auto& [detector, heard] : clone.heard)
            if (heard != "reported") quiet += (quiet.empty() ? "" : ", ") + detector;
        if (quiet.empty()) continue;
        auto finding = build_finding(exercise, "tampering", "canary",
                                     "the detectors did not report a known bad access after the run: " + quiet);
        finding.scenario = sanitise(clone.scenario_name, 200);
        finding.raw = sanitise(clone.console, 16384);
        finding.order = 995'000;
        findings.push_back(std::move(finding));
    }
    return findings;
}

std::vector<Finding> detect_unasked(const Exercise& exercise, const Observations& observations) {
    for (const Canaries& clone : observations.canaries) {
        if (!clone.heard.empty()) continue;
        auto finding = build_finding(exercise, "tampering", "canary",
                                     "what the guest reported fits nothing, and keeps its detectors from being tested");
        finding.scenario = sanitise(clone.scenario_name, 200);
        return {std::move(finding)};
    }
    return {};
}

}  // namespace ferrule::grader
