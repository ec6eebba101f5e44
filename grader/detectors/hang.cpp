// No answer inside the deadline.
#include <algorithm>

#include "grader/console/frames.hpp"
#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/source_spans.hpp"

namespace ferrule::grader {
namespace {

constexpr std::string_view kLocks[] = {"mutex_lock",
                                       "__mutex_lock",
                                       "_raw_spin_lock",
                                       "do_raw_spin_lock",
                                       "queued_spin_lock_slowpath",
                                       "native_queued_spin_lock_slowpath",
                                       "down_",
                                       "__down",
                                       "rwsem_down_",
                                       "rt_mutex_",
                                       "_raw_read_lock",
                                       "_raw_write_lock",
                                       "do_raw_read_lock",
                                       "do_raw_write_lock",
                                       "queued_read_lock_slowpath",
                                       "queued_write_lock_slowpath"};

bool is_lock(std::string_view function) {
    if (function.starts_with("down_timeout") || function.find("unlock") != std::string_view::npos) return false;
    return std::any_of(std::begin(kLocks), std::end(kLocks),
                       [&](std::string_view lock) { return function.starts_with(lock); });
}

// Everybody takes a lock for a moment. A cpu that waits for one is in here (kernel/locking/qspinlock.c, qrwlock.c).
bool spins(std::string_view function) {
    return function.find("queued_") != std::string_view::npos && function.ends_with("lock_slowpath");
}

// What an interrupt did, on top of the task it came to, says nothing about that task (arch/x86/include/asm/idtentry.h).
bool is_interrupt(std::string_view function) {
    return function.starts_with("asm_") || function.starts_with("sysvec_") || function.starts_with("common_interrupt");
}

// An interrupt's first instructions, before it has a frame: whom it interrupted is not in the stack yet, only its
// caller (arch/x86/entry/entry_64.S, arch/x86/include/asm/idtentry.h).
bool enters_interrupt(const HangStack& stack) {
    if (stack.names.empty()) return false;
    const std::string& name = stack.names.front();
    return name.starts_with("asm_") || name.starts_with("error_entry") || name.starts_with("error_return") ||
           name.starts_with("sync_regs") || name.starts_with("irq_entries_start") ||
           name.starts_with("common_interrupt_return") || name.starts_with("restore_regs_and_return") ||
           name.starts_with("native_irq_return_iret");
}

constexpr const char* kAgain = " again";  // the same cpu, a while after (aftermath.cpp)

std::string function_part(const std::string& name) { return name.substr(0, name.find('+')); }

struct Stuck {
    std::optional<SourcePlace> place;
    bool on_lock = false;
    bool sleeps = false;  // by the task's state: what it waits in is a function of the scheduler's, of which its stack
                          // does not tell
    std::string in;       // the kernel function the module waits in
};

Stuck look(const Evidence& evidence, const HangStack& stack) {
    Stuck stuck;
    const bool cpu = stack.who.starts_with("cpu ");
    const bool sleeps = stack.who.find(" (S (") != std::string::npos || stack.who.find(" (D (") != std::string::npos;
    size_t count = std::max(stack.frames.size(), stack.names.size());
    for (size_t i = 0; i < count && !stuck.place; ++i) {
        std::vector<std::vector<SourcePlace>> places(1);
        const std::string name = i < stack.names.size() ? stack.names[i] : std::string();
        if (auto frame = parse_symbol(name); frame && !frame->function.empty())
            places[0] = places_of(evidence, *frame);
        else if (i < stack.frames.size() && stack.frames[i] != 0)
            places[0] = places_of(evidence, stack.frames[i], i != 0);
        if (const SourcePlace* place = first_learner_place(places))
            stuck.place = *place;
        else if (is_interrupt(name))
            stuck = {};
        else if (!name.empty()) {
            stuck.on_lock = stuck.on_lock || (cpu ? spins(name) : is_lock(name));
            stuck.in = function_part(name);
        }
    }
    stuck.sleeps = sleeps;
    return stuck;
}

Stuck look(const Evidence& evidence, const Splat& splat) {
    Stuck stuck;
    for (const auto& frame : splat.stack) {
        if (frame.unreliable) continue;
        std::vector<std::vector<SourcePlace>> places{places_of(evidence, frame)};
        if (const SourcePlace* place = first_learner_place(places)) {
            stuck.place = *place;
            return stuck;
        }
        if (is_interrupt(frame.function)) {
            stuck = {};
            continue;
        }
        if (is_lock(frame.function)) stuck.on_lock = true;
        if (!frame.function.empty()) stuck.in = frame.function;
    }
    return stuck;
}

size_t indent(std::string_view line) {
    size_t columns = 0;
    for (const char c : line) {
        if (c != ' ' && c != '\t') return columns;
        columns += c == '\t' ? 8 - columns % 8 : 1;
    }
    return std::string_view::npos;  // nothing in it
}

bool begins_loop(std::string_view line) {
    const std::string_view word = word_at(line, line.find_first_not_of(" \t"));
    return word == "while" || word == "for" || word == "do" || word == "loop";
}

// In which of its lines a loop was when it was looked at is chance. So its first line is named: the next one above, by
// the indentation, that begins one.
SourcePlace loop_of(const Evidence& evidence, SourcePlace place) {
    const auto source = evidence.all.sources.find(place.file);
    if (source == evidence.all.sources.end() || place.line <= 0) return place;
    const auto lines = code_lines(source->second, evidence.all.language);
    size_t at = static_cast<size_t>(place.line) - 1;
    if (at >= lines.size() || begins_loop(lines[at])) return place;
    for (size_t deeper = indent(lines[at]); at-- > 0 && deeper > 0;) {
        const size_t columns = indent(lines[at]);
        if (columns >= deeper) continue;
        deeper = columns;
        if (!begins_loop(lines[at])) continue;
        place.line = static_cast<int>(at) + 1;
        return place;
    }
    return place;
}

bool timing_splat(const Splat& splat) {
    return splat.kind == "soft-lockup" || splat.kind == "hung-task" || splat.kind == "rcu-stall" ||
           splat.kind == "wq-lockup";
}

}  // namespace

std::vector<Finding> detect_hang(const Evidence& evidence) {
    const StepObservation* late = nullptr;
    for (const auto& step : evidence.run.steps)
        if (step.lost == "deadline" && !late) late = &step;

    // A stack of the module's that waits for a lock says most, then that of the task which was asked, then any.
    Stuck best;
    auto better = [&](const Stuck& stuck) { return stuck.place && (!best.place || (stuck.on_lock && !best.on_lock)); };
    const auto& hang = evidence.run.hang;
    for (const bool cpus : {false, true})
        for (const auto& stack : hang) {
            if (stack.who.starts_with("cpu ") != cpus || stack.who.ends_with(kAgain)) continue;
            const auto again = std::find_if(hang.begin(), hang.end(),
                                            [&](const auto& other) { return other.who == stack.who + kAgain; });
            const bool other_moment = enters_interrupt(stack) && again != hang.end() && !enters_interrupt(*again);
            auto stuck = look(evidence, other_moment ? *again : stack);
            // Who waits its turn gets it: stuck is who still spins when looked at again.
            if (again != hang.end() && !look(evidence, *again).on_lock) stuck.on_lock = false;
            if (better(stuck)) best = stuck;
        }
    const Splat* spoken = nullptr;
    for (const auto& splat : evidence.splats) {
        if (!timing_splat(splat)) continue;
        auto stuck = look(evidence, splat);
        // A slow host makes these too: without the module in the stack they prove nothing.
        if (stuck.place && !spoken) spoken = &splat;
        if (better(stuck)) best = stuck;
    }
    bool stuck_at_end = !evidence.run.hang.empty();
    if (!late && !spoken && !stuck_at_end) return {};
    // A machine that is down answers nothing, either; early_end.cpp says so.
    if (went_down(evidence)) return {};

    std::string title = late     ? call_words(evidence, *late) + " did not return"
                        : spoken ? "the module kept the CPU or a task stuck"
                                 : "something of the module did not end";
    if (best.on_lock)
        title += ": it waits for a lock";
    else if (!best.in.empty())
        title += ": it waits in " + best.in + "()";
    else if (best.place && best.sleeps)
        title += ": it sleeps";
    else if (best.place) {
        title += ": it runs in a loop";
        best.place = loop_of(evidence, *best.place);
    }
    auto finding = finding_of(evidence, best.on_lock ? "deadlock" : "hang", "deadline", title, best.place);
    if (spoken) finding.raw = sanitise(spoken->text, 16384);
    for (const auto& stack : evidence.run.hang) {
        finding.raw += sanitise(stack.who, 100) + ":\n";
        for (size_t i = 0; i < stack.names.size() && i < 32; ++i)
            finding.raw += "  " + sanitise(stack.names[i].empty() ? "(module)" : stack.names[i], 200) + "\n";
    }
    finding.order = 900'000;
    finding.fatal = true;
    return {std::move(finding)};
}

}  // namespace ferrule::grader
