// Theory of operation. Writing a word to <debugfs>/ferrule/canary makes the kernel commit a known bug in a built-in
// function, ferrule_canary_WORD (kernel-image/kernel/overlay/drivers/ferrule/canary.c). The detector it is meant for
// must say so on the console and name the function. One that does not was silenced by the only code that ran before:
// the module's. All are made one after the other, then the console is heard out once.
//
// Worker 1 makes them, the very task that made the module's calls, so that what was switched off for this task alone
// shows too. lockdep comes first: it speaks once in a boot, and a report of KASAN's switches it off. KASAN comes
// last for the same reason. None of it says anything about a moment in the middle of a run (THREATS.md).
#include "grader/run/canaries.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "grader/console/console.hpp"
#include "grader/run/aftermath.hpp"

namespace ferrule::grader {
namespace {

constexpr const char* kCanaryFile = "/sys/kernel/debug/ferrule/canary";
constexpr size_t kConsoleKept = 16384;

struct Canary {
    std::string_view word;
    std::string_view report;  // the report's heading; ferrule_canary_WORD stands in it or below it
};
constexpr std::array<Canary, 6> kCanaries = {{
    {"lockdep", "WARNING: possible circular locking dependency detected"},
    {"sleep", "BUG: sleeping function called from invalid context"},
    {"objects", "ODEBUG: free active"},
    {"ubsan", "UBSAN: shift-out-of-bounds"},
    {"kcsan", "BUG: KCSAN: data-race in "},
    {"kasan", "BUG: KASAN: slab-use-after-free in "},
}};

// A report costs 0.05 to 0.1 s of an emulated guest. What a driver's own hands can switch off is asked every time; of
// the others, which sit deeper, one.
constexpr std::array<std::string_view, 3> kTurns = {"sleep", "objects", "ubsan"};

bool is_due(const Canary& canary, const std::string& variant, uint64_t seed) {
    if (canary.word == "kcsan") return variant == kRaceVariant;
    if (canary.word == "kasan") return variant != kRaceVariant;
    return canary.word == "lockdep" || canary.word == kTurns[seed % kTurns.size()];
}

// Two tasks have to meet within a quarter of a second of the guest's, of which a busy host may give it little.
constexpr int kRaceTries = 5;

bool reported(std::string_view console, const Canary& canary) {
    const std::string function = "ferrule_canary_" + std::string(canary.word);
    const size_t heading = console.find(canary.report);
    return heading != std::string_view::npos && console.find(function, heading) != std::string_view::npos;
}

}  // namespace

std::vector<std::string> canaries_of(const std::string& variant, uint64_t seed) {
    std::vector<std::string> words;
    for (const Canary& canary : kCanaries)
        if (is_due(canary, variant, seed)) words.emplace_back(canary.word);
    return words;
}

LastRun last_run(const Run& run) {
    LastRun last;
    last.canaries.scenario = run.scenario;
    last.canaries.scenario_name = run.scenario_name;
    last.canaries.variant = run.variant;
    last.seed = run.seed;
    const bool answered = std::all_of(run.steps.begin(), run.steps.end(), [](const StepObservation& seen) {
        return seen.lost.empty() || seen.lost == "unusable-value";
    });
    if (!answered || run.end != "running" || run.console_truncated || run.console_silent || run.debug_locks != "1" ||
        !run.hang.empty())
        return last;
    const std::vector<Splat> splats = parse_console(run.console);
    // A busy host makes an emulated guest look slow to itself: that keeps no detector from speaking.
    last.quiet = std::all_of(splats.begin(), splats.end(), [](const Splat& splat) {
        return splat.kind == "fault-injection" || splat.kind == "rcu-stall" || splat.kind == "soft-lockup" ||
               splat.kind == "hung-task";
    });
    return last;
}

Result<Canaries> ask_canaries(Guest& guest, const RunCommon& common, LastRun last) {
    Canaries out = std::move(last.canaries);
    if (!last.quiet) return out;
    const size_t mark = guest.console().size();
    const auto make = [&](const Canary& canary) {
        std::string& heard = out.heard[std::string(canary.word)];
        heard = "no answer";
        if (guest.end() != vm::End::running) return true;
        vm::Request write{FERRULE_WRITE_FILE};
        write.worker = 1;
        write.text = kCanaryFile;
        write.data = canary.word;
        const auto reply = guest.call(write, kHousekeeping);
        if (!reply) return false;  // the next call would wait as long
        heard = reply->error != 0                           ? errno_name(reply->error)
                : (reply->flags & FERRULE_WORKER_DIED) != 0 ? "died"
                                                            : "silent";
        return true;
    };
    for (const Canary& canary : kCanaries)
        if (is_due(canary, out.variant, last.seed) && !make(canary)) break;
    Run after;
    Aftermath(guest, common, after).hear_out(mark);
    for (const Canary& canary : kCanaries) {
        if (canary.word != "kcsan" || !is_due(canary, out.variant, last.seed)) continue;
        for (int more = 1; more < kRaceTries && out.heard["kcsan"] == "silent" && !reported(after.console, canary);
             ++more)
            if (make(canary)) Aftermath(guest, common, after).hear_out(mark);
    }
    if (guest.end() == vm::End::killed)
        return fail("guest-lost", fmt::format("QEMU ended after the scenario \"{}\"", out.scenario_name),
                    "Try again; if it stays, look with dmesg whether the host is short of memory.");
    bool all = true;
    for (const Canary& canary : kCanaries) {
        const auto heard = out.heard.find(std::string(canary.word));
        if (heard == out.heard.end()) continue;
        if (heard->second == "silent" && reported(after.console, canary)) heard->second = "reported";
        all = all && heard->second == "reported";
    }
    for (const std::string& word : canaries_of(out.variant, last.seed)) out.heard.try_emplace(word, "no answer");
    if (!all) out.console = after.console.substr(0, kConsoleKept);
    return out;
}

}  // namespace ferrule::grader
