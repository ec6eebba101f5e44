// One scenario in one clone, from the module put in to the last look around.
#pragma once

#include <functional>
#include <future>

#include "grader/run/guest.hpp"
#include "grader/run/observations.hpp"
#include "grader/symbols/kernel_symbols.hpp"

namespace ferrule::grader {

// What all runs of one observe() share. Thread-safe: constant, but for what the functions do.
struct RunCommon {
    std::string module;
    std::string ko;                                    // stripped, for the guest
    std::map<std::string, std::string> programs;       // Step::file_name -> static executable
    std::function<std::string(uint64_t)> kernel_name;  // function at a kernel address
    std::vector<ResourceEntry> resources_before;       // of the template: what every clone begins with
    std::string variant;
    bool pci = false;         // the module is a PCI driver: the edu device is found anew for it
    bool background = false;  // the module has other contexts run its code: faults there are looked for, too
    bool kobjects = false;    // the module manages kobjects of its own: their releases are held back
    std::function<bool()> cancelled;
    // How much longer than usual an answer may take on this host now; 1 or more.
    std::function<double()> patience = [] { return 1.0; };
};

struct RunTask {
    static constexpr unsigned kFailNthCap = 64;  // more fault points of one call are not made to fail

    int scenario = 0;
    unsigned repeat = 0;
    int sweep_step = -1;
    unsigned fail_nth = 0;
    bool ladder = false;     // fail_nth and, while the call fails, each after it in the same run
    bool fresh = false;      // in a clone in which nothing has run
    std::string background;  // Run::background
    unsigned met = 0;        // fault points of that attribute which the kernel has counted in this clone before
};

// Errors are ours: "guest-lost" (the clone ended before the module was in it), "cancelled", "exercise-data".
Result<Run> run_scenario(Guest& guest, const RunCommon& common, const Scenario& scenario, const RunTask& task,
                         uint64_t seed);

// Is the clone after this run as it was before? No step without an answer, nothing left behind, nothing reported: what
// the next run of the same exercise finds there it would find in a fresh clone.
bool left_as_found(const Run& run);

// Did something in it take longer than it may?
bool ran_out_of_time(const Run& run);

const char* lost_word(vm::Lost lost);
const char* end_word(vm::End end);

}  // namespace ferrule::grader
