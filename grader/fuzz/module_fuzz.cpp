// A .ko of a hostile learner's: assembler in it can write anything into the sections that libdw reads.
#include <sys/mman.h>
#include <unistd.h>

#include "grader/symbols/module_debug.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/base/unique_fd.hpp"

using namespace ferrule;
using namespace ferrule::grader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const UniqueFd file(memfd_create("module.ko", MFD_CLOEXEC));
    FERRULE_CHECK(file && write(file.get(), data, size) == static_cast<ssize_t>(size));
    const auto debug = read_module_debug("/proc/self/fd/" + std::to_string(file.get()), "/work/");
    if (!debug) return 0;
    for (const auto& section : debug->sections)
        for (const uint64_t offset : {uint64_t{0}, section.size / 2, section.size}) {
            for (const auto& place : places_at(*debug, section.name, offset, true)) FERRULE_CHECK(place.line >= 0);
            static_cast<void>(places_at(*debug, section.name, offset, false));
        }
    for (const auto& symbol : debug->symbols)
        static_cast<void>(find_symbol(*debug, symbol.name, symbol.size / 2, symbol.size));
    return 0;
}
