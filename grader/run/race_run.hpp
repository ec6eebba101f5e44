// A race: all lists handed over, all answers collected.
#pragma once

#include "grader/run/aftermath.hpp"
#include "grader/run/race_program.hpp"

namespace ferrule::grader {

struct RaceLimits {
    std::chrono::milliseconds deadline;      // for the whole race
    std::chrono::milliseconds grace;         // for a list to come to its end when it was told to
    std::chrono::milliseconds after_report;  // for the lists after the kernel reported something
    std::function<bool()> cancelled;
};

struct RaceOutcome {
    bool go_on = true;               // false: the run ends here
    bool died = false;               // a worker did
    int64_t loads = 0, unloads = 0;  // that succeeded
    bool loading_unknown = false;    // a list that loads or unloads did not answer
};

// Appends a StepObservation for each step of each list, in their order.
RaceOutcome run_race(Guest& guest, Run& run, Aftermath& aftermath, const Step& race, int index, const RacePlace& place,
                     const RaceLimits& limits);

}  // namespace ferrule::grader
