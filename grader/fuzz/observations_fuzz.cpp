// Recorded observations: what can be read can be judged, and comes back the same.
#include "grader/verdict.hpp"
#include "sandbox/base/check.hpp"

using namespace ferrule::grader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto observations = observations_from_json({reinterpret_cast<const char*>(data), size});
    if (!observations) return 0;
    static const Exercise exercise = [] {
        Exercise made;
        made.scenarios.resize(2);
        for (const StepKind kind : {StepKind::load, StepKind::open, StepKind::ioctl, StepKind::unload}) {
            Step step{};
            step.kind = kind;
            step.sweep = kind == StepKind::load;
            made.scenarios[0].steps.push_back(step);
        }
        made.unsafe_budget = 1;
        made.forbidden_imports = {{"panic", "no"}};
        return made;
    }();
    const Verdict verdict = judge(exercise, *observations);
    FERRULE_CHECK(verdict.verdict == "pass" || !verdict.findings.empty());
    const std::string text = to_json(*observations);
    const auto again = observations_from_json(text);
    FERRULE_CHECK(again && to_json(*again) == text);
    return 0;
}
