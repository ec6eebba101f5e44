// What can be said of a module without running it, by three tools beside the compile and in the same jail:
//
// - sparse, called as the kernel's `make C=1` does: address spaces (__user) and byte order.
// - clang's own lock analysis, in the compile itself. sparse no longer follows locks: since the kernel's lock
//   annotations became clang's (include/linux/compiler-context-analysis.h), they mean nothing to it.
//   The kernel wants clang 23 for that; what clang 19 lacks is aliases, by which it would see through guard().
// - clippy, with the lints on `unsafe` that the kernel turns on, and rustc's own lint that says where `unsafe` is.
//
// Here are facts: what each tool said about the learner's lines. Which of it is a finding is the grader's
// (grader/detectors/): these tools guess, and a guess must not accuse anybody.
#pragma once

#include "sandbox/build/diagnostics.hpp"

namespace ferrule::build {

// The `tool` of these diagnostics. They are warnings and notes: none stops a build.
inline constexpr char kSparse[] = "sparse";       // "incorrect type in … (…); expected …; got …", and others
inline constexpr char kLocks[] = "clang-locks";   // "mutex 'm' is not held on every path through here"…
inline constexpr char kClippy[] = "clippy";       // "unsafe block missing a safety comment [clippy::…]"
inline constexpr char kUnsafe[] = "unsafe-code";  // "usage of an `unsafe` block", each use, whatever the source allows

// Words to put between clang and its flags, and what the header that they name holds: guards taken out of the analysis.
const Words& lock_analysis_flags();
const std::string& guard_header();
inline constexpr char kGuardHeader[] = "/out/static/linux/cleanup.h";

const std::string& sparse_header();
inline constexpr char kSparseHeader[] = "/out/static/sparse.h";

// sparse's command for the recorded C compile, without the module's names and the source.
Words sparse_command(const Recipe& recipe);
// clippy's for the recorded Rust compile, likewise; makes metadata only.
Command clippy_command(const Recipe& recipe);

// A clang log in two: what the lock analysis said, and the rest, which is the compile's.
struct SplitLog {
    std::string locks, rest;
};
SplitLog split_lock_analysis(std::string_view text);

std::vector<Diagnostic> read_lock_analysis(const SourceSet& sources, std::string_view text);
std::vector<Diagnostic> read_sparse(const SourceSet& sources, std::string_view text);
std::vector<Diagnostic> read_clippy(const SourceSet& sources, std::string_view text);  // in rustc_output.cpp

// A diagnostic's last line or the place it goes with, written into the message for want of a field: "(to line 12)",
// "(acquired at ring.c:12)". Empty file and line 0: none.
Place noted_place(const Diagnostic& diagnostic);

}  // namespace ferrule::build
