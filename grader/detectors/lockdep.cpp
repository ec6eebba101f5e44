// What lockdep and the lock debugging say: unlocking what is not held, holding what should be released, locks never
// initialised, orders that can deadlock; and RCU's readers.
#include <charconv>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/source_spans.hpp"

namespace ferrule::grader {
namespace {

// Where the line to change is: at the access, where the held lock was taken, or where the lock is being taken.
enum class At { stack, held, acquiring };

struct Row {
    const char* part;
    const char* finding_class;
    const char* title;
    At at;
};

constexpr Row kRows[] = {
    // kernel/locking/lockdep.c, spinlock_debug.c, mutex-debug.c, kernel/workqueue.c
    {"bad unlock balance", "lock-imbalance", "a lock released that is not held", At::stack},
    {"bad contention", "lock-imbalance", "a lock waited for in the wrong state", At::stack},
    {"lock held when returning to user space", "lock-imbalance", "still held when the call returned", At::held},
    {"still has locks held", "lock-imbalance", "still held when the task went on", At::held},
    {"held lock freed", "lock-imbalance", "memory freed with a held lock in it", At::stack},
    {"workqueue leaked", "lock-imbalance", "still held when the work function returned", At::held},
    {"Nested lock was not taken", "lock-imbalance", "the outer lock was not taken", At::stack},
    {"non-static key", "lock-imbalance", "a lock used without having been initialised", At::stack},
    {"bad magic", "lock-imbalance", kNoLock, At::stack},
    {"magic != lock", "lock-imbalance", kNoMutex, At::stack},
    {"already unlocked", "lock-imbalance", "a spinlock released that is not held", At::stack},
    {"wrong owner", "lock-imbalance", "a spinlock released by a task that does not hold it", At::stack},
    {"wrong CPU", "lock-imbalance", "a spinlock released on another CPU than it was taken on", At::stack},
    {"pc - uval > pc", "lock-imbalance", "preemption enabled more often than disabled", At::stack},
    {"preemption imbalance", "lock-imbalance", "init returned with preemption disabled: a spinlock is still held",
     At::stack},
    {"disabled interrupts", "lock-imbalance", "init returned with interrupts disabled", At::stack},
    {"recursion on CPU", "deadlock", "a spinlock taken again by its holder", At::stack},
    {"possible recursive locking", "deadlock", "a lock taken while the same lock (or one of its class) is held",
     At::acquiring},
    {"possible circular locking", "deadlock", "locks taken in two different orders", At::acquiring},
    {"lock order detected", "deadlock", "a lock that interrupts use ordered against one they must not wait for",
     At::acquiring},
    {"irq lock inversion", "deadlock", "lock order that an interrupt can turn into a deadlock", At::acquiring},
    {"inconsistent lock state", "deadlock", "a lock used in interrupts taken with interrupts enabled", At::acquiring},
    {"DEBUG_LOCKS_WARN_ON", "lock-imbalance", kWrongLockState, At::stack},
};

std::optional<SourcePlace> held_place(const Evidence& evidence, const Splat& splat, std::string* name = nullptr) {
    // The innermost lock of the learner's.
    for (size_t i = splat.held.size(); i-- > 0;)
        if (auto place = blame(evidence, std::vector<ConsoleFrame>{splat.held[i]})) {
            if (name && i < splat.held_names.size()) *name = splat.held_names[i];
            return place;
        }
    return std::nullopt;
}

// Rust names a lock after the place that made it ("ring.rs:61"), and takes it through a helper inside the kernel,
// so that is often all there is.
std::optional<SourcePlace> made_at(const Evidence& evidence, const Splat& splat) {
    for (size_t i = splat.held_names.size(); i-- > 0;) {
        const std::string& name = splat.held_names[i];
        size_t colon = name.rfind(':');
        if (colon == std::string::npos || !evidence.all.sources.contains(name.substr(0, colon))) continue;
        int line = 0;
        auto [end, error] = std::from_chars(name.data() + colon + 1, name.data() + name.size(), line);
        if (error == std::errc() && end == name.data() + name.size() && line > 0)
            return SourcePlace{name.substr(0, colon), line, {}, true};
    }
    return std::nullopt;
}

// A guard that is never dropped is nearly always forgotten in so many words: `forget(queue)`. The line to show is
// the one that took the lock, `let mut queue = self.queue.lock();`, or else the word itself.
struct Forgotten {
    SourcePlace taken, at;
};

std::optional<Forgotten> forgotten(const Evidence& evidence) {
    if (evidence.all.language != Language::rust) return std::nullopt;
    std::vector<Forgotten> guards;
    std::vector<SourcePlace> others;
    for (std::string_view word : {"forget", "ManuallyDrop::new", "Box::leak", "KBox::leak"})
        for (const auto& mention : mentions(evidence.all, word)) {
            const auto lines = code_lines(evidence.all.sources.at(mention.file), Language::rust);
            const std::string_view call = lines.at(static_cast<size_t>(mention.line) - 1);
            size_t open = call.find(word);
            open = open == std::string_view::npos ? open : call.find('(', open);
            if (open == std::string_view::npos) continue;  // `use core::mem::forget;`
            SourcePlace at{mention.file, mention.line, {}, true};
            if (call.find(".lock()", open) != std::string_view::npos) {
                guards.push_back({at, at});
                continue;
            }
            const std::string_view name = word_at(call, open + 1);
            bool found = false;
            for (int line = mention.line; line > 0 && !found && !name.empty(); --line) {
                const std::string_view made = lines.at(static_cast<size_t>(line) - 1);
                size_t let = made.find("let "), equals = made.find(" = ");
                if (let == std::string_view::npos || equals == std::string_view::npos || let > equals) continue;
                std::string_view bound = made.substr(let + 4, equals - let - 4);
                if (bound.starts_with("mut ")) bound.remove_prefix(4);
                bound = bound.substr(0, bound.find(':'));
                if (bound != name) continue;
                found = true;
                if (made.find("lock()", equals) != std::string_view::npos)
                    guards.push_back({{mention.file, line, {}, true}, at});
            }
            if (!found) others.push_back(at);
        }
    if (guards.size() == 1) return guards[0];
    if (guards.empty() && others.size() == 1) return Forgotten{others[0], others[0]};
    return std::nullopt;
}

std::string lock_words(const std::string& name) { return name.empty() ? "a lock" : "lock \"" + name + "\""; }

}  // namespace

std::vector<Finding> detect_lockdep(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats) {
        if (splat.kind == "rcu") {
            // kernel/rcu/tree.c: "Illegal synchronize_rcu() in RCU read-side critical section!"
            const bool waits = splat.text.find("in RCU read-side critical section") != std::string::npos ||
                               splat.text.find("in RCU-bh read-side critical section") != std::string::npos;
            auto finding = finding_of(evidence, "rcu", "lockdep",
                                      waits ? "a reader waits for the end of all readers, and so for itself"
                                            : "suspicious RCU usage: a pointer read outside rcu_read_lock()",
                                      blame(evidence, splat));
            keep_report(finding, splat);
            findings.push_back(std::move(finding));
            continue;
        }
        if (splat.kind != "lockdep" && splat.kind != "preempt") continue;
        if (splat.title.find("Invalid wait context") != std::string::npos) continue;  // detect_atomic_sleep
        const Row* row = nullptr;
        for (const auto& candidate : kRows)
            if (splat.title.find(candidate.part) != std::string::npos) {
                row = &candidate;
                break;
            }
        std::string held_name;
        auto held = held_place(evidence, splat, &held_name);
        std::optional<SourcePlace> place, freed_at;
        std::optional<Forgotten> guard;
        if (row && row->at == At::held) place = held;
        if (row && row->at == At::acquiring) place = blame(evidence, splat.acquiring);
        if (!place) place = blame(evidence, splat);
        std::string title = row ? row->title : splat.title;
        auto made = made_at(evidence, splat);
        if (row && row->at == At::held) {
            if (held_name.empty() && !splat.held_names.empty()) held_name = splat.held_names.back();
            title = lock_words(held_name) + " " + title;
            if (!place && (guard = forgotten(evidence))) place = guard->taken;
            if (!place) place = made;
        }

        if (row && std::string_view(row->part) == "held lock freed")
            if ((guard = forgotten(evidence))) {
                freed_at = place;
                place = guard->taken;
            }

        // "{SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W}": the earlier use, with interrupts on, is the one to change.
        std::optional<SourcePlace> other;
        for (const auto& stack : splat.others)
            if (auto found = blame(evidence, stack);
                found && !(place && found->file == place->file && found->line == place->line)) {
                other = found;
                break;
            }
        if (size_t arrow = splat.detail.find("} -> {");
            arrow != std::string::npos && splat.detail.substr(0, arrow).find("-ON-") != std::string::npos && other) {
            std::swap(place, other);
        }
        auto finding = finding_of(evidence, row ? row->finding_class : "lock-imbalance", "lockdep", title, place);
        if (held && !(place && held->file == place->file && held->line == place->line))
            relate(finding, "lock taken", held);
        relate(finding, "also", other);
        relate(finding, "freed", freed_at);
        if (guard && guard->at.line != guard->taken.line) relate(finding, "never released", guard->at);
        if (made && !(place && made->file == place->file && made->line == place->line))
            relate(finding, "lock made", made);
        keep_report(finding, splat);
        findings.push_back(std::move(finding));
    }
    return findings;
}

