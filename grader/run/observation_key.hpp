// The name of everything that decides what observe() sees: the same key, the same observations.
#pragma once

#include "grader/run/runner.hpp"

namespace ferrule::grader {

// The hash of the sources observe() is built from (cmake/hash_sources.cmake): runner, exercise parser, symbols and the
// whole sandbox. Judge, detectors and reports are not in it.
extern const char* const kRunnerSources;
// Judge and detectors: part of the key where a scenario is repeated, for its runs end when the judge has found
// something (kernel_run.cpp).
extern const char* const kJudgeSources;

// `repeat`: which of several runs of the same is meant; 0 is the usual one. Errors: "image-missing", "qemu", and of
// the files of the exercise's test programs.
Result<std::string> observation_key(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                    unsigned repeat, Progress& progress);
// The same with `machines` in place of the images of this host: a key for each kernel of the exercise.
Result<std::string> observation_key_of(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                       unsigned repeat, const std::vector<std::string>& machines);

}  // namespace ferrule::grader
