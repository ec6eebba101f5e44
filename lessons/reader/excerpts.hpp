// Is a lesson's block of code what stands in a source that is compiled? Then it compiles, and says what that source
// says.
//
// White space, comments and a comma before a closing bracket do not count: a lesson breaks its lines elsewhere and says
// in comments what the source need not. Where a block leaves something out, it says "…" or has an empty line; its
// pieces then stand in the source in their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grader/exercise/exercise.hpp"

namespace ferrule::reader {

// The code without all that does not count. A macro's "\" at a line's end does not, either.
std::string squeezed(std::string_view code, grader::Language language);

// `source` is squeezed. A block of comments alone is an excerpt of everything.
bool is_excerpt(std::string_view block, std::string_view source, grader::Language language);

}  // namespace ferrule::reader
