#include "grader/exercise/vet.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

constexpr int kLastErrno = 133;  // EHWPOISON, include/uapi/asm-generic/errno.h

}  // namespace

Exercise vet_exercise(const std::string& module, Language language, const std::string& parameters,
                      std::vector<Scenario> more, const fs::path& folder) {
    Step load{StepKind::load}, again{StepKind::load}, unload{StepKind::unload};
    for (const char c : parameters) load.target += c == '$' ? std::string("$$") : std::string(1, c);
    again.target = load.target;
    load.sweep = true;
    // Which errno is the driver's own affair here: kernel functions it calls turn ENOMEM into others.
    for (int error = 1; error <= kLastErrno; ++error) load.fault_errors.push_back(errno_name(error));

    Exercise exercise;
    exercise.id = exercise.title = exercise.module = module;
    exercise.languages = {language};
    exercise.kernels = {"mem"};
    exercise.trusted = true;
    exercise.folder = folder;
    Scenario twice;
    twice.name = "load, unload, and once more";
    twice.steps = {load, unload, again, unload};
    exercise.scenarios.push_back(std::move(twice));
    for (Scenario& scenario : more) exercise.scenarios.push_back(std::move(scenario));
    // Which kernels that takes is said by the scenarios.
    for (Scenario& scenario : exercise.scenarios) {
        if (scenario.kernels.empty()) scenario.kernels = {exercise.kernels.front()};
        for (const std::string& kernel : scenario.kernels)
            if (std::find(exercise.kernels.begin(), exercise.kernels.end(), kernel) == exercise.kernels.end())
                exercise.kernels.push_back(kernel);
    }
    return exercise;
}

}  // namespace ferrule::grader
