// How many clones run on this host at once, over all ferrule processes: a slot is a locked file, freed by
// the kernel when its holder dies.
#pragma once

#include <chrono>

#include "sandbox/base/files.hpp"

namespace ferrule::vm {

// Memory one busy clone takes (private pages and QEMU itself), with room to spare.
constexpr uint64_t kCloneBytes = 320u << 20;

// Clones for so many processors and so much available memory; at least 1.
unsigned clones_for(unsigned cores, uint64_t available_bytes);
// MemAvailable of /proc/meminfo's text, in bytes; 0 when it is not there.
uint64_t parse_available(std::string_view meminfo);

// Waits for one of `count` slots in `folder`. One at a time tries; which of the others is the next is left to chance.
// Errors: "host-limit" when none became free in `limit` while it was this one's turn (with a limit of 0: at once),
// "cancelled".
Result<FileLock> take_slot(const fs::path& folder, unsigned count, std::chrono::milliseconds limit);

}  // namespace ferrule::vm
