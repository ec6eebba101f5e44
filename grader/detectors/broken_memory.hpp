// Which line broke memory, where no line of the stack can say it.
#pragma once

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

// What the `module!` macro writes carries the macro's line: true, but never what one looks for. (blame.cpp)
bool made_by_macro(const SourcePlace& place);

// As blame(). But what Rust drops at the end of a scope, or with the module, is a call that nobody wrote: such a stack
// knows no line but the `module!` macro's. Then it is the only `unsafe` block, if there is just one: safe code does not
// break memory.
std::optional<SourcePlace> blame_memory(const Evidence& evidence, const Splat& splat);

}  // namespace ferrule::grader
