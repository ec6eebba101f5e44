// Loading failed where it should not.
#include "grader/detectors/detector.hpp"
#include "grader/detectors/result.hpp"

namespace ferrule::grader {

std::vector<Finding> detect_load(const Evidence& evidence) {
    const Scenario* scenario = evidence.scenario();
    // What fails in a work item or a thread may well be what loading waits for.
    if (!scenario || !evidence.run.background.empty()) return {};
    bool still_loaded = false;  // an unload was refused: that is the finding (resources.cpp), and EEXIST comes of it
    for (const auto& seen : evidence.run.steps) {
        if (seen.lane >= 0 || seen.step < 0 || static_cast<size_t>(seen.step) >= scenario->steps.size()) continue;
        const Step& step = scenario->steps[seen.step];
        if (step.kind == StepKind::unload && seen.attempted && seen.lost.empty()) still_loaded = seen.error != 0;
        // A swept load that failed is detect_result's.
        if (step.kind != StepKind::load || !seen.attempted || !seen.lost.empty() || seen.error == 0 ||
            seen.fault_fired || seen.retry || !step.errors.empty() || among(seen.error, step.may) ||
            (still_loaded && seen.error == 17 /* EEXIST */))
            continue;
        std::string title = "the module did not load: init returned -" + errno_name(seen.error);
        if (seen.error == 2 /* ENOENT */) title += " (or it uses a symbol the kernel does not have)";
        return {finding_of(evidence, "load-failed", "load", title, std::nullopt)};
    }
    return {};
}

}  // namespace ferrule::grader
