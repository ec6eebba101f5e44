// A declared step, with the values of one run -> a request to the guest, and the reply -> what was observed.
#pragma once

#include "grader/run/observations.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::grader {

struct StepRequest {
    vm::Request request;
    size_t buffer = 0;  // bytes of the buffer in the reply (ioctl, read); the guard follows
    size_t guard = 0;
};

struct StepPlace {
    std::string module;       // name of the module
    std::string module_path;  // in the guest
    std::string program_path;
    unsigned worker = 1, slot = 0;
    unsigned fail_nth = 0;
    double deadline_seconds = 10;
};

// Errors: those of evaluate(); "range" for a number no call can be made with. The parser tried the scenario's own
// values, so that an error here comes from a captured one.
Result<StepRequest> make_request(const Step& step, const Values& values, const StepPlace& place);

// Fills error, value, data, overrun, truncated, fault_fired, seconds, and lost for "worker-died" and a program's
// deadline.
void take_reply(const Step& step, const StepRequest& made, vm::Reply&& reply, StepObservation& out);

}  // namespace ferrule::grader
