// One script in one jail under limits.
#pragma once

#include "sandbox/base/subprocess.hpp"
#include "sandbox/build/recipe.hpp"

namespace ferrule::build {

struct JailRun {
    std::vector<std::pair<std::string, int>> stages;  // that ended, with their status, in that order
    bool timed_out = false;
    bool complete = false;  // the script came to its own end
    double seconds = 0;
    std::string words;  // standard error of jail and shell, cleaned
};

// `staging` has src/ (-> /work), out/ (-> /out, writable, gets log/ and obj/) and job/ (-> /job); the script says
// "ready" before anything else. Errors: "jail" (it did not come that far), "cancelled".
Result<JailRun> run_in_jail(const image::Image& image, const fs::path& staging, const std::string& script,
                            const Limits& limits, const std::vector<image::Bind>& more = {});

// Makes those folders and puts the sources in src/.
Result<void> lay_out(const fs::path& staging, const std::vector<SourceFile>& files);

// The log of a stage: missing is empty; above the cap it is cut, and `truncated` set.
std::string read_log(const fs::path& staging, const std::string& stage, size_t cap, bool& truncated);

// True when the file system of `folder`, or the user's share of it, is (all but) full. A compiler that cannot write
// fails in many ways, and its log is lost as well: so this is asked after every failure, before anybody is blamed.
bool no_space(const fs::path& folder);

}  // namespace ferrule::build
