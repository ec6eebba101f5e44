// Where `unsafe` is in a Rust submission, how much of it that is, and whether somebody said why it is sound.
#pragma once

#include "grader/run/observations.hpp"

namespace ferrule::grader {

struct UnsafeUse {
    enum Kind { block, impl, function, other } kind;
    std::string file;
    int line = 0, last_line = 0;
};
// In the order of files and lines; by the compiler's word.
std::vector<UnsafeUse> unsafe_uses(const Observations& observations);

// "unsafe: 3 blocks, 1 impl, 0 functions; 9 of 84 lines of code (10 %); budget 4". Empty when it was not built or is no
// Rust.
std::string audit_line(const Exercise& exercise, const Observations& observations);

}  // namespace ferrule::grader
