#include "grader/run/observation_key.hpp"

#include <algorithm>
#include <functional>

#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

// Read again: they may have changed since the exercise was loaded, and they are what is built now (programs.cpp).
Result<void> add_programs(Hash& hash, const Exercise& exercise) {
    const std::function<Result<void>(const std::vector<Step>&)> add =
        [&](const std::vector<Step>& steps) -> Result<void> {
        for (const Step& step : steps) {
            if (step.kind == StepKind::program) {
                const fs::path beside = exercise.folder.empty() ? step.at.file.parent_path() : exercise.folder;
                FERRULE_TRY(const std::string source, read_file(beside / step.file_name, 256u << 10));
                hash.add(step.file_name).add(source);
            }
            for (const auto& lane : step.lanes) FERRULE_TRY_VOID(add(lane));
        }
        return {};
    };
    for (const Scenario& scenario : exercise.scenarios) FERRULE_TRY_VOID(add(scenario.steps));
    return {};
}

}  // namespace

Result<std::string> observation_key_of(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                       unsigned repeat, const std::vector<std::string>& machines) {
    Hash hash;
    hash.add("observations 1").add(kRunnerSources);
    if (std::any_of(exercise.scenarios.begin(), exercise.scenarios.end(),
                    [](const Scenario& scenario) { return scenario.repeat > 1; }))
        hash.add(kJudgeSources);
    hash.add(submission.exercise_id).add(exercise.source_hash).add(exercise.module);
    FERRULE_TRY_VOID(add_programs(hash, exercise));
    hash.add(std::to_string(machines.size()));
    for (const std::string& machine : machines) hash.add(machine);
    hash.add(name(submission.language)).add(submission.sources.module);
    hash.add(std::to_string(submission.sources.files.size()));
    for (const build::SourceFile& file : submission.sources.files) hash.add(file.name).add(file.text);
    hash.add(std::to_string(seed)).add(std::to_string(repeat));
    return hash.hex();
}

Result<std::string> observation_key(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                    unsigned repeat, Progress& progress) {
    std::vector<std::string> machines;
    FERRULE_CHECK(!exercise.kernels.empty());
    for (const std::string& variant : exercise.kernels) {
        FERRULE_TRY(const image::Image image, image::find(variant));
        FERRULE_TRY(std::string machine, vm::machine_key(image, vm::best_accelerator(image, progress)));
        machines.push_back(std::move(machine));
    }
    return observation_key_of(exercise, submission, seed, repeat, machines);
}

}  // namespace ferrule::grader
