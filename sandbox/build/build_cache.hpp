// Finished builds: <cache>/modules/<key>/ appears by one rename and is never changed. Two processes may build the same
// at once; the second finds the first one's. A file that was damaged since is noticed (size and hash) and built again.
#pragma once

#include <functional>
#include <optional>

#include "sandbox/build/module_builder.hpp"

namespace ferrule::build {

class BuildCache {
public:
    static constexpr uint64_t kMaxBytes = 200ull << 20;

    // Folder made when missing.
    static Result<BuildCache> open(const fs::path& folder = cache_dir() / "modules", uint64_t max_bytes = kMaxBytes);

    // A folder to build in, on the same file system; goes away with its owner.
    Result<TempDir> staging() const;

    // Freshens its age.
    std::optional<BuildOutcome> find(const std::string& key, const std::string& module) const;
    // Takes `ko` and `stripped` of `outcome` (files in `staging`) and gives the outcome as find would. Then evicts.
    Result<BuildOutcome> publish(const fs::path& staging, BuildOutcome outcome, const std::string& module) const;

    // One finished file (test programs).
    std::optional<fs::path> find_file(const std::string& key, const std::string& name) const;
    Result<fs::path> publish_file(const fs::path& staging, const fs::path& file, const std::string& key,
                                  const std::string& name) const;

    // Oldest first, down to the limit; nothing that was used in the last 15 minutes, for somebody may still run it.
    void evict() const;

private:
    BuildCache(fs::path folder, uint64_t max_bytes) : folder_(std::move(folder)), max_bytes_(max_bytes) {}
    Result<void> adopt(const fs::path& finished, const std::string& key, const std::function<bool()>& good) const;
    fs::path folder_;
    uint64_t max_bytes_;
};

}  // namespace ferrule::build