// Who called the module's function where nothing may sleep, whatever locks there are. Innermost first: a soft interrupt
// runs timers. `word`: whose function it is.
struct Caller {
    const char* function;
    const char* word;
};
constexpr Caller kCallers[] = {
    {"call_timer_fn", "a timer's function, and so in a soft interrupt"},        // kernel/time/timer.c
    {"__hrtimer_run_queues", "an hrtimer's function, and so in an interrupt"},  // kernel/time/hrtimer.c
    {"__handle_irq_event_percpu", "an interrupt handler"},                      // kernel/irq/handle.c
    {"tasklet_action_common", "a tasklet, and so in a soft interrupt"},         // kernel/softirq.c
    {"rcu_do_batch", "an RCU callback, which may run in a soft interrupt"},     // kernel/rcu/tree.c
    {"irq_work_single", "irq_work, and so in an interrupt"},                    // kernel/irq_work.c
    {"handle_softirqs", "a soft interrupt"},                                    // kernel/softirq.c
};

// Frames that one context has put on the stack of another end at an entry (arch/x86/include/asm/idtentry.h).
const char* atomic_caller(const Splat& splat) {
    bool below_module = false;
    for (const ConsoleFrame& frame : splat.stack) {
        if (frame.unreliable) continue;
        if (frame.function.starts_with("asm_")) return nullptr;
        below_module = below_module || !frame.module.empty();
        if (!below_module) continue;
        for (const Caller& caller : kCallers)
            if (frame.function == caller.function) return caller.word;
    }
    return nullptr;
}

