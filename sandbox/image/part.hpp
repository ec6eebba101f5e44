// One part of the image in the cache: found, or built and then published whole.
//
// Theory of operation. A part is a folder <cache>/<kind>/<entry>, and <entry> ends in the key of its inputs. It is
// built in <entry>.tmp beside it, synced, described in part.json, and appears by one rename: whoever sees the folder
// sees a complete part. Building takes the exclusive lock <cache>/locks/<lock>; the kernel frees it when its holder
// dies, so whatever *.tmp of the same part the lock's owner finds was left by a dead process. It is swept, except the
// staging of the same key where the part can be resumed (a kernel: make goes on where it stopped); when that fails, it
// is tried once more from nothing. Removing goes the other way round: renamed to *.tmp first, so that a removal cut
// short leaves no half part.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/progress.hpp"

namespace ferrule::image {

struct PartSpec {
    std::string name;    // "kernel mem": shown, and the key of timings.json
    std::string kind;    // folder in the cache: "kernel"
    std::string prefix;  // of the entry: "mem-"; empty where there is one part of the kind
    std::string key;
    std::vector<std::string> essentials;  // files it cannot do without; their sizes are checked when it is found
    bool resumable = false;
    double expected_seconds = 0;  // until it was measured here
    uint64_t bytes_needed = 0;    // free disk space to begin with

    std::string entry() const { return prefix + key; }
    std::string lock() const;
};

struct FoundPart {
    fs::path folder;
    uint64_t bytes = 0;
    std::vector<std::string> notes;  // what the build wants a person to know ("took linux-source-7.4")
};

// What a build is given, and what it reports.
struct PartBuild {
    fs::path staging;
    fs::path log;
    bool resumed = false;       // the staging folder holds the work of an interrupted build
    double expected_lines = 0;  // of output, from the last build here; 0: unknown
    Progress& progress;
    std::vector<std::string> notes;  // out
    double lines = 0;                // out
};
using BuildPart = std::function<Result<void>(PartBuild&)>;

// No value: not there, or damaged.
std::optional<FoundPart> find_part(const fs::path& cache, const PartSpec& spec);
// Errors: "disk-full", "cancelled", and what `build` says.
Result<FoundPart> ensure_part(const fs::path& cache, const PartSpec& spec, Progress& progress, const BuildPart& build);

// Entries of a kind that are neither `keep` nor in use by a running build, and staging folders left by dead ones.
// Returns the bytes freed.
Result<uint64_t> remove_parts(const fs::path& cache, const std::string& kind, const std::vector<std::string>& prefixes,
                              const std::vector<std::string>& keep);

}  // namespace ferrule::image
