#include "grader/run/leak_scan.hpp"

#include "grader/run/scripted_guest.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

// mm/kmemleak.c, __print_unreferenced()
constexpr const char* kReport =
    "unreferenced object 0xffff888003c4a000 (size 32):\n"
    "  comm \"ferrule\", pid 61, jiffies 4294893219\n"
    "  hex dump (first 32 bytes):\n"
    "    01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................\n"
    "  backtrace (crc 5e3bd6a):\n"
    "    kmemleak_alloc+0x3d/0x80\n"
    "    __kmalloc_cache_noprof+0x2a1/0x3c0\n"
    "    0xffffffffa0002034\n"
    "    do_one_initcall+0x9e/0x440\n"
    "unreferenced object 0xffff888003c4b000 (size 64):\n"
    "  comm \"swapper/0\", pid 1, jiffies 4294892300\n"
    "  backtrace (crc 0):\n"
    "    kmalloc_noprof+0x1f/0x60\n"
    "    virtio_init+0x10/0x20\n"
    "unreferenced object (percpu) 0x607f8e00a4a8 (size 8):\n"
    "  comm \"ferrule\", pid 61, jiffies 4294893219\n"
    "  backtrace (crc 0):\n"
    "    pcpu_alloc_noprof+0x2a1/0x3c0\n"
    "    0xffffffffa0002050\n";

}  // namespace

TEST_CASE("of kmemleak's report, what was allocated by a module that is gone is kept") {
    const auto found = parse_kmemleak(kReport);
    REQUIRE(found.size() == 2);
    CHECK(found[0].kind == "kmemleak");
    CHECK(found[0].pointer == 0xffff888003c4a000u);
    CHECK(found[0].bytes == 32);
    CHECK(found[0].frames == std::vector<uint64_t>{0, 0xffffffffa0002034u, 0});
    CHECK(found[0].names == std::vector<std::string>{"__kmalloc_cache_noprof", "", "do_one_initcall"});
    CHECK(found[1].pointer == 0x607f8e00a4a8u);
    CHECK(found[1].bytes == 8);
}

TEST_CASE("a hostile report is no trouble") {
    CHECK(parse_kmemleak("").empty());
    CHECK(parse_kmemleak("unreferenced object\n  backtrace\n    0xffffffffa0002034\n").empty());
    CHECK(parse_kmemleak("unreferenced object 0x (size ):\n  backtrace\n    0xffffffffa0002034\n").empty());
    CHECK(parse_kmemleak("unreferenced object 0x1 (size 1):\n  backtrace\n    0xzz\n    \n").empty());
    CHECK(parse_kmemleak("    0xffffffffa0002034\n").empty());
    std::string many;
    for (int i = 0; i < 3000; ++i) many += "unreferenced object 0x1 (size 1):\n  backtrace\n    0xffffffffa0002034\n";
    CHECK(parse_kmemleak(many).size() == kLeaksCap);
    std::string deep = "unreferenced object 0x1 (size 1):\n  backtrace\n";
    for (int i = 0; i < 300; ++i) deep += "    0xffffffffa0002034\n";
    REQUIRE(parse_kmemleak(deep).size() == 1);
    CHECK(parse_kmemleak(deep)[0].frames.size() == 32);
}

TEST_CASE("three scans, and what the ledger has listed already is left out") {
    ScriptedGuest guest;
    unsigned scans = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.text != "/sys/kernel/debug/kmemleak") return std::nullopt;
        vm::Reply reply;
        if (request.op == FERRULE_WRITE_FILE && request.data == "scan") ++scans;
        if (request.op == FERRULE_READ_FILE) reply.data = kReport;
        return reply;
    };
    RunCommon common;
    Run run;
    run.live.push_back({"slab", 0xffff888003c4a000u, 32, {}, {}});
    CHECK(scan_for_leaks(guest, common, run));
    CHECK(scans == 3);
    CHECK(run.leak_scan == "done");
    REQUIRE(run.unreferenced.size() == 1);
    CHECK(run.unreferenced[0].bytes == 8);
}

TEST_CASE("a kmemleak that cannot be asked is written down") {
    ScriptedGuest guest;
    guest.special = [&](const vm::Request&) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        return ScriptedGuest::error(EPERM);
    };
    Run run;
    CHECK(scan_for_leaks(guest, {}, run));
    CHECK(run.leak_scan == "EPERM");
    guest.special = [&](const vm::Request&) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        return tl::unexpected(vm::Lost::guest_ended);
    };
    Run gone;
    CHECK_FALSE(scan_for_leaks(guest, {}, gone));
    CHECK(gone.leak_scan == "no answer");
}
