// What was observed is kept, so that the same submission need not be built and run again: <cache>/observations/<key>.
// The verdict is not kept: judging is pure and quick, and a judge that has learnt something judges afresh.
//
// An entry is one file that appears by one rename: a line with a hash over key and content, then the observations as
// JSON, deflated. What is cut, changed, of another format or stored under another's name does not fit its hash and
// counts as not there; the next store replaces it. Two programs may store the same at once: the last one stays, and
// both are right.
#pragma once

#include <optional>

#include "grader/run/runner.hpp"

namespace ferrule::grader {

class ObservationCache {
public:
    static constexpr uint64_t kMaxBytes = 500ull << 20;

    explicit ObservationCache(fs::path folder = cache_dir() / "observations", uint64_t max_bytes = kMaxBytes)
        : folder_(std::move(folder)), max_bytes_(max_bytes) {}

    // Freshens its age.
    std::optional<Observations> find(const std::string& key) const;
    // Makes the folder when it is missing; then evicts the oldest, down to the limit, and what a killed process left.
    Result<void> store(const std::string& key, const Observations& observations) const;

private:
    void evict() const;
    fs::path folder_;
    uint64_t max_bytes_;
};

struct Caching {
    bool on = false;
    unsigned repeat = 0;  // which of several runs of the same (observation_key.hpp)
};

struct Observed {
    Observations observations;  // their times are those of the run that was recorded
    bool from_cache = false;
};

// observe(), or what it saw when it was last asked the same. Kept is only what is surely due to the submission: no
// error, nothing that was cancelled, and no missed deadline while the host had too much to do. An exercise without a
// source_hash has no cache. A cache that cannot be written is no error.
Result<Observed> observe_cached(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                const Caching& caching, Progress& progress, const RunHooks& hooks = {});

// The build was not stopped, no step missed its deadline, nothing hung and no race was looked for; or the host was not
// to blame: it had no more to do than its processors bear (host_load.hpp: no patience was needed).
bool worth_keeping(const Observations& observations, bool host_busy);

}  // namespace ferrule::grader
