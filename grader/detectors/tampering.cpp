// A run with a hole in it is no pass: what must be there and is not, though the guest lives.
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
    if (!run.resources_read) report("the guest lives, but what is registered could not be listed");
    // KASAN and a proprietary licence switch lockdep off by tainting the kernel; lockdep itself after its first report.
    bool explained = std::any_of(evidence.splats.begin(), evidence.splats.end(),
                                 [](const Splat& s) { return s.kind != "fault-injection"; });
    if (run.debug_locks == "0" && !explained) {
        bool tainted = run.console.find("Disabling lock debugging due to kernel taint") != std::string::npos;
        report(tainted ? "loading the module switched lock checking off (is its licence GPL?)"
                       : "lock checking was switched off without a report");
    }
    if (run.console_silent) report("the guest lives, but its kernel's console went silent: reports may have been lost");
    if (run.debug_locks.empty()) report("the guest lives, but the state of lock checking could not be read");
    return findings;
}

}  // namespace ferrule::grader
