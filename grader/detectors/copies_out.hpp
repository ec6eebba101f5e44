// Which call gave a program the bytes that it should not have got.
#pragma once

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

// The one call that copies to user space and that this kind of step can have come to: the only one in the function that
// does such a step (`.read = ring_read`, Rust's read_iter), or else the only one in a function that does no other.
// Empty: there is none, or more than one.
std::optional<SourcePlace> copy_out(const Observations& all, StepKind kind);

}  // namespace ferrule::grader
