// Which runs an exercise needs, in what order, in which chain of clones, and when a sweep is over. Knows no clock and
// no thread: workers ask for tasks and hand in runs under the caller's lock.
//
// A clone that a run left as it found it serves the next run (its code is translated already, which under emulation
// is most of a run's time). Which task belongs to which chain, and their order in it, never depends on how quick
// a worker was, so that on one host the same submission has the same runs in the same order in front of each.
//
// A sweep makes the 1st, 2nd, 3rd … fault point of one call fail, until nothing was injected any more. First as a
// ladder, all in one run. A ladder that did not go as it should (a wrong errno, a trace left behind, an answer
// that differs from the plain run's, another number of fault points) is thrown away, and each N gets a fresh clone:
// what an allocation has to do depends on what was freed before. (What the allocators and the detectors take for
// themselves is no fault point: kernel-image/kernel/overlay/drivers/ferrule/keepers.c.)
//
// Behind these come the sweeps of what the module has other contexts run (background.hpp): of a scenario whose plain
// run met fault points there and left nothing behind. These have no ladder: N by N, a run each.
#pragma once

#include <functional>
#include <optional>
#include <set>

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

class WorkList {
public:
    static constexpr unsigned kMostChains = 4;  // a small exercise does not pay for more clones' first runs
    static constexpr unsigned kHangsCap = 2;    // each costs a deadline; more of them say nothing new
    static constexpr unsigned kSpoiltCap = 6;  // fault points, when already the plain run left a trace: mend that first
    static constexpr unsigned kBackgroundCap = 16;  // fault points of a scenario's work items, timers, threads, …
    static constexpr unsigned kSameSiteCap = 2;     // of these, at a place that has failed before

    using Shows = std::function<bool(const Run&)>;

    // Those of the scenarios that run on `kernel`; they outlive it. `most_chains`: what the host bears. `shows`: is
    // there a finding in this run of a scenario that is to be repeated? Then the repeats behind it are not made.
    WorkList(const std::vector<Scenario>& scenarios, const std::string& kernel, unsigned most_chains, Shows shows = {});

    // None: the chain's next task waits for another chain's run, or the chain is exhausted.
    std::optional<RunTask> next(unsigned chain);
    void done(const RunTask& task, Run run);
    bool exhausted(unsigned chain) const;        // nothing under way, nothing left to start
    unsigned chains() const { return chains_; }  // 1 or more, each of which has tasks
    std::vector<Run> take();                     // base runs, then sweeps, each in order; fault_number filled in

private:
    struct Base {
        RunTask task;
        unsigned chain;
        bool started = false, dropped = false;
        std::optional<Run> run;
    };
    struct Sweep {
        RunTask task;  // the next one
        unsigned chain;
        bool under_way = false, over = false;
        unsigned hangs = 0;
        std::set<std::string> sites;  // of a background sweep: what failed
        unsigned same_site = 0;
        std::vector<Run> runs;
    };
    const Run* plain_run(int scenario) const;
    bool dropped(const Sweep& sweep) const;
    bool went_as_it_should(const Run& ladder) const;
    void next_of(Sweep& sweep, const Run& run);
    void background_done(Sweep& sweep, Run run);

    const std::vector<Scenario>& scenarios_;
    unsigned chains_;
    Shows shows_;
    std::vector<Base> bases_;
    std::vector<Sweep> sweeps_;
};

}  // namespace ferrule::grader
