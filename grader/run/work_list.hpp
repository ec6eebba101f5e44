// Which clones an exercise needs, in what order, and when a sweep is over. Knows no clock and no thread:
// several workers ask for tasks and hand in runs under the caller's lock, and what take() returns depends on
// the runs alone, never on which worker was quick.
//
// A sweep makes the 1st, 2nd, 3rd … fault point of one call fail, each in a clone of its own. How many there are
// the scenario's plain run counts; until it has, only the first one is started ahead. A run that says that
// nothing was injected ends the sweep too, and what was started beyond the end is thrown away.
#pragma once

#include <optional>

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

class WorkList {
public:
    static constexpr unsigned kSweepCap = 64;  // fault points of one call
    static constexpr unsigned kHangsCap = 2;   // each costs a deadline; more of them say nothing new

    explicit WorkList(const std::vector<Scenario>& scenarios);

    std::optional<RunTask> next();  // none: nothing to start now
    void done(const RunTask& task, Run run);
    bool finished() const;  // nothing under way, nothing left to start
    size_t tasks_left_at_least() const;
    std::vector<Run> take();  // base runs, then sweeps, each in order; fault_number filled in

private:
    struct Base {
        RunTask task;
        bool started = false;
        std::optional<Run> run;
    };
    struct Sweep {
        int scenario, step;
        unsigned started = 0;
        unsigned end = kSweepCap + 1;  // the first N that does not count
        bool counted = false;
        std::map<unsigned, Run> runs;
    };
    bool dropped(const Sweep& sweep) const;

    std::vector<Base> bases_;
    std::vector<Sweep> sweeps_;
    size_t under_way_ = 0;
};

// The injected failure hit memory the detectors keep for themselves (their stack says so), and not the module's call.
bool swallowed_by_detectors(const Run& run);

}  // namespace ferrule::grader
