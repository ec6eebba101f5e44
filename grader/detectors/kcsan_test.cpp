#include "grader/detectors/detector.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

ConsoleFrame at(uint64_t offset) {
    ConsoleFrame frame;
    frame.function = "ring_use";
    frame.module = "ring";
    frame.offset = offset;
    frame.size = 0x40;
    return frame;
}

ConsoleFrame kernel(const std::string& function) {
    ConsoleFrame frame;
    frame.function = function;
    frame.offset = 4;
    frame.size = 8;
    return frame;
}

Splat report(const std::string& kind, const std::string& title) {
    Splat splat;
    splat.kind = kind;
    splat.title = title;
    splat.text = title;
    return splat;
}

Splat race(const std::string& access, uint64_t where, const std::string& other_access, uint64_t elsewhere) {
    Splat splat = report("kcsan", "BUG: KCSAN: data-race in ring_use / ring_use");
    splat.access = access;
    splat.stack = {at(where), kernel("vfs_read")};
    splat.other_access = other_access;
    splat.others = {{at(elsewhere)}};
    return splat;
}

// ring_use: bytes 0 to 0x1f are line 10, the others line 11.
struct Case {
    Exercise exercise;
    Observations all;
    Run run;
    std::vector<LoadedSection> loaded;

    Case() {
        all.module = "ring";
        all.source_files = {"ring.c"};
        all.debug["race"].files = {"ring.c"};
        all.debug["race"].sections = {{".text", 0x40, {{0, 0, 10}, {0x20, 0, 11}}, {{0, 0x40, "ring_use", 0, 0, 0}}}};
        all.debug["race"].symbols = {{".text", "ring_use", 0, 0x40}};
        run.variant = "race";
    }
    std::vector<Finding> races(const std::vector<Splat>& splats) {
        return detect_kcsan(Evidence{exercise, all, run, splats, loaded});
    }
    std::vector<Finding> dma(const std::vector<Splat>& splats) {
        return detect_dma(Evidence{exercise, all, run, splats, loaded});
    }
};

constexpr const char* kWrite = "write to 0xffffffffa0003040 of 4 bytes by task 45 on cpu 1";
constexpr const char* kRead = "read to 0xffffffffa0003040 of 4 bytes by task 46 on cpu 0";
constexpr const char* kMarked = "write (marked) to 0xffffffffa0003040 of 4 bytes by interrupt on cpu 0";

}  // namespace

TEST_CASE("a race is one finding whichever of its accesses a report begins with") {
    Case c;
    for (const auto& splats :
         {std::vector{race(kWrite, 0x30, kRead, 0x10)}, std::vector{race(kRead, 0x10, kWrite, 0x30)},
          std::vector{race(kRead, 0x10, kWrite, 0x30), race(kWrite, 0x30, kRead, 0x10)}}) {
        const auto found = c.races(splats);
        REQUIRE(found.size() == 1);
        CHECK(found[0].finding_class == "data-race");
        CHECK(found[0].line == 11);
        CHECK(found[0].title == "data race: a plain write of 4 bytes while another task or cpu is at a plain read");
        REQUIRE(found[0].related.size() == 1);
        CHECK(found[0].related[0].line == 10);
    }
}

TEST_CASE("the plain access is the one to mend, before a marked one") {
    Case c;
    const auto found = c.races({race(kMarked, 0x30, kRead, 0x10)});
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == 10);
}

TEST_CASE("the access it is said to race with is one it was caught with") {
    Case c;
    // Line 10 writes while line 11 reads; line 11 also writes while line 11 reads: the two writes were never caught.
    const auto found = c.races({race(kWrite, 0x10, kRead, 0x30), race(kWrite, 0x30, kRead, 0x30)});
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == 10);
    CHECK(found[0].title == "data race: a plain write of 4 bytes while another task or cpu is at a plain read");
}

TEST_CASE("races at different addresses are different, the kernel's own are nobody's") {
    Case c;
    Splat other = race(kWrite, 0x10, kRead, 0x10);
    other.access = "write to 0xffffffffa0003080 of 8 bytes by task 45 on cpu 1";
    CHECK(c.races({race(kWrite, 0x30, kRead, 0x10), other}).size() == 2);

    Splat foreign = race(kWrite, 0, kRead, 0);
    foreign.stack = {kernel("jiffies_update")};
    foreign.others = {{kernel("tick_do")}};
    CHECK(c.races({foreign}).empty());
    foreign.others = {{at(0x30)}};
    const auto found = c.races({foreign});
    REQUIRE(found.size() == 1);
    CHECK(found[0].title.find("kernel code") != std::string::npos);
}

TEST_CASE("what is left mapped for DMA is shown where it was mapped") {
    Case c;
    Splat left = report("dma",
                        "DMA-API: edu 0000:00:04.0: device driver has pending DMA allocations while released from "
                        "device [count=1]");
    left.stack = {kernel("dma_debug_device_change")};
    left.allocated = {kernel("debug_dma_map_phys"), at(0x10)};
    auto found = c.dma({left});
    REQUIRE(found.size() == 1);
    CHECK(found[0].finding_class == "dma");
    CHECK(found[0].line == 10);

    Splat size = report("dma", "DMA-API: edu 0000:00:04.0: device driver frees DMA memory with different size");
    size.stack = {kernel("check_unmap"), at(0x30)};
    size.allocated = {at(0x10)};
    found = c.dma({size});
    REQUIRE(found.size() == 1);
    CHECK(found[0].line == 11);
    REQUIRE(found[0].related.size() == 1);
    CHECK(found[0].related[0].line == 10);

    Splat foreign = report("dma", "DMA-API: virtio: device driver frees DMA memory with different size");
    foreign.stack = {kernel("check_unmap")};
    CHECK(c.dma({foreign}).empty());
}
