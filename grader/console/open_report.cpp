// Inside a report a line is a heading that says which list the frames that follow belong to, or a frame, or text.
#include "grader/console/open_report.hpp"

#include <algorithm>
#include <charconv>

#include "grader/console/frames.hpp"
#include "grader/console/starts.hpp"

namespace ferrule::grader {
namespace {

constexpr size_t kMaxText = 16 * 1024;
constexpr size_t kMaxLines = 700;
constexpr size_t kMaxFrames = 64;
constexpr size_t kMaxOthers = 24;

bool one_of(const std::string& kind, std::initializer_list<std::string_view> kinds) {
    return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
}

void set(std::string& field, std::string_view value) {
    if (field.empty()) field = std::string(value.substr(0, OpenReport::kMaxTitle));
}

}  // namespace

void take_source(std::string_view text, std::string_view marker, Splat& splat) {
    size_t at = text.find(marker);
    if (at == std::string_view::npos) return;
    text.remove_prefix(at + marker.size());
    size_t end = text.find_first_of(" !,");
    text = text.substr(0, end);
    size_t colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 200) return;
    int line = 0;
    auto [ptr, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), line);
    if (error != std::errc() || line <= 0) return;
    splat.source_file = std::string(text.substr(0, colon));
    splat.source_line = line;
}

void OpenReport::add_text(std::string_view raw) {
    if (splat.text.size() + raw.size() + 1 > kMaxText) {
        splat.truncated = splat.truncated || splat.text.size() < kMaxText / 2;
        return;
    }
    splat.text.append(raw);
    splat.text.push_back('\n');
}

void OpenReport::push(std::vector<ConsoleFrame>& stack, ConsoleFrame frame) {
    if (stack.size() < kMaxFrames) stack.push_back(std::move(frame));
}

bool OpenReport::line(std::string_view raw, std::string_view text) {
    if (tail_) return tail(raw, text);
    add_text(raw);
    if (++count_ > kMaxLines) {
        splat.truncated = true;
        return false;
    }
    if (text.starts_with("---[ end ")) {
        // kernel/dma/debug.c prints where the mapping was made behind its WARN.
        tail_ = splat.kind == "dma";
        into_ = Into::none;
        return tail_;
    }
    if (one_of(splat.kind, {"kasan", "kcsan"}) && text.starts_with("=========")) return false;

    if (expect_message_) {
        expect_message_ = false;
        if (!text.empty() && !text.starts_with("Modules linked in") && !text.starts_with("CPU: ") &&
            !parse_stack_line(raw)) {
            if (const char* kind = message_kind(text)) splat.kind = kind;
            splat.title = std::string(text.substr(0, kMaxTitle));
        }
    }
    if (heading(text)) return true;
    details(text);

    if (text.starts_with("RIP: ")) {
        // The kernel's own code segment; "0033" is user space, where the story ends.
        if (text.starts_with("RIP: 0010:"))
            if (auto frame = parse_symbol(text.substr(10)); frame && into_ != Into::ignored) {
                frame->exact = true;
                push(splat.stack, *frame);
            }
        return true;
    }
    if (held_lock(text)) return true;
    if (saw_held_ && !saw_stack_ && splat.title.find("returning to user space") != std::string::npos) return false;

    if (auto frame = parse_stack_line(raw)) {
        place(std::move(*frame));
        return true;
    }
    if (text == "</TASK>" && into_ == Into::stack) {
        ended_stack_ = splat.whole_stack = true;
        into_ = Into::none;
        // KASAN, WARN and oopses go on; the others say no more that counts.
        if (one_of(splat.kind,
                   {"lockdep", "atomic-sleep", "rcu", "soft-lockup", "hung-task", "kmemleak", "fault-injection"}) ||
            splat.title.starts_with("sysfs: "))
            return false;
    }
    return true;
}

