// The host's time stamp counter. Under TCG a guest's rdtsc reads the host's (QEMU, cpu_get_host_ticks), but
// without ACPI the guest has nothing to calibrate it against and would fall back to a 4 ms clock with
// no high-resolution timers; so it is told the frequency (tsc_early_khz).
#pragma once

#include <cstdint>

namespace ferrule::vm {

// Measured for two milliseconds once per process.
uint64_t tsc_khz();

}  // namespace ferrule::vm
