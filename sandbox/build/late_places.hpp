// Errors that a tool finds after inlining and names without the learner's line: the line is looked for in what the
// compiler made.
#pragma once

#include "sandbox/build/diagnostics.hpp"

namespace ferrule::build {

// clang's "call to '__bad_copy_to' declared with 'error' attribute" (copy_from_user, BUILD_BUG_ON, FORTIFY) is given in
// the kernel's header. `ir` is the same compile as LLVM IR: the call's !dbg and what it was inlined into lead to the
// learner.
void place_attribute_calls(const SourceSet& sources, std::string_view ir, std::vector<Diagnostic>& diagnostics);

// modpost's "symbol 'x' undefined!" for a symbol that stands nowhere in the source (Rust: build_error!, names from
// macros). `listing` is llvm-objdump -dlr: the learner's line last seen before the relocation, in the same function.
void place_undefined(const SourceSet& sources, std::string_view listing, std::vector<Diagnostic>& diagnostics);

}  // namespace ferrule::build
