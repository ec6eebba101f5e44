// The commands that Kbuild ran for the probe modules (kernel-image/recipe/record.sh), made into the commands for
// any module: one shell script that runs in one jail, in about the time that the tools themselves take.
//
// Inside the jail: /work the learner's sources (read-only, the working folder, so that DWARF says /work/NAME),
// /out what is made, /job the script (read-only), /build the kernel's O= tree, /recipe the recorded commands.
#pragma once

#include <string>
#include <vector>

#include "sandbox/build/module_builder.hpp"

namespace ferrule::build {

using Words = std::vector<std::string>;

struct Command {
    Words environment;  // K=V before the program
    Words argv;
};

struct Recipe {
    Command c, rust, modc;                        // compile; without source, output and the module's names
    Words c_objtool, rust_objtool, modc_objtool;  // without the object
    Command parts, modpost, ko;                   // parts and ko with the placeholders of fill()
};

// Error "build-broken": a file is missing or a command has not the shape that is known.
Result<Recipe> read_recipe(const fs::path& folder);

struct Limits {
    unsigned cpu_seconds = 60;           // each process; the kernel's own big tests take half of it on a slow machine
    unsigned wall_seconds = 90;          // the whole build; build_module() gives more to many files and on a busy host
    uint64_t memory = 3ull << 30;        // address space of each process; a normal rustc maps 0.6 GiB
    uint64_t file_bytes = 32ull << 20;   // each file written
    uint64_t output_bytes = 1ull << 20;  // what the tools say, in all
    unsigned processes = 64;             // with threads
};

// The stages of a build, each with a log of its own in /out/log: what one tool says cannot be taken for another's.
struct Stage {
    std::string name;  // "c0", "objtool0", "link", "modpost", "modc", "ko", "strip"
    std::string tool;  // as in Diagnostic
    int source = -1;   // index into SourceSet::files
};
std::vector<Stage> stages(const SourceSet& sources);

// Its standard output: "ready", then "stage NAME STATUS" for each stage that ran (STATUS as $? in sh).
std::string build_script(const Recipe& recipe, const SourceSet& sources, const Limits& limits);

// What Ferrule adds to the kernel's flags. Line tables, and no two calls made one: a call that stands for two in the
// source (an unlock, FORTIFY's panic) has no line, and a finding there would have none. Rust: no tail calls, either,
// which would take the caller out of every back trace (the kernel's own flags for C have the same:
// CONFIG_FRAME_POINTER, -fno-optimize-sibling-calls).
const Words& extra_c_flags();
const Words& extra_rust_flags();

std::string shell_word(const std::string& word);      // for sh
Result<Words> split_words(std::string_view command);  // plain words and quotes only; ";" is a word of its own

}  // namespace ferrule::build
