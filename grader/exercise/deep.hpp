// A deep run: kmemleak's opinion on top of the ledger's.
#pragma once

#include "grader/exercise/exercise.hpp"

namespace ferrule::grader {

// The kernel that a deep run boots in place of "mem": the same build with kmemleak on (kernel-image/variants).
inline constexpr const char* kDeepVariant = "deep";

Exercise deepened(Exercise exercise);
// How much longer it takes, at least; measured on two idle cores, under emulation.
double deep_seconds(const Exercise& exercise);

}  // namespace ferrule::grader
