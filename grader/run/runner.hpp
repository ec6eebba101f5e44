// Exercise + submission -> Observations: builds, starts a clone for every scenario and every step of a sweep
// (several at once), drives the steps, writes down what happened. Decides nothing.
#pragma once

#include <atomic>
#include <functional>
#include <optional>

#include "grader/run/observations.hpp"
#include "sandbox/base/progress.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::grader {

struct Submission {
    std::string exercise_id;  // or "vet"
    Language language = Language::c;
    build::SourceSet sources;
};

struct RunHooks {
    std::function<void(const std::string& what)> stage;  // "building", "scenario 2 of 5: load, unload"
    const std::atomic<bool>* cancel = nullptr;           // checked between calls; error "cancelled"
    std::optional<uint64_t> seed;                        // instead of the one that the sources give
    // Built, and about to use so many clones at once: may wait. With it no clone is started before.
    std::function<void(unsigned clones)> before_run;
};

// What can be said of a submission before anything is done with it: names and sources.
Observations observations_of(const Submission& submission);

// Errors are ours only: "image-missing", "qemu", "cancelled", "host-busy" (a missed deadline is not the submission's
// fault), …
Result<Observations> observe(const Exercise& exercise, const Submission& submission, uint64_t seed, Progress& progress,
                             const RunHooks& hooks = {});

}  // namespace ferrule::grader
