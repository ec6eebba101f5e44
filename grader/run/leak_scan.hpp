// kmemleak as the second opinion on what was left behind (deep runs): memory that nothing points to any more.
#pragma once

#include <string_view>

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

inline constexpr size_t kLeaksCap = 1024;

// Of /sys/kernel/debug/kmemleak: the objects with an address of the module area in their stack, which the kernel cannot
// name any more. Frames that it can name have the address 0. The text is hostile.
std::vector<LedgerEntry> parse_kmemleak(std::string_view text);

// After the module has gone. Takes about twelve seconds; result and reason into the run. False: no answer.
bool scan_for_leaks(Guest& guest, const RunCommon& common, Run& run);

}  // namespace ferrule::grader
