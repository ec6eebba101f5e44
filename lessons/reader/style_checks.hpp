// What maintainers would say at first sight: checkpatch.pl --strict and rustfmt, the kernel's own, on the solutions of
// an exercise. Learners take their style from these. A starter may be wrong on purpose, in this too.
#pragma once

#include <string>
#include <vector>

#include "grader/exercise/exercise.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::reader {

// One line for each remark, "c/solution/ring.c:12: WARNING: …". Errors: only when Ferrule could not do its work.
Result<std::vector<std::string>> style_problems(const grader::Exercise& exercise, const image::Image& image);

}  // namespace ferrule::reader
