#include "grader/symbols/module_debug.hpp"

#include <algorithm>
#include <set>

#include "grader/symbols/rust_name.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/subprocess.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

// A relocatable file such as a .ko: two sections of code, an inlined call.
constexpr const char* kSource = R"(
extern void sink(int);
extern int source(void);
static inline __attribute__((always_inline)) void inner(int x)
{
	sink(x + source());
}

__attribute__((noinline)) void outer(int x)
{
	sink(1);
	inner(x);
}

__attribute__((section(".init.text"))) int setup(void)
{
	outer(source());
	return 0;
}
)";

ModuleDebug compile(const TempDir& folder, const std::string& flags) {
    REQUIRE(write_file(folder.path() / "ring.c", kSource));
    std::vector<std::string> argv{"cc",
                                  "-c",
                                  "-O1",
                                  "-ffunction-sections",
                                  "-fno-optimize-sibling-calls",
                                  flags,
                                  "-o",
                                  "ring.o",
                                  (folder.path() / "ring.c").string()};
    SpawnRequest request;
    request.argv = argv;
    request.directory = folder.path();
    auto ran = run(request);
    REQUIRE(ran);
    REQUIRE(ran->exit_code == 0);
    auto debug = read_module_debug(folder.path() / "ring.o", folder.path().string() + "/");
    if (!debug) FAIL(debug.error().message);
    return *debug;
}

}  // namespace

TEST_CASE("the line table of a relocatable file, through inlined calls") {
    for (const char* flags : {"-gdwarf-4", "-gdwarf-5"}) {
        auto folder = TempDir::make();
        REQUIRE(folder);
        ModuleDebug debug = compile(*folder, flags);
        std::set<std::string> sections;
        for (const auto& section : debug.sections) sections.insert(section.name);
        CHECK(sections.contains(".init.text"));
        CHECK(std::find(debug.files.begin(), debug.files.end(), "ring.c") != debug.files.end());

        auto found = find_symbol(debug, "outer", 0, 0);
        REQUIRE(found.size() == 1);
        // Every line of outer() is met on the way through its bytes, and the inlined ones with their caller behind
        // them.
        std::set<int> lines;
        bool chain = false;
        for (const auto& section : debug.sections) {
            if (section.name != found[0].section) continue;
            for (uint64_t offset = 0; offset < section.size; ++offset) {
                auto places = places_at(debug, section.name, offset, false);
                REQUIRE_FALSE(places.empty());
                lines.insert(places[0].line);
                CHECK(places.back().function == "outer");
                CHECK(places[0].learners);
                if (places.size() == 2) {
                    CHECK(places[0].function == "inner");
                    CHECK(places[0].line == 6);
                    CHECK(places[1].line == 12);
                    chain = true;
                }
            }
            CHECK(places_at(debug, section.name, section.size, false).empty());
            CHECK(places_at(debug, section.name, section.size + 1000, true).empty());
        }
        CHECK(lines.contains(6));
        CHECK(lines.contains(11));
        CHECK(chain);

        auto init = find_symbol(debug, "setup", 0, 0);
        REQUIRE(init.size() == 1);
        CHECK(init[0].section == ".init.text");
        auto places = places_at(debug, ".init.text", 0, false);
        REQUIRE(places.size() == 1);
        CHECK(places[0].function == "setup");
        CHECK(places[0].line == 16);
    }
}

TEST_CASE("a file without debug information is our failure, with a reason") {
    auto folder = TempDir::make();
    REQUIRE(folder);
    REQUIRE(write_file(folder->path() / "ring.o", "not an ELF file"));
    auto debug = read_module_debug(folder->path() / "ring.o", "/work/");
    REQUIRE_FALSE(debug);
    CHECK(debug.error().code == "debug-info");
    CHECK_FALSE(read_module_debug(folder->path() / "nothing.o", "/work/"));
}

TEST_CASE("a line that no file has is an unknown one") {
    // Found by grader/fuzz: an object whose line program counts below zero.
    const auto debug =
        read_module_debug(fs::path(FERRULE_SOURCE_ROOT) / "grader/symbols/testdata/negative-line.o", "/work/");
    REQUIRE(debug);
    bool unknown = false;
    for (const auto& section : debug->sections) {
        for (const auto& row : section.rows) {
            CHECK(row.line >= 0);
            unknown = unknown || row.line == 0;
        }
        for (const auto& scope : section.scopes) CHECK(scope.call_line >= 0);
    }
    CHECK(unknown);
}

TEST_CASE("symbols that share a name are told apart by their size") {
    ModuleDebug debug;
    debug.symbols = {{".text", "helper", 0x10, 0x20}, {".text", "helper", 0x40, 0x80}, {".text", "other", 0x100, 8}};
    auto found = find_symbol(debug, "helper", 4, 0x80);
    REQUIRE(found.size() == 1);
    CHECK(found[0].offset == 0x44);
    CHECK(find_symbol(debug, "helper", 4, 0).size() == 2);
    CHECK(find_symbol(debug, "helper", 0x90, 0x80).empty());
    CHECK(find_symbol(debug, "nobody", 0, 0).empty());
    // kallsyms gives a function the padding behind it as well.
    CHECK(find_symbol(debug, "other", 7, 0x10).size() == 1);
}

