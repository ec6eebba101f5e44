// An exercise as written on disk (exercise.toml), checked. grader/exercise/README.md explains each key to an author.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/result.hpp"
#include "sandbox/build/module_builder.hpp"

namespace ferrule::grader {

// The kernel (kernel-image/variants) that has KCSAN in place of KASAN.
inline constexpr const char* kRaceVariant = "race";

using build::Language;

struct Location {
    fs::path file;
    int line = 0;
};

// "random 1..100", "random u32", "bytes 16", or a constant integer expression or text.
struct ValueRule {
    std::string name, text;
    Location at;
};

// One piece of a data buffer: "u32 $n * 2", "text abc", "hex 00ff", "zeros 16", "fill 0x41 64", "bytes $msg", "any 4".
struct DataPiece {
    enum Kind { u8, u16, u32, u64, text, hex, zeros, fill, bytes, any, padding } kind;
    std::string expression, expression2;
    Location at;
};
using DataRule = std::vector<DataPiece>;

enum class StepKind {
    load,
    unload,
    open,
    close,
    read,
    write,
    ioctl,
    lseek,
    poll,
    mmap,
    read_file,
    write_file,
    program,
    parallel,
    race,
    delay,
    poke
};

struct Step {
    StepKind kind;
    Location at{};
    std::string
        target;  // load: parameters; open: path; close/read/…: the name given by `as`; *_file: path; program: file
    std::string as;                         // open: name of the file from now on
    std::string flags;                      // open: "read", "write", "read+write", plus ",nonblock,append"
    std::string cmd;                        // ioctl: a number or _IO/_IOR/_IOW/_IOWR('t', nr, size)
    std::string size, offset, count;        // integer expressions; delay: from `size` to `count`, or just `size`
    std::string argument;                   // ioctl by value; poll: events; lseek: whence
    DataRule in;                            // what is written / handed in
    std::optional<DataRule> out;            // what must come back (prefix: exactly as long as returned says)
    std::string returns;                    // expected value; empty: any success
    std::vector<std::string> errors;        // expected errno names; empty: success expected
    std::vector<std::string> may;           // beside success these are right, too
    std::vector<std::string> fault_errors;  // what a swept step may fail with (default ENOMEM)
    std::string capture;                    // the returned value gets this name
    std::string file_name;                  // program: host file beside the exercise ("tests/race.c")
    std::vector<std::string> arguments;     // program
    unsigned times = 1;                     // the call is made so often in a row
    bool sweep = false;                     // every allocation of this call is made to fail in turn
    std::vector<std::vector<Step>> lanes;   // parallel, race: one list a worker, run at once
    unsigned rounds = 0;                    // race: each list exactly so often; 0: as often as fits into…
    double seconds = 1;                     // …this time
    std::string shared;                     // race: the buffer that others can poke; poke: which one
    std::string why;                        // one clause for the report when the step's result is wrong
};

struct Scenario {
    std::string name;
    std::vector<ValueRule> values;
    std::vector<Step> steps;
    std::vector<std::string> kernels;  // on which it is run; sweeps are made on the first of them
    unsigned repeat = 1;               // clones that run it
    double deadline_seconds = 10;      // for each step
    Location at;
};

struct Hint {
    std::string finding_class;
    std::vector<std::string> steps;
};

struct ImportRule {
    std::string symbol, why;
};  // a trailing * matches a prefix

// Safe Rust that misuses the learner's wrapper (clients.hpp).
struct Client {
    std::string name, text;
    bool runs = false;                // it must compile, and run clean; else it must not compile…
    std::vector<std::string> errors;  // …but get one of these from the compiler, "E0499"
    std::string note;                 // what is wrong when it does not
    std::string blames;               // words in the learner's code, whose line is named then
};

struct MarkedLine {
    std::string file;
    int line = 0;
};
struct Mutant {
    std::string name;
    Language language;
    fs::path folder;
    std::string finding_class;
    std::string file;
    int line = 0;  // the first of `lines`; 0 with `anywhere`
    std::string note;
    std::vector<MarkedLine> lines;  // any of them is right
    build::SourceSet sources;       // as they are built: without the markers
};
// <name>/mutant.toml: class = "memory-leak"  note = "…"; the line is the one that ends with the comment marker
// `// FERRULE: here` in one of its sources (several allowed); the marker is cut before building.

struct Exercise {
    std::string id, title, lesson;  // lesson: "ownership/leaks", from the folders
    std::vector<Language> languages;
    int minutes = 0;
    std::string module;
    std::vector<std::string> kernels;  // default {"mem"}; each is used by a scenario
    std::vector<ImportRule> forbidden_imports;
    std::optional<int> unsafe_budget;  // Rust: how many unsafe blocks are allowed
    std::vector<Hint> hints;
    std::vector<Scenario> scenarios;
    std::vector<Client> clients;
    fs::path folder;
    std::string source_hash;  // of exercise.toml, test programs and clients: decides verdicts

    bool corpus = false;   // of grader/corpus: no lesson, no starter, no hints
    bool trusted = false;  // the author's own driver, which has no reason to blind the detectors (vet)

    fs::path starter(Language) const;
    fs::path solution(Language) const;
    std::vector<fs::path> variants(Language) const;  // further right answers, by name: <language>/variants/<name>/
};

// Errors: "exercise-syntax" with "FILE:LINE: what was found; expected …".
Result<Exercise> load_exercise(const fs::path& folder);
// A driver of grader/corpus: the same, but nobody starts it or learns from it.
Result<Exercise> load_corpus_exercise(const fs::path& folder);
// The same from text; `file` names it in errors. Looks at no other file.
Result<Exercise> parse_exercise(std::string_view text, const fs::path& file);
// A file with nothing but [[scenario]] tables, for `ferrule vet --scenario`. `source_hash`: of its text.
Result<std::vector<Scenario>> load_scenarios(const fs::path& file, std::string* source_hash = nullptr);
Result<std::vector<Mutant>> load_mutants(const Exercise& exercise);

const char* name(Language language);
std::optional<Language> language_from(std::string_view name);

// Values made by the host for one clone (challenge), and what was captured from replies.
using Value = std::variant<int64_t, std::string>;  // integer, or bytes
using Values = std::map<std::string, Value>;
Result<Values> make_values(const std::vector<ValueRule>& rules, uint64_t seed);
// `$name`, `${name}` and `$$` in text; an integer in decimal.
Result<std::string> expand(const std::string& text, const Values& values);
Result<int64_t> evaluate(const std::string& expression, const Values& values);
struct Expected {
    std::string bytes;
    std::string mask;
};  // mask: '\1' where a byte counts, '\2' where it is padding, which must be 0
Result<Expected> make_data(const DataRule& rule, const Values& values);
Result<uint32_t> ioctl_number(const std::string& text);  // _IOWR('t', nr, size) or a number
inline uint32_t ioctl_size(uint32_t number) { return number >> 16 & 0x3fff; }
std::optional<int> errno_number(const std::string& name);  // "EINVAL"
std::string errno_name(int number);

}  // namespace ferrule::grader
