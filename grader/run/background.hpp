// Faults in what the module has other contexts run: work items, timers, threads, interrupt handlers, RCU callbacks.
//
// Theory of operation (lib/fault-inject.c, should_fail_ex()). A task's fail-nth covers that task alone, and a task
// whose fail-nth is not 0 never looks at an attribute's probability. So while every call that the host makes carries a
// fail-nth which only counts, an attribute with a probability covers exactly the other contexts. Before it fails
// anything, an attribute takes the size of each fault point from its `space`: with much of that nothing fails, and what
// is missing afterwards says that there were fault points. With no space and `times` 1, the attribute's `interval`-th
// fault point since the clone began fails, and `times` is 0 afterwards. The kernel goes on counting where the last run
// in the clone ended, and does not say where: known is it only when the fault fired.
//
// All of it is written anew before each run of such a module. What is read back is hostile: at worst the module loses
// its own sweep.
#pragma once

#include <optional>

#include "grader/run/guest.hpp"
#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

inline constexpr const char* kFaultAttributes[] = {FERRULE_FAULT_ATTRIBUTES};

// By the symbols that a module imports: does it have other contexts run its code? Only such a module is looked at: with
// a probability every allocation of the guest walks its stack.
bool runs_in_background(const std::vector<std::string>& imports);

// A scenario with a sweep, on the kernel that sweeps are made on. What a race or a test program does, it does in tasks
// that carry no fail-nth.
bool sweeps_background(const Scenario& scenario, const std::string& kernel);

struct FaultSetting {
    std::string file, value;
};
// In the order in which they are to be written. `counts`: in this run fault points in the background are looked for.
std::vector<FaultSetting> fault_settings(const RunTask& task, bool counts);

// What `met` is after a run of `task`; none: not known.
std::optional<unsigned> met_after(const RunTask& task, const Run& run);

// After the run: Run::background_points, or Run::background_fired of a run with Run::background.
void look_at_background(Guest& guest, Run& run, std::chrono::milliseconds limit);

// What was made to fail, by the injector's report: its frames down to the module's first. "" where nothing was
// reported. None: it was not the module's. An interrupt's own allocation counts too when it came while the module's
// code ran, since that is on the stack further out.
std::optional<std::string> background_site(const Run& run);

}  // namespace ferrule::grader
