// The module's own DWARF, taken out once (libdw) as plain data, so that judging needs no library and no file:
// which source line a place in the module came from, through inlined functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::grader {

struct DebugSymbol {
    std::string section, name;
    uint64_t offset = 0, size = 0;
};  // STT_FUNC of the .ko
struct DebugRow {
    uint64_t offset = 0;
    int file = 0, line = 0;
};  // line table, sorted; file: index
struct DebugScope {
    uint64_t low = 0, high = 0;
    std::string function;
    int depth = 0;  // function or inlined call, by section offset
    int call_file = 0, call_line = 0;
};  // inlined: where it was called
struct DebugSection {
    std::string name;
    uint64_t size = 0;
    std::vector<DebugRow> rows;
    std::vector<DebugScope> scopes;
};

struct ModuleDebug {
    std::vector<std::string>
        files;  // the learner's own by the name in the submission ("ring.c"), others absolute ("/usr/src/linux/…")
    std::vector<DebugSection> sections;  // executable ones
    std::vector<DebugSymbol> symbols;
};

struct SourcePlace {
    std::string file;
    int line = 0;
    std::string function;
    bool learners = false;
};

// Errors: "debug-info" (the file is ours: no DWARF in it is our failure).
// `own_prefix`: the folder the sources had inside the jail ("/work/").
Result<ModuleDebug> read_module_debug(const fs::path& ko, const std::string& own_prefix);

// Outermost caller last: {innermost inlined function, …, the function itself}. Empty: unknown.
// is_return_address: look up address - 1, the call itself.
std::vector<SourcePlace> places_at(const ModuleDebug& debug, const std::string& section, uint64_t offset,
                                   bool is_return_address);
// "ring_open+0x1a/0x40": the symbol (and its size, when several share a name) -> section and offset.
struct SectionOffset {
    std::string section;
    uint64_t offset = 0;
};
std::vector<SectionOffset> find_symbol(const ModuleDebug& debug, const std::string& function, uint64_t offset,
                                       uint64_t size);

}  // namespace ferrule::grader
