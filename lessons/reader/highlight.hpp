// Code in a lesson, or in an excerpt, as styled lines. Enough for reading, not a parser: comments, strings, numbers and
// keywords of C and Rust; what a diff adds and takes away; in a log of the kernel the line that says what is wrong, and
// the frames that lie in a module.
#pragma once

#include "lessons/reader/markdown.hpp"

namespace ferrule::reader {

// `language`: a fence's first word ("c", "rust", "diff", "sh", "console", …); of others all is Role::code. One Line for
// each line of the text, without control characters.
std::vector<Line> highlight(std::string_view text, std::string_view language);

}  // namespace ferrule::reader
