#include "sandbox/vm/slots.hpp"

#include <atomic>
#include <cstdlib>
#include <thread>
#include <vector>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/machine.hpp"

using namespace ferrule;
using namespace ferrule::vm;
using namespace std::chrono_literals;

TEST_CASE("as many clones as cores and memory bear, and at least one") {
    CHECK(clones_for(2, 16ull << 30) == 2);
    CHECK(clones_for(16, 1ull << 30) == 3);
    CHECK(clones_for(8, 0) == 1);
    CHECK(clones_for(0, 1ull << 40) == 1);
    CHECK(clones_for(1000, 1ull << 50) == 64);
}

TEST_CASE("MemAvailable is read in bytes") {
    CHECK(parse_available("MemTotal:  100 kB\nMemFree: 5 kB\nMemAvailable:   23554 kB\nBuffers: 1 kB\n") == 23554ull
                                                                                                                << 10);
    CHECK(parse_available("MemTotal: 100 kB\n") == 0);
    CHECK(parse_available("MemAvailable:") == 0);
    CHECK(parse_available("") == 0);
}

TEST_CASE("FERRULE_CLONES overrides, nonsense does not") {
    setenv("FERRULE_CLONES", "7", 1);
    CHECK(clone_limit() == 7);
    setenv("FERRULE_CLONES", "100000", 1);
    CHECK(clone_limit() == 64);
    setenv("FERRULE_CLONES", "many", 1);
    CHECK(clone_limit() >= 1);
    CHECK(clone_limit() <= 64);
    unsetenv("FERRULE_CLONES");
}

TEST_CASE("a slot is held until its owner lets go") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    auto first = take_slot(folder->path(), 2, 1s);
    const auto second = take_slot(folder->path(), 2, 1s);
    REQUIRE(first);
    REQUIRE(second);
    const auto third = take_slot(folder->path(), 2, 30ms);
    REQUIRE_FALSE(third);
    CHECK(third.error().code == "host-limit");
    { const auto gone = std::move(*first); }
    CHECK(take_slot(folder->path(), 2, 1s));
}

TEST_CASE("who waits gets the next free slot, not who had it and wants it again") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    auto held = take_slot(folder->path(), 1, 1s);
    REQUIRE(held);
    std::atomic<bool> waits{false}, got{false};
    std::thread other([&] {
        waits = true;
        const auto slot = take_slot(folder->path(), 1, 20s);
        got = slot.has_value();
        std::this_thread::sleep_for(300ms);
    });
    while (!waits) std::this_thread::yield();
    std::this_thread::sleep_for(100ms);
    { const auto gone = std::move(*held); }
    // At once, while the other one sleeps between two looks: it has to stand back.
    const auto again = take_slot(folder->path(), 1, 0ms);
    CHECK_FALSE(again);
    CHECK(take_slot(folder->path(), 1, 20s));
    other.join();
    CHECK(got);
}

TEST_CASE("who waits behind others is not too late because there are many") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    std::atomic<int> got{0};
    std::vector<std::thread> all;
    for (int i = 0; i < 6; ++i)
        all.emplace_back([&] {
            const auto slot = take_slot(folder->path(), 1, 400ms);  // all of them together need longer
            if (!slot) return;
            ++got;
            std::this_thread::sleep_for(100ms);
        });
    for (auto& thread : all) thread.join();
    CHECK(got == 6);
}

TEST_CASE("an interrupt ends the wait for a slot") {
    const auto folder = TempDir::make();
    const auto held = take_slot(folder->path(), 1, 1s);
    REQUIRE(held);
    interrupt_now();
    const auto refused = take_slot(folder->path(), 1, 60s);
    clear_interrupt();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "cancelled");
}
