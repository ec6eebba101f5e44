// Reports of which the tests need every variant that the kernel can write: built here in the format of the function
// that prints them, because no module makes all of them.
#include "grader/console/console.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

// Lines as the console has them, said by one caller.
std::string said_by(const std::string& caller, const std::string& text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        out +=
            "[   12.345678][" + std::string(6 - caller.size(), ' ') + caller + "] " + text.substr(at, end - at) + "\n";
        at = end + 1;
    }
    return out;
}

constexpr const char* kRule = "==================================================================\n";
constexpr const char* kFooter =
    "\nReported by Kernel Concurrency Sanitizer on:\n"
    "CPU: 1 UID: 0 PID: 45 Comm: racer Tainted: G           O        7.3.4 #1 PREEMPT  \n"
    "Tainted: [O]=OOT_MODULE\nHardware name: QEMU Standard PC\n";
constexpr const char* kFirst =
    " ring_count+0x1a/0x40 [ring]\n ring_read+0x2b/0x80 [ring]\n vfs_read+0x1/0x2\n "
    "entry_SYSCALL_64_after_hwframe+0x76/0x7e\n";
constexpr const char* kSecond = " ring_push+0x31/0x60 [ring]\n vfs_write+0x3/0x4\n";

std::string race(const std::string& title, const std::string& body) {
    return said_by("T45", kRule + title + "\n\n" + body + kFooter + kRule);
}

std::string first_of(const std::vector<ConsoleFrame>& stack) { return stack.empty() ? "" : stack.front().function; }

}  // namespace

TEST_CASE("KCSAN: both accesses, each with its stack, and what changed") {
    const auto splats =
        parse_console(race("BUG: KCSAN: data-race in ring_count [ring] / ring_push [ring]",
                           std::string("write to 0xffffffffa0003040 of 4 bytes by task 45 on cpu 1:\n") + kFirst +
                               "\nread-write (marked) to 0xffffffffa0003040 of 4 bytes by interrupt on cpu 0:\n" +
                               kSecond + "\nvalue changed: 0x00000005 -> 0x00000006\n"));
    REQUIRE(splats.size() == 1);
    const Splat& s = splats[0];
    CHECK(s.kind == "kcsan");
    CHECK(s.title == "BUG: KCSAN: data-race in ring_count [ring] / ring_push [ring]");
    CHECK(s.access == "write to 0xffffffffa0003040 of 4 bytes by task 45 on cpu 1");
    CHECK(s.other_access == "read-write (marked) to 0xffffffffa0003040 of 4 bytes by interrupt on cpu 0");
    REQUIRE(s.stack.size() == 4);
    CHECK(s.stack[0].function == "ring_count");
    CHECK(s.stack[0].module == "ring");
    CHECK(s.stack[0].offset == 0x1a);
    CHECK_FALSE(s.stack[0].exact);
    REQUIRE(s.others.size() == 1);
    REQUIRE(s.others[0].size() == 2);
    CHECK(s.others[0][0].function == "ring_push");
    CHECK(s.detail == "value changed: 0x00000005 -> 0x00000006");
    CHECK(s.task == "racer");
    CHECK_FALSE(s.truncated);
}

TEST_CASE("KCSAN: a value that changed by an unknown hand has one access") {
    const auto splats = parse_console(
        race("BUG: KCSAN: data-race in ring_count+0x1a/0x40 [ring]",
             std::string("race at unknown origin, with read to 0xffff888005cc8f08 of 8 bytes by task 45 on cpu 1:\n") +
                 kFirst + "\nvalue changed: 0x0000000000000000 -> 0x0000000000000001\n"));
    REQUIRE(splats.size() == 1);
    CHECK(splats[0].access == "read to 0xffff888005cc8f08 of 8 bytes by task 45 on cpu 1");
    CHECK(splats[0].other_access.empty());
    CHECK(splats[0].others.empty());
    CHECK(first_of(splats[0].stack) == "ring_count");
}

TEST_CASE("KCSAN: assertions, reordered accesses, masks and held locks") {
    const auto splats = parse_console(race(
        "BUG: KCSAN: assert: race in ring_count [ring] / ring_push [ring]",
        std::string("assert no accesses to 0xffff888005cc8f08 of 8 bytes by task 46 on cpu 0:\n") + kFirst +
            "\n1 lock held by racer/46:\n #0: ffff888005685c00 (&n->m){+.+.}-{4:4}, at: ring_open+0x13/0x20 [ring]\n"
            "irq event stamp: 0\nhardirqs last  enabled at (0): [<0000000000000000>] 0x0\n"
            "hardirqs last disabled at (0): [<ffffffff81001234>] copy_process+0x1/0x2\n"
            "\nwrite (reordered) to 0xffff888005cc8f08 of 8 bytes by task 45 on cpu 1:\n" +
            kSecond + "  |\n  +-> reordered to: ring_flush+0x77/0x90 [ring]\n" +
            "\nvalue changed: 0x0000000000000000 -> 0x0000000000000100\n"
            " bits changed: 0x0000000000000100 with mask 0x000000000000ff00\n"));
    REQUIRE(splats.size() == 1);
    const Splat& s = splats[0];
    CHECK(s.title.starts_with("BUG: KCSAN: assert: race in "));
    CHECK(s.access == "assert no accesses to 0xffff888005cc8f08 of 8 bytes by task 46 on cpu 0");
    CHECK(s.other_access == "write (reordered) to 0xffff888005cc8f08 of 8 bytes by task 45 on cpu 1");
    CHECK(s.stack.size() == 4);
    REQUIRE(s.others.size() == 1);
    CHECK(s.others[0].size() == 2);  // where it was reordered to is not where the source has it
    REQUIRE(s.held.size() == 1);
    CHECK(s.held_names[0] == "&n->m");
}

