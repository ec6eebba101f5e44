// What still uses a module after it was unloaded: a file kept open without .owner, a timer, a thread, a late release.
// Whether KASAN sees a read of its data first or the processor a jump into its code is a matter of luck; both are the
// same mistake.
#pragma once

#include <algorithm>
#include <string_view>

#include "grader/console/console.hpp"

namespace ferrule::grader {

// MODULES_VADDR to MODULES_END without KASLR (arch/x86/include/asm/pgtable_64_types.h).
constexpr bool in_module_area(uint64_t address) {
    return address >= 0xffffffffa0000000u && address < 0xffffffffff000000u;
}

// The kernel names the module of a frame as long as it is loaded.
inline bool no_module_on_stack(const Splat& splat) {
    return std::none_of(splat.stack.begin(), splat.stack.end(),
                        [](const ConsoleFrame& frame) { return !frame.module.empty(); });
}

constexpr const char* kGoneModule = "the module's code or data used after it was unloaded";

}  // namespace ferrule::grader
