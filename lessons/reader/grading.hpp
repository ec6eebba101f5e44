// From a path on disk to a verdict: reads the sources, observes, judges.
#pragma once

#include "grader/run/observation_cache.hpp"
#include "grader/verdict.hpp"

namespace ferrule::reader {

struct Graded {
    grader::Observations observations;
    grader::Verdict verdict;  // timing.total_seconds is of this grading, the other times of the run that was recorded
    bool from_cache = false;  // nothing was built or run: the same had been
};

// A submission that cannot be read as one (a link, a wrong type, too big) is a verdict `build-error`; a path that
// does not exist or may not be read is an error ("no-submission").
// Builds the image first when it is missing and `build_image` is set.
Result<Graded> grade(const grader::Exercise& exercise, grader::Language language, const fs::path& path,
                     bool build_image, Progress& progress, const grader::RunHooks& hooks = {},
                     const grader::Caching& caching = {});
// The same for sources that were read already.
Result<Graded> grade_sources(const grader::Exercise& exercise, grader::Language language, build::SourceSet sources,
                             Progress& progress, const grader::RunHooks& hooks = {},
                             const grader::Caching& caching = {});

// Decides what is random in a run: the same exercise and sources give the same challenges.
Result<uint64_t> seed_of(const grader::Exercise& exercise, const build::SourceSet& sources);
// What is judged when the sources never reached the compiler.
grader::Observations refused_submission(const grader::Exercise& exercise, grader::Language language, const Error& why);

}  // namespace ferrule::reader
