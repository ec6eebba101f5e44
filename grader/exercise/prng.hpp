// SplitMix64. Our own, so that a seed gives the same challenge for ever, on every libstdc++: recorded runs
// and "the same submission gets the same verdict" rest on it. Never change what it returns.
#pragma once

#include <cstdint>
#include <string_view>

namespace ferrule::grader {

class Prng {
public:
    explicit Prng(uint64_t seed) : state_(seed) {}

    uint64_t next() {
        state_ += 0x9e3779b97f4a7c15u;
        uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }

    // 0 … bound - 1, each as likely; bound 0 means 2^64.
    uint64_t below(uint64_t bound) {
        if (bound == 0) return next();
        const uint64_t unfair = (0 - bound) % bound;
        for (;;) {
            const uint64_t value = next();
            if (value >= unfair) return value % bound;
        }
    }

private:
    uint64_t state_;
};

// A seed for one purpose out of a seed for many.
inline uint64_t derive_seed(uint64_t seed, uint64_t purpose) {
    Prng mix(seed);
    return Prng(mix.next() ^ purpose * 0x9e3779b97f4a7c15u).next();
}

}  // namespace ferrule::grader