TEST_CASE("KCSAN: reports one after the other, and one that breaks off") {
    const std::string one = race("BUG: KCSAN: data-race in a / b",
                                 std::string("write to 0x1000 of 1 bytes by task 45 on cpu 1:\n") + kFirst +
                                     "\nread to 0x1000 of 1 bytes by task 46 on cpu 0:\n" + kSecond);
    const std::string two = race("BUG: KCSAN: data-race in c / d",
                                 std::string("read to 0x2000 of 1 bytes by task 45 on cpu 1:\n") + kSecond +
                                     "\nwrite to 0x2000 of 1 bytes by task 46 on cpu 0:\n" + kFirst);
    const auto both = parse_console(one + two);
    REQUIRE(both.size() == 2);
    CHECK(first_of(both[0].stack) == "ring_count");
    CHECK(first_of(both[1].stack) == "ring_push");
    CHECK(first_of(both[1].others.at(0)) == "ring_count");
    CHECK(both[1].detail.empty());
    // A module's own line that looks like an access, outside of a report, is nothing.
    CHECK(parse_console(said_by("T45", "write to 0x1000 of 1 bytes by task 45 on cpu 1:\n" + std::string(kFirst)))
              .empty());
    const auto cut = parse_console(one.substr(0, one.find("read to")));
    REQUIRE(cut.size() == 1);
    CHECK(cut[0].others.empty());
}

TEST_CASE("DMA debugging: the message, the call, and where the mapping was made") {
    const std::string warning =
        "------------[ cut here ]------------\n"
        "DMA-API: edu 0000:00:04.0: device driver frees DMA memory with different size [device "
        "address=0x0000000005a3c000] [map size=64 bytes] [unmap size=32 bytes]\n"
        "WARNING: kernel/dma/debug.c:1021 at check_unmap+0x5a3/0x10c0, CPU#1: insmod/45\n"
        "Modules linked in: ring(O+)\n"
        "CPU: 1 UID: 0 PID: 45 Comm: insmod Tainted: G           O        7.3.4 #1 PREEMPT  \n"
        "RIP: 0010:check_unmap+0x5a3/0x10c0\nCall Trace:\n <TASK>\n debug_dma_unmap_phys+0x9e/0x100\n"
        " dma_unmap_phys+0x12/0x30\n ? kasan_save_track+0x4b/0x70\n ring_remove+0x31/0x60 [ring]\n </TASK>\n"
        "irq event stamp: 4001\nhardirqs last  enabled at (4001): [<ffffffff81001234>] copy_process+0x1/0x2\n"
        "---[ end trace 0000000000000000 ]---\n";
    const std::string mapped =
        "DMA-API: Mapped at:\n debug_dma_map_phys+0x6a/0x1c0\n dma_map_phys+0xa/0x20\n ring_probe+0x77/0x90 [ring]\n"
        " pci_device_probe+0x1/0x2\n";
    auto splats = parse_console(said_by("T45", warning + mapped + "edu: gone\n after+0x1/0x2 [ring]\n"));
    REQUIRE(splats.size() == 1);
    const Splat& s = splats[0];
    CHECK(s.kind == "dma");
    CHECK(s.title.starts_with("DMA-API: edu 0000:00:04.0: device driver frees DMA memory with different size"));
    CHECK(s.source_file == "kernel/dma/debug.c");
    REQUIRE(s.stack.size() == 5);
    CHECK(s.stack[4].function == "ring_remove");
    REQUIRE(s.allocated.size() == 4);
    CHECK(s.allocated[2].function == "ring_probe");
    CHECK(s.text.find("Mapped at:") != std::string::npos);
    CHECK(s.text.find("edu: gone") == std::string::npos);

    // Two in a row, the first without an entry to tell of.
    splats = parse_console(said_by("T45", warning + warning + mapped));
    REQUIRE(splats.size() == 2);
    CHECK(splats[0].allocated.empty());
    CHECK(splats[1].allocated.size() == 4);

    std::string pending = warning;
    pending.replace(pending.find("device driver frees"),
                    pending.find("\nWARNING") - pending.find("device driver frees"),
                    "device driver has pending DMA allocations while released from device [count=1]\n"
                    "One of leaked entries details: [device address=0x0000000005a3c000] [size=64 bytes] [mapped with "
                    "DMA_TO_DEVICE] [mapped as single]");
    splats = parse_console(said_by("T45", pending + mapped));
    REQUIRE(splats.size() == 1);
    CHECK(splats[0].kind == "dma");
    CHECK(splats[0].title.ends_with("[count=1]"));
    CHECK(splats[0].detail.starts_with("One of leaked entries details: "));
    CHECK(splats[0].allocated.size() == 4);
}
