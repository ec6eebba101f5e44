// On a host with many times more to do than it has processors a guest or a compiler is slow without being stuck, and
// the same submission must get the same verdict. So limits on time grow with the load, up to a point; beyond it what
// ran out of time is the host's failure (an Error), not the learner's.
#pragma once

#include "sandbox/base/result.hpp"

namespace ferrule {

// From 1 up to kMostPatience: what a limit on time is multiplied by. One while there are at most two tasks for each
// processor: our own clones and their build keep that many busy.
double patience();
constexpr double kMostPatience = 6;

// More than kMostPatience makes up for.
bool host_too_busy();
// "host-busy". `what` ran out of time: "the build took longer than 360 s".
Error host_busy_error(const std::string& what);

// The arithmetic: `load` is the number of tasks that run or wait, averaged over a minute (getloadavg(3)).
double overload(double load, unsigned processors);

}  // namespace ferrule
