// A module's sources as a driver's author keeps them: among a Makefile, a README and what builds by hand leave behind,
// with the list of objects in Kbuild's own words.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "sandbox/build/module_builder.hpp"

namespace ferrule::build {

struct Driver {
    SourceSet sources;
    std::vector<std::string> notes;  // what the Kbuild file asks for and is not done, a line each
};

// What a Kbuild file or Makefile says of modules (Documentation/kbuild/makefiles.rst). Only what stands there as
// it is: nothing is expanded, conditions count as true.
struct KbuildList {
    std::vector<std::string> modules;                         // "ring", of `obj-m += ring.o`, in order
    std::map<std::string, std::vector<std::string>> objects;  // "ring" -> "main", "sub/part", of `ring-y := main.o …`
    bool flags = false;                                       // ccflags-y and its like
};
KbuildList parse_kbuild(std::string_view text);

// PATH: a .c (with the headers beside it that it includes), a .rs, or a folder. `module`: which one of several that its
// Kbuild file lists, or another name than the file's or the folder's; "" for none. Errors: those of read_sources, and
// "which-module", "which-language".
Result<Driver> read_driver(const fs::path& path, std::optional<Language> language, const std::string& module);

// "my-ring.c" -> "my_ring", as Kbuild does.
std::string module_name(std::string file_name);

}  // namespace ferrule::build
