// What is looked at when a scenario's steps are over, or when one of them got no answer.
#pragma once

#include "grader/run/scenario_run.hpp"

namespace ferrule::grader {

// How long our own calls may take: none of them waits for the module, but settling, which waits for
// RCU and work queues, and all of them wait for an emulated guest on a busy host.
inline constexpr std::chrono::milliseconds kHousekeeping{30'000};
inline constexpr std::chrono::milliseconds kAfterDeath{3'000};  // what comes back then comes back soon, or not at all
inline constexpr std::chrono::milliseconds kProbe{1'000};       // a guest that hangs may not answer at all

class Aftermath {
public:
    Aftermath(Guest& guest, const RunCommon& common, Run& run) : guest_(guest), common_(common), run_(run) {}

    // Stacks of the cpus (once a run) and of a worker, into Run::hang.
    void look_at_hang(unsigned worker, const std::string& who);
    // The module is still loaded after the last step. `fail_nth`: of unloading, see background.hpp.
    void force_unload(unsigned last_worker, std::chrono::milliseconds deadline, unsigned fail_nth);
    // Ledger, listing, lockdep's state: each part only while the guest answers.
    void look_around();
    // What the kernel has to say since `mark` (bytes of the console), all of it, into Run::console.
    void hear_out(size_t mark);

    bool gone = false;  // no more answers are to be expected
    bool died = false;  // a task died in a call: whoever needs a lock that it held waits for ever

    // The addresses of the module's functions, into Run: asked after each load, since a machine that goes down later
    // cannot be asked any more.
    void look_where_module_is();

private:
    void take_ledger(const vm::Reply& reply);
    bool take_resources(const vm::Reply& reply);  // true: all is as it was before
    void look_at_what_is_left();
    void look_at_cpus(const char* when);

    Guest& guest_;
    const RunCommon& common_;
    Run& run_;
};

}  // namespace ferrule::grader
