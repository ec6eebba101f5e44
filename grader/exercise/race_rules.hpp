// What a race may hold: its lists go to the guest as one message each, and so do the answers.
#pragma once

#include "grader/exercise/expression.hpp"
#include "grader/exercise/toml_table.hpp"

namespace ferrule::grader {

inline constexpr size_t kMayMax = 8;         // FERRULE_RACE_ERRORS: kinds of errors that are counted
inline constexpr size_t kRaceCallsMax = 64;  // FERRULE_RACE_CALLS; the author may write half as many, closes are added
inline constexpr size_t kSharedMax = 8;      // FERRULE_RACE_SHARED
inline constexpr size_t kSharedSizeMax = 16384;     // the buffer of one; what is watched behind it comes on top
inline constexpr int64_t kRoundsMax = 1'000'000;    // of each list
inline constexpr size_t kRaceDataMax = 256u << 10;  // bytes of `in` and, twice, of `out`, in one list
inline constexpr int64_t kDelayMax = 2'000'000;     // microseconds

// Names and numbers; without values.
void check_race(Problems& problems, const Step& race);
// Sizes, with the values of one clone.
void check_race_sizes(Problems& problems, const Step& race, const Values& values);

// Shared buffers by name, in the order in which the guest numbers them.
std::vector<std::string> shared_buffers(const Step& race);
// Does one of its lists load or unload the module?
bool changes_what_is_loaded(const Step& race);

}  // namespace ferrule::grader
