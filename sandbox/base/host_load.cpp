#include "sandbox/base/host_load.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace ferrule {
namespace {

double load_now() {
    double load = 0;
    return getloadavg(&load, 1) == 1 ? load : 0;
}

}  // namespace

double overload(double load, unsigned processors) { return std::max(1.0, load / (2.0 * std::max(1u, processors))); }

double patience() { return std::min(overload(load_now(), std::thread::hardware_concurrency()), kMostPatience); }

bool host_too_busy() { return overload(load_now(), std::thread::hardware_concurrency()) > kMostPatience; }

Error host_busy_error(const std::string& what) {
    return {"host-busy",
            fmt::format("{}, and this machine has {:.0f} tasks for {} processors: that is not the submission's fault",
                        what, load_now(), std::thread::hardware_concurrency()),
            "try again when the machine has less to do"};
}

}  // namespace ferrule