void OpenReport::place(ConsoleFrame frame) {
    if (expect_preempt_) {
        splat.preempt_disabled = std::move(frame);
        expect_preempt_ = false;
        return;
    }
    switch (into_) {
        case Into::stack:
            // The processor went where no code is: that has no frame of its own yet, and the unwinder skips the caller,
            // whose return address is the first word on the stack. For a jump to NULL it knows
            // (__unwind_start, arch/x86/kernel/unwind_frame.c).
            if (!saw_stack_ && splat.kind == "oops" && splat.access.find("instruction fetch") != std::string::npos)
                frame.unreliable = false;
            saw_stack_ = true;
            push(splat.stack, std::move(frame));
            break;
        case Into::allocated: push(splat.allocated, std::move(frame)); break;
        case Into::freed: push(splat.freed, std::move(frame)); break;
        case Into::other:
            if (!splat.others.empty()) push(splat.others.back(), std::move(frame));
            break;
        case Into::none:
        case Into::ignored: break;
    }
}

// "DMA-API: Mapped at:" and a stack; anything else is no longer of this report.
bool OpenReport::tail(std::string_view raw, std::string_view text) {
    const bool heads = text == "DMA-API: Mapped at:" && into_ == Into::none;
    auto frame = into_ == Into::allocated ? parse_stack_line(raw) : std::nullopt;
    if (!heads && !frame) return false;
    add_text(raw);
    into_ = Into::allocated;
    if (frame) push(splat.allocated, std::move(*frame));
    return true;
}

bool OpenReport::heading(std::string_view text) {
    if (text == "Call Trace:" || text == "stack backtrace:") {
        if (into_ != Into::ignored) into_ = Into::stack;
        return true;
    }
    if (splat.kind == "kasan") return kasan_heading(text);
    if (splat.kind == "kcsan") {
        if (racing_access(text)) return true;
        if (text.empty()) return into_ = Into::none, true;
    }
    if (splat.kind == "lockdep" || splat.kind == "rcu") return lock_heading(text);
    return false;
}

bool OpenReport::kasan_heading(std::string_view text) {
    if (text.starts_with("Allocated by task")) return into_ = Into::allocated, true;
    if (text.starts_with("Freed by task")) return into_ = Into::freed, true;
    if (text.starts_with("Last potentially related work creation") ||
        text.starts_with("Second to last potentially related"))
        return open_other();
    if (text.starts_with("page last allocated via") || text.starts_with("page last free"))
        return into_ = Into::ignored, true;
    if (text.empty() && (into_ == Into::allocated || into_ == Into::freed || into_ == Into::other))
        return into_ = Into::none, true;
    return false;
}

// kernel/kcsan/report.c, one line for each access, before its stack:
// "read-write (marked) to 0xffff888005cc8f08 of 4 bytes by task 45 on cpu 1:"
bool OpenReport::racing_access(std::string_view text) {
    size_t to = text.find(" to 0x");
    if (to == std::string_view::npos || text.find(" bytes by ", to) == std::string_view::npos ||
        text.find(" on cpu ", to) == std::string_view::npos || !text.ends_with(":"))
        return false;
    text.remove_suffix(1);
    constexpr std::string_view kAlone = "race at unknown origin, with ";
    if (text.starts_with(kAlone)) text.remove_prefix(kAlone.size());
    if (splat.access.empty()) {
        set(splat.access, text);
        into_ = Into::stack;
        return true;
    }
    set(splat.other_access, text);
    return open_other();
}

bool OpenReport::lock_heading(std::string_view text) {
    if (text.starts_with("-> #") || text.ends_with(" at:")) {
        acquiring_ = false;
        // "is trying to release lock (x) at:" is followed by the place of the release itself.
        if (text.find("is trying to release lock") != std::string_view::npos ||
            text.find("is trying to contend lock") != std::string_view::npos)
            return into_ = Into::stack, true;
        return open_other();
    }
    if (text.find("is trying to acquire lock:") != std::string_view::npos ||
        text.find("is trying to acquire:") != std::string_view::npos ||
        text.find("is trying to lock:") != std::string_view::npos || text.ends_with("] takes:")) {
        acquiring_ = true;
        return true;
    }
    if (text.starts_with("but task is already holding lock:") ||
        text.starts_with("and this task is already holding:")) {
        acquiring_ = false;
        return true;
    }
    return false;
}

