// One list of a race -> the program that a worker of the guest runs, and its answer -> what was observed.
#pragma once

#include <optional>
#include <set>

#include "grader/run/step_request.hpp"

namespace ferrule::grader {

struct RacePlace {
    std::string module, module_path;
    std::map<std::string, std::optional<unsigned>> files;  // of the main sequence: name -> slot, none: not open
    uint64_t seed = 0;
    unsigned milliseconds = 1000;
};

struct RaceProgram {
    size_t lane = 0;
    vm::Request request;  // its worker is the lane's
    struct Call {
        size_t step;  // index in the list
        size_t kept;  // bytes of `out`
    };
    std::vector<Call> calls;  // fewer than steps where a step cannot be made
};

constexpr unsigned race_worker(size_t lane) { return 2 + static_cast<unsigned>(lane); }

RaceProgram make_race_program(const Step& race, size_t lane, const Values& values, const RacePlace& place);

// None: not what an agent answers (the guest is hostile, or broken).
std::optional<std::vector<RaceTally>> parse_tallies(const RaceProgram& program, std::string_view data);

// Which step of the list a dead worker was at; the first one when the guest does not say.
size_t last_step(const RaceProgram& program, std::string_view data);

}  // namespace ferrule::grader
