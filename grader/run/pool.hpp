// The runs of one kernel: a worker for each chain of the work list, each with a clone in its hand.
#pragma once

#include <atomic>

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

struct RunHooks;

// A clone that does not start is tried once more: the host may have been short of memory for a moment.
Result<std::unique_ptr<Guest>> start_guest(const GuestFactory& factory);

struct Made {
    std::vector<Run> runs;
    std::vector<Canaries> canaries;  // of each clone that was used
};

// `ready`: guests that were started ahead. `shows`: is there a finding in this run? Then it need not be repeated.
// Errors as run_scenario's and the factory's; the first one ends all.
Result<Made> run_all(const std::vector<Scenario>& scenarios, const RunCommon& common, const GuestFactory& factory,
                     std::vector<std::unique_ptr<Guest>> ready, unsigned chains, uint64_t seed, const RunHooks& hooks,
                     std::function<bool(const Run&)> shows);

}  // namespace ferrule::grader
