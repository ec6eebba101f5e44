// Learner's sources -> .ko, or the compiler's own words at the learner's line.
// Jailed (image::jail_argv), only .c/.h/.rs, Ferrule's Kbuild; limits on time, memory, processes, output.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sandbox/image/image.hpp"

namespace ferrule::build {

enum class Language { c, rust };

struct SourceFile {
    std::string name;  // relative, no "..", [A-Za-z0-9_.-] and at most one folder level
    std::string text;
};

struct SourceSet {
    Language language = Language::c;
    std::string module;             // name of the .ko; [a-z][a-z0-9_]*
    std::vector<SourceFile> files;  // C: every .c is linked in; Rust: exactly one root, <module>.rs or the only .rs
};

// Reads PATH (a file or a folder) from the host: refuses symbolic links, other file types
// ("bad-submission": a verdict's business, not an error of ours: the caller decides), more than
// 64 files, 256 KiB a file, 1 MiB in all. With `wanted` (names as they stand in the set), a folder's other files
// are left where they are, whatever they are.
Result<SourceSet> read_sources(const fs::path& path, Language language, const std::string& module,
                               const std::function<bool(const std::string&)>& wanted = {});

struct Diagnostic {
    std::string severity;  // "error", "warning"
    std::string file;      // as the learner named it; empty: the link or the whole
    int line = 0, column = 0;
    std::string message;  // the tool's words
    std::string tool;     // "clang", "rustc", "modpost", "objtool", "ld", "ferrule"
};

struct BuiltModule {
    fs::path ko;                       // with DWARF, in the build cache; for the host
    fs::path stripped;                 // without; for the guest
    std::string key;                   // sources, image
    std::vector<std::string> imports;  // undefined symbols, sorted
};

struct BuildOutcome {
    bool ok = false;
    BuiltModule module;                   // when ok
    std::vector<Diagnostic> diagnostics;  // warnings too
    std::string log;                      // whole output, capped
    double seconds = 0;
};

// Errors only when we could not do our work: "jail", "image-missing", "disk-full", "build-broken".
// Time, memory or output over the limit is the learner's: ok = false with a diagnostic of tool "ferrule".
// Also "out-of-memory", "cancelled", and "bad-submission" for a set that read_sources would have refused.
Result<BuildOutcome> build_module(const image::Image& image, const SourceSet& sources);

// An exercise's test program: one .c -> a static x86-64 Linux program (with threads), built in the same jail and kept
// in the build cache. Its source may include headers of the toolchain's C library and nothing else. Errors:
// "bad-program" (the compiler's first words; an author's mistake), and those of build_module.
Result<fs::path> build_program(const image::Image& image, const SourceFile& source);

}  // namespace ferrule::build
