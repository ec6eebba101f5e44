// A module that fetches something from user memory twice, checks one and uses the other, breaks its own memory when the
// user changes it in between. What KASAN or the copying code then sees is an access outside an object; the cause is the
// second fetch. It shows only where a race's list pokes (grader/exercise/README.md): the same calls with the value that
// is poked, and with the one that is not, were right in other scenarios, or the judge drops what is said here.
#include <algorithm>

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

void name_double_fetches(const Evidence& evidence, std::vector<Finding>& findings) {
    const Scenario* scenario = evidence.scenario();
    if (!scenario) return;
    const bool poked = std::any_of(evidence.run.steps.begin(), evidence.run.steps.end(), [&](const auto& seen) {
        const Step* step = step_of(*scenario, seen);
        return step && step->kind == StepKind::poke && seen.attempted;
    });
    if (!poked) return;
    for (Finding& finding : findings) {
        if (finding.finding_class != "out-of-bounds") continue;
        finding.finding_class = "user-access";
        finding.title = "fetched twice from user memory, which changed in between: " + finding.title;
    }
}

}  // namespace ferrule::grader
