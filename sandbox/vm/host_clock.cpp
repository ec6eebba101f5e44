#include "sandbox/vm/host_clock.hpp"

#include <x86intrin.h>

#include <chrono>

namespace ferrule::vm {
namespace {

using Clock = std::chrono::steady_clock;

struct Sample {
    uint64_t ticks;
    Clock::time_point time;
};

// Both at one moment: a reading that was interrupted between the two is taken again.
Sample sample() {
    Sample best = {};
    uint64_t best_width = UINT64_MAX;
    for (int i = 0; i < 20; ++i) {
        const uint64_t before = __rdtsc();
        const auto time = Clock::now();
        const uint64_t width = __rdtsc() - before;
        if (width < best_width) {
            best = {before + width / 2, time};
            best_width = width;
        }
    }
    return best;
}

}  // namespace

uint64_t tsc_khz() {
    static const uint64_t measured = [] {
        const Sample start = sample();
        while (Clock::now() - start.time < std::chrono::milliseconds(2)) {
        }
        const Sample end = sample();
        const double seconds = std::chrono::duration<double>(end.time - start.time).count();
        return static_cast<uint64_t>(static_cast<double>(end.ticks - start.ticks) / seconds / 1000.0);
    }();
    return measured;
}

}  // namespace ferrule::vm
