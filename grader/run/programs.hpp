// Test programs beside an exercise (`program` steps): C, built static by the sealed toolchain, kept in the cache.
#pragma once

#include "grader/exercise/exercise.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::grader {

// file_name -> executable. Errors: those of build::build_program ("bad-program": the exercise is at fault, never the
// learner).
Result<std::map<std::string, std::string>> build_programs(const image::Image& image, const fs::path& folder,
                                                          const std::vector<Scenario>& scenarios);

}  // namespace ferrule::grader