bool OpenReport::open_other() {
    if (splat.others.size() >= kMaxOthers) return into_ = Into::ignored, true;
    splat.others.emplace_back();
    into_ = Into::other;
    return true;
}

void OpenReport::details(std::string_view text) {
    if (text.starts_with("Read of size") || text.starts_with("Write of size") || text.starts_with("Read at addr") ||
        text.starts_with("Write at addr") || text.starts_with("Free of addr") || text.starts_with("#PF: supervisor")) {
        set(splat.access, text);
        if (size_t by = text.find(" by task "); by != std::string_view::npos) {
            std::string_view who = text.substr(by + 9);
            set(splat.task, who.substr(0, who.rfind('/')));
        }
    }
    if (splat.kind == "kasan") kasan_details(text);
    if (text.starts_with("KASAN: ")) set(splat.access, text);
    if (splat.kind == "lockdep" && text.starts_with("inconsistent {")) set(splat.detail, text);
    if (splat.kind == "kcsan" && text.starts_with("value changed: ")) set(splat.detail, text);
    if (splat.kind == "ubsan" && !text.starts_with("CPU: ")) set(splat.detail, text);
    if (splat.kind == "rust-panic" && !text.starts_with("kernel BUG") && !text.starts_with("Oops"))
        set(splat.detail, text);
    if (text.starts_with("CPU: ") && splat.task.empty())
        if (size_t comm = text.find("Comm: "); comm != std::string_view::npos) {
            std::string_view who = text.substr(comm + 6);
            size_t end = std::min({who.find(" Tainted"), who.find(" Not tainted"), who.find(" Kdump"), size_t{32}});
            splat.task = std::string(trim(who.substr(0, end)));
        }
    if (text.starts_with("Preemption disabled at:")) {
        if (auto frame = parse_symbol_after(text, "at:"))
            splat.preempt_disabled = *frame;
        else
            expect_preempt_ = true;
    }
}

void OpenReport::kasan_details(std::string_view text) {
    if (text.starts_with("The buggy address is located ")) {
        splat.detail = std::string(text.substr(0, kMaxTitle));
        region_ = true;
    } else if (region_) {
        splat.detail += " " + std::string(text.substr(0, 120));
        region_ = false;
    } else if (text.starts_with("The buggy address belongs to the variable")) {
        variable_ = true;
    } else if (variable_) {
        splat.detail = "variable " + std::string(text.substr(0, 120));
        variable_ = false;
    }
}

// " #0: ffff888005685c00 (&n->m){+.+.}-{4:4}, at: ring_open+0x13/0x20 [ring]"
bool OpenReport::held_lock(std::string_view text) {
    size_t at = text.rfind(", at: ");
    if (at == std::string_view::npos) return false;
    auto frame = parse_symbol(text.substr(at + 6));
    if (!frame) return false;
    std::string name;
    size_t open = text.find('('), close = text.find("){");
    if (open != std::string_view::npos && close != std::string_view::npos && open < close)
        name = std::string(text.substr(open + 1, std::min<size_t>(close - open - 1, 100)));
    if (text.starts_with("#")) {
        saw_held_ = true;
        // The full list comes after the summary lines and holds them as well.
        if (!listing_) {
            splat.held.clear();
            splat.held_names.clear();
            listing_ = true;
        }
    }
    if (acquiring_) {
        push(splat.acquiring, *frame);
        acquiring_ = false;
        return true;
    }
    if (splat.held.size() < kMaxFrames) {
        splat.held.push_back(*frame);
        splat.held_names.push_back(name);
    }
    return true;
}

}  // namespace ferrule::grader
