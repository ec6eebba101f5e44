#include "grader/exercise/deep.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

constexpr double kScanSeconds = 12;  // of a run: kmemleak's five seconds of age, and three scans

bool one_of(const std::vector<std::string>& kernels, const std::string& name) {
    return std::find(kernels.begin(), kernels.end(), name) != kernels.end();
}

void deepen(std::vector<std::string>& kernels) {
    std::replace(kernels.begin(), kernels.end(), std::string("mem"), std::string(kDeepVariant));
}

}  // namespace

Exercise deepened(Exercise exercise) {
    deepen(exercise.kernels);
    for (Scenario& scenario : exercise.scenarios) deepen(scenario.kernels);
    return exercise;
}

double deep_seconds(const Exercise& exercise) {
    double runs = 0;
    for (const Scenario& scenario : exercise.scenarios) {
        if (!one_of(scenario.kernels, "mem") && !one_of(scenario.kernels, kDeepVariant)) continue;
        runs += scenario.repeat;
        runs += static_cast<double>(
            std::count_if(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) { return step.sweep; }));
    }
    return runs * kScanSeconds;
}

}  // namespace ferrule::grader
