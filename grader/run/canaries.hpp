// Proof that the detectors were alive: known bugs, made in the kernel's own code when a clone has had its last run.
#pragma once

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

// What a run is kept as until its clone goes.
struct LastRun {
    Canaries canaries;   // whose they will be; nothing heard yet
    uint64_t seed = 0;   // the run's
    bool quiet = false;  // it can be asked, and no report of its own keeps a detector from speaking again
};
LastRun last_run(const Run& run);

// The clone is of no further use afterwards. Nothing is asked after a run that was not quiet: there is a finding.
// Errors are ours: "guest-lost" (QEMU was ended from outside).
Result<Canaries> ask_canaries(Guest& guest, const RunCommon& common, LastRun last);

// In the order in which they are made, for a kernel variant after a run with this seed.
std::vector<std::string> canaries_of(const std::string& variant, uint64_t seed);

}  // namespace ferrule::grader
