// So many at once and no more, by weight: who wants more than there is gets all. In the order in which they came, so
// that who wants much is not passed for ever.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <utility>

namespace ferrule::reader {

class Turns {
public:
    explicit Turns(unsigned total) : total_(std::max(1u, total)), free_(total_) {}

    // Given back when it goes.
    class Turn {
    public:
        explicit Turn(Turns& turns) : turns_(turns) {}
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        ~Turn() { turns_.give_back(weight_); }
        // Waits; a second take first gives back the first.
        void take(unsigned weight) {
            turns_.give_back(std::exchange(weight_, 0));
            weight_ = turns_.take(weight);
        }

    private:
        Turns& turns_;
        unsigned weight_ = 0;
    };

private:
    unsigned take(unsigned weight) {
        weight = std::clamp(weight, 1u, total_);
        std::unique_lock lock(mutex_);
        const uint64_t mine = came_++;
        changed_.wait(lock, [&] { return served_ == mine && free_ >= weight; });
        free_ -= weight;
        ++served_;
        changed_.notify_all();
        return weight;
    }
    void give_back(unsigned weight) {
        const std::lock_guard lock(mutex_);
        free_ += weight;
        changed_.notify_all();
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    const unsigned total_;
    unsigned free_;
    uint64_t came_ = 0, served_ = 0;
};

}  // namespace ferrule::reader
