// Taking the measures: medians, and the most memory that one of our guests took.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace ferrule::bench {

double median(std::vector<double> values);  // 0 for none

// Watches the QEMU processes below this one while it lives: private memory (what is not shared with the template or
// among processes), sampled ten times a second.
class MemoryWatch {
public:
    MemoryWatch();
    ~MemoryWatch();
    uint64_t most_bytes() const { return most_; }  // of one process

private:
    void watch();
    std::atomic<bool> stop_ = false;
    std::atomic<uint64_t> most_ = 0;
    std::thread thread_;
};

}  // namespace ferrule::bench
