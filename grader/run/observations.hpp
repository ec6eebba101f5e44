// What happened: facts only, as data. They serialise (observations_json.cpp), so that every recorded run
// can be judged again without a VM. Everything in here that came from the guest is hostile text.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "grader/exercise/exercise.hpp"
#include "grader/symbols/module_debug.hpp"
#include "sandbox/build/module_builder.hpp"

namespace ferrule::grader {

// What came of one step of a race, all rounds together.
struct RaceTally {
    struct Errors {
        int error = 0;
        int64_t count = 0;
    };
    struct Values {
        int64_t value = 0, count = 0, round = 0;  // round: the first, from 1
    };
    struct Outs {
        std::string data;  // as much as `out` wants
        int64_t length = 0, count = 0;
    };
    int64_t made = 0, skipped = 0, good = 0;
    int64_t overruns = 0, overrun = 0;  // calls that wrote behind their buffer; the most bytes of one
    std::vector<Errors> errors;
    std::vector<Values> values;  // of the calls that succeeded: the first few different ones
    std::vector<Outs> outs;      // likewise; none where the step wants no `out`
    int64_t other_errors = 0, other_values = 0, other_outs = 0;  // calls with one that is not kept
};

struct StepObservation {
    int step = 0;                   // index in Scenario::steps
    int lane = -1, lane_step = -1;  // inside `parallel` or `race`
    bool attempted = false;
    bool retry = false;   // the swept step, made again without a fault
    std::string lost;     // "", "deadline", "guest-ended", "protocol", "worker-died", or, of a step not attempted,
                          // "unusable-value": what the module returned earlier (capture) cannot be used here
    int error = 0;        // errno of the call
    int64_t value = 0;    // of `program`: its exit status, 128 + signal
    std::string data;     // what came back (ioctl: the whole buffer)
    int64_t overrun = 0;  // bytes changed in the 256 behind the buffer of an ioctl or a read
    bool truncated = false;
    bool fault_fired = false;
    int fault_points = 0;  // of a step that is to be swept, when nothing was made to fail: how often it could have
                           // been; of others, 0 or likewise
    double seconds = 0;
    std::vector<RaceTally> race;  // one, of a step of a race that was attempted and not lost
};

struct LedgerEntry {
    std::string kind;  // "slab", "pages", "vmap", "percpu"
    uint64_t pointer = 0, bytes = 0;
    std::vector<uint64_t> frames;    // innermost first
    std::vector<std::string> names;  // kernel function of each frame by System.map; "" inside the module
};

struct SymbolAddress {
    std::string name;
    uint64_t address = 0;
};

struct ResourceEntry {  // "node" "/dev/ring", "irq" "5 ring", "kthread" "ring/0"
    std::string kind, name;
    bool operator==(const ResourceEntry&) const = default;
};

// who: "cpu 0", or a task that did not answer, with its state: "worker 1 (D (disk sleep))", "settling (…)". Of a task
// the kernel gives no addresses: frames are 0 and names are "ring_open+0x1a/0x40 [ring]"; of a cpu, names are
// functions, "" inside the module.
struct HangStack {
    std::string who;
    std::vector<uint64_t> frames;
    std::vector<std::string> names;
};

struct Run {  // of one scenario in one clone
    int scenario = 0;
    std::string scenario_name;
    std::string variant;  // kernel
    uint64_t seed = 0;
    Values values;
    int sweep_step = -1;    // which step was swept, -1: none
    bool ladder = false;    // the swept call failed at one fault point after the other in this run
    unsigned fail_nth = 0;  // the last one
    // What was to fail in contexts other than the host's calls, at its fail_nth-th fault point there: an attribute of
    // the kernel's fault injection, see background.hpp. Empty: nothing.
    std::string background;
    bool background_fired = false;
    std::vector<std::string> background_points;  // of a plain run: the attributes with fault points there
    unsigned runs_before = 0;                    // in the same clone, all of which left it as they found it
    bool files_open = false;                     // at the end, in a task that was not killed
    int fault_number = 0;                        // how many-th fired fault of this step (1…): "allocation 2 failed"
    std::vector<StepObservation> steps;
    std::string console;  // since the run began; kernel log lines as the serial port gave them
    bool console_truncated = false;
    bool console_silent = false;  // the guest lives, but what the host wrote into the kernel's log at the end did not
                                  // come out of the console
    std::vector<SymbolAddress> module_symbols;  // function symbols as loaded, from the ledger
    std::vector<LedgerEntry> live;              // allocated by the module, still live at the end
    bool ledger_complete = true;                // no overflow, dump ended properly
    bool ledger_stopped = false;                // somebody switched recording off before it was read
    bool ledger_read = false;
    std::string leak_scan;                  // of a deep run: "done", or why kmemleak has no opinion; else empty
    std::vector<LedgerEntry> unreferenced;  // what kmemleak found and the ledger did not
    std::vector<ResourceEntry> resources_before, resources_after;
    bool resources_read = false;
    bool module_gone = false;     // unloaded at the end, by the guest's own listing
    bool unload_forced = false;   // still loaded after the steps: workers killed, unloading tried once more…
    int unload_error = 0;         // …with this errno
    std::string debug_locks;      // "1", "0", "" when it could not be read
    std::string end;              // "running", "powered-off", "reset", "panicked", "device-failed"
    std::string hardware_error;   // of "device-failed": QEMU's words, printable
    std::vector<HangStack> hang;  // when a step, or settling at the end, missed its deadline
    double restore_seconds = 0, run_seconds = 0;
};

// A clone at its end, before it was thrown away: which detectors reported the known bad accesses that the host then had
// the kernel make (canaries.cpp).
struct Canaries {
    int scenario = 0;  // of the last run in this clone
    std::string scenario_name;
    std::string variant;
    std::map<std::string, std::string> heard;  // "kasan" -> "reported", "silent", "EINVAL", "no answer"; empty: not
                                               // asked, since something had been reported in the last run
    std::string console;                       // what came out, when one of them did not report
};

struct Observations {
    int format = 1;
    std::string exercise, module;
    Language language = Language::c;
    uint64_t seed = 0;  // each run's is derived of it; 0: not recorded
    bool built = false;
    std::vector<build::Diagnostic> diagnostics;
    std::vector<std::string> imports;
    std::vector<std::string> source_files;       // names of the learner's sources
    std::map<std::string, std::string> sources;  // their text, for excerpts and static rules
    std::map<std::string, ModuleDebug> debug;    // by kernel variant: the module is built for each
    std::vector<Run> runs;
    std::vector<Canaries> canaries;     // one for each clone that still answered at its end
    std::vector<Observations> clients;  // the submission with each of the exercise's hostile clients in it
    std::string kernel_release, image_key, accelerator;
    double build_seconds = 0, restore_seconds = 0, run_seconds = 0, total_seconds = 0;
};

// Of the module that was loaded in this run.
const ModuleDebug& debug_of(const Observations& observations, const Run& run);

std::string to_json(const Observations& observations);
Result<Observations> observations_from_json(std::string_view text);

}  // namespace ferrule::grader