std::vector<Finding> detect_atomic_sleep(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats) {
        bool wait_context = splat.kind == "lockdep" && splat.title.find("Invalid wait context") != std::string::npos;
        if (splat.kind != "atomic-sleep" && !wait_context) continue;
        std::string name;
        auto held = held_place(evidence, splat, &name);
        auto disabled =
            splat.preempt_disabled ? blame(evidence, std::vector<ConsoleFrame>{*splat.preempt_disabled}) : std::nullopt;
        auto place = blame(evidence, splat);
        auto made = made_at(evidence, splat);
        auto since = held ? held : disabled;
        const bool whole = splat.whole_stack && !splat.truncated;
        if (!place && !since && !splat.held_names.empty() && whole) {
            // Rust takes its locks, and RCU, through helpers inside the kernel.
            if (auto guard = forgotten(evidence)) since = guard->taken;
            if (!since) since = made;
            name = splat.held_names.back();
        }
        if (!place && since && whole) {
            // The kernel itself sleeps, because the module returned to it with a lock still held.
            auto finding = finding_of(evidence, "lock-imbalance", "lockdep",
                                      held || !name.empty() ? lock_words(name) + " still held when the call returned"
                                                            : "preemption still disabled when the call returned",
                                      since);
            keep_report(finding, splat);
            findings.push_back(std::move(finding));
            continue;
        }
        std::string title = wait_context ? "this lock may sleep, but " : "this call may sleep, but ";
        if (name.empty() && !splat.held_names.empty()) name = splat.held_names.back();
        // What lockdep holds for the length of a timer's function is no lock of anybody's.
        const char* const caller = held || !place ? nullptr : atomic_caller(splat);
        if (caller)
            title += std::string("it is made in ") + caller;
        else if (held || made)
            title += lock_words(name) + " is held";
        else if (splat.title.find("RCU read-side") != std::string::npos)
            title += "it is made inside rcu_read_lock()";
        else if (disabled)
            title += "preemption is disabled";
        else
            title += "the context is atomic";
        auto finding = finding_of(evidence, "sleep-in-atomic", wait_context ? "lockdep" : "atomic-sleep", title, place);
        relate(finding, held ? "lock taken" : "also", since);
        if (made && !caller) relate(finding, "lock made", made);
        keep_report(finding, splat);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
