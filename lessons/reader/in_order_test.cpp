#include "lessons/reader/in_order.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "lessons/reader/turns.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;

TEST_CASE("results come in order, whatever takes longest") {
    std::vector<int> seen;
    std::atomic<int> at_once{0}, most{0};
    const auto outcome = in_order<int>(
        12, 4,
        [&](size_t index) -> Result<int> {
            const int now = ++at_once;
            for (int known = most; now > known && !most.compare_exchange_weak(known, now);) {
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(index % 3 == 0 ? 30 : 2));
            --at_once;
            return static_cast<int>(index) * 10;
        },
        [&](size_t index, int value) {
            CHECK(value == static_cast<int>(index) * 10);
            seen.push_back(value);
        });
    CHECK(outcome);
    REQUIRE(seen.size() == 12);
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(most > 1);
    CHECK(most <= 4);
    CHECK(in_order<int>(
        0, 4, [](size_t) -> Result<int> { return 1; }, [](size_t, int) { FAIL("nothing to do"); }));
}

TEST_CASE("the earliest error is told, what was before it has been handed over, nothing new begins") {
    std::vector<size_t> seen;
    std::atomic<size_t> begun{0};
    const auto outcome = in_order<int>(
        100, 2,
        [&](size_t index) -> Result<int> {
            ++begun;
            if (index == 3) {
                std::this_thread::sleep_for(std::chrono::milliseconds(40));
                return fail("third", "third");
            }
            if (index == 4) return fail("fourth", "fourth");
            return 0;
        },
        [&](size_t index, int) { seen.push_back(index); });
    REQUIRE_FALSE(outcome);
    CHECK(outcome.error().code == "third");
    CHECK(seen == std::vector<size_t>{0, 1, 2});
    CHECK(begun <= 5);
}

TEST_CASE("turns: no more weight at once than there is, and nobody waits for ever") {
    Turns turns(3);
    std::atomic<int> weight{0}, most{0}, done{0};
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 12; ++i)
        threads.emplace_back([&, i] {
            Turns::Turn turn(turns);
            const unsigned wanted = i % 4 + (i == 11 ? 90 : 0);  // 0 counts as 1, more than all as all
            turn.take(wanted);
            const int mine = static_cast<int>(std::clamp(wanted, 1u, 3u));
            const int now = weight += mine;
            for (int known = most; now > known && !most.compare_exchange_weak(known, now);) {
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(3));
            weight -= mine;
            ++done;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(done == 12);
    CHECK(most <= 3);
    Turns::Turn again(turns);
    again.take(3);
    again.take(2);
}

TEST_CASE("turns: who wants all is not passed by those who want little") {
    Turns turns(2);
    std::string order;
    std::mutex mutex;
    const auto wait = [&](unsigned weight, char name) {
        return std::thread([&, weight, name] {
            Turns::Turn turn(turns);
            turn.take(weight);
            const std::lock_guard lock(mutex);
            order += name;
        });
    };
    std::optional<Turns::Turn> first(std::in_place, turns);
    first->take(1);
    std::thread all = wait(9, 'a');
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // it stands in the queue by now
    std::thread little = wait(1, 'l');
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    first.reset();
    all.join();
    little.join();
    CHECK(order == "al");
}