TEST_CASE("one call made out of two has the line of the inlined call it is in, never of what stands before it") {
    // refcount_inc() as clang makes it: the two warnings behind the end of the function, as one call without a line.
    ModuleDebug debug;
    debug.files = {"shelf.c", "/usr/src/linux/include/linux/refcount.h"};
    debug.sections = {
        {".text",
         0x50,
         {{0x00, 0, 26}, {0x0a, 0, 27}, {0x20, 1, 288}, {0x36, 0, 28}, {0x3b, 0, 0}, {0x40, 1, 0}, {0x4a, 0, 28}},
         {{0x00, 0x50, "shelf_lend", 0, 0, 0},
          {0x20, 0x36, "refcount_inc", 1, 0, 27},
          {0x40, 0x48, "refcount_inc", 1, 0, 27}}}};
    auto places = places_at(debug, ".text", 0x48, true);
    REQUIRE(places.size() == 2);
    CHECK(places[0].line == 288);
    CHECK_FALSE(places[0].learners);
    CHECK(places[1].line == 27);
    CHECK(places[1].learners);
    // The same without a line anywhere in the inlined call.
    debug.sections[0].rows[2].line = 0;
    places = places_at(debug, ".text", 0x48, true);
    REQUIRE(places.size() == 2);
    CHECK(places[0].line == 0);
    CHECK(places[1].line == 27);
    // In the function itself the nearest line before has to do.
    places = places_at(debug, ".text", 0x3c, false);
    REQUIRE(places.size() == 1);
    CHECK(places[0].line == 28);
}

TEST_CASE("damaged debug data is looked up without harm") {
    ModuleDebug debug;
    debug.files = {"a.c"};
    debug.sections = {{".text",
                       16,
                       {{0, 7, 3}, {4, -1, 5}, {8, 0, 0}},
                       {{0, 100, "f", 0, 0, 0}, {0, 16, "g", 3, -5, -7}, {2, 1, "h", 1, 9, 9}}}};
    for (uint64_t offset = 0; offset < 20; ++offset) places_at(debug, ".text", offset, offset % 2 == 0);
    CHECK(places_at(debug, ".bss", 0, false).empty());
}

TEST_CASE("Rust names in the short form") {
    CHECK(short_function_name("ring_open") == "ring_open");
    CHECK(
        short_function_name(
            "_RNvXs4_Cs1rg7THdpec0_6rprobeNtB5_11ProbeDeviceNtNtCse297zByDW5v_6kernel10miscdevice10MiscDevice5ioctl") ==
        "<ProbeDevice as MiscDevice>::ioctl");
    CHECK(short_function_name("_RNvMs2_NtCse297zByDW5v_6kernel10miscdeviceINtB5_16MiscdeviceVTableNtCs1rg7THdpec0_"
                              "6rprobe11ProbeDeviceE5ioctlB14_") == "MiscdeviceVTable::ioctl");
    CHECK(short_function_name(
              "_RNCNvXCs1rg7THdpec0_6rprobeNtB4_5ProbeNtNtCse297zByDW5v_6kernel6module13InPlaceModule4inits0_0B4_") ==
          "<Probe as InPlaceModule>::init::{closure}");
    CHECK(short_function_name("_RNvNtCs7uMWrq7opsy_4core9panicking9panic_fmt") == "panic_fmt");
    CHECK(short_function_name("_RINvNtCs7uMWrq7opsy_4core9panicking13assert_failedbbECs1rg7THdpec0_6rprobe") ==
          "assert_failed");
    // Damaged and hostile ones come back as they are.
    for (const char* bad :
         {"_R", "_RNv", "_RNvC", "_RB_", "_RNvB_1a", "_RNvC99999999999999999999a1b", "_RTTTTTTTT", "_RNvNvNvB0_1a1b1c"})
        CHECK(short_function_name(bad) == bad);
    std::string deep = "_R";
    for (int i = 0; i < 4000; ++i) deep += "Nv";
    CHECK(short_function_name(deep) == deep);
}

TEST_CASE("DWARF that an assembler made up does not keep the reader for ever") {
    // Each entry's first child is its sibling too: 2^60 ways through sixty entries.
    std::string text =
        ".text\nf: ret\n.section .debug_abbrev\n.uleb128 1,0x11\n.byte 1\n.uleb128 0,0\n"
        ".uleb128 2,0x0b\n.byte 1\n.uleb128 1,0x13,0,0\n.uleb128 0\n"
        ".section .debug_info\ns: .long e-v\nv: .short 4\n.long 0\n.byte 8\n.uleb128 1\n";
    for (int i = 0; i < 60; ++i)
        text += "d" + std::to_string(i) + ": .uleb128 2\n.long d" + std::to_string(i + 1) + "-s\n";
    text += "d60: .uleb128 0\n.zero 62\ne:\n";
    const auto folder = TempDir::make();
    REQUIRE(folder);
    REQUIRE(write_file(folder->path() / "ring.s", text));
    const auto ran = run({.argv = {"cc", "-c", "-o", "ring.o", "ring.s"}, .directory = folder->path()});
    REQUIRE(ran);
    REQUIRE(ran->exit_code == 0);
    const auto debug = read_module_debug(folder->path() / "ring.o", "/work/");
    REQUIRE_FALSE(debug);
    CHECK(debug.error().message.find("on and on") != std::string::npos);
}
