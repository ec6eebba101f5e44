// Grammar, as kernel 7.3 writes it (the file that prints each is named with its pattern).
//
// The console is a merge of several callers' lines; each caller (task or CPU) is read on its own, and has at most
// one report open. A report begins at a start pattern, ends at its own end mark, at the next start of
// the same caller, or when it grows beyond its budget. Inside, a line is a heading that says which list the frames
// that follow belong to, or a frame, or text.
//
// "------------[ cut here ]------------" opens a report whose kind is not known yet: the lines behind it say
// ("WARNING:", "UBSAN:", "kernel BUG at"), and a WARN's message stands before its "WARNING:" line.
#include "grader/console/console.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "grader/console/frames.hpp"
#include "grader/console/lines.hpp"

namespace ferrule::grader {
namespace {

constexpr size_t kMaxText = 16 * 1024;
constexpr size_t kMaxLines = 700;
constexpr size_t kMaxFrames = 64;
constexpr size_t kMaxOthers = 24;
constexpr size_t kMaxCallers = 256;
constexpr size_t kMaxTitle = 300;

struct Start {
    std::string_view prefix;
    const char* kind;
    bool also_inside = false;  // may follow in an open report without beginning another
};

// Longer ones before those they begin with.
constexpr Start kStarts[] = {
    {"BUG: KASAN: ", "kasan"},  // mm/kasan/report.c
    {"BUG: KFENCE: ", "kasan"},
    {"BUG: KCSAN: ", "kcsan"},
    {"WARNING: possible circular locking dependency detected", "lockdep"},  // kernel/locking/lockdep.c
    {"WARNING: possible recursive locking detected", "lockdep"},
    {"WARNING: inconsistent lock state", "lockdep"},
    {"WARNING: possible irq lock inversion dependency detected", "lockdep"},
    {"WARNING: bad unlock balance detected", "lockdep"},
    {"WARNING: bad contention detected", "lockdep"},
    {"WARNING: held lock freed", "lockdep"},
    {"WARNING: lock held when returning to user space", "lockdep"},
    {"WARNING: Nested lock was not taken", "lockdep"},
    {"WARNING: suspicious RCU usage", "rcu"},
    {"[ BUG: Invalid wait context ]", "lockdep"},
    {"INFO: trying to register non-static key", "lockdep"},
    {"BUG: spinlock ", "lockdep"},  // kernel/locking/spinlock_debug.c
    {"BUG: rwlock ", "lockdep"},
    {"BUG: workqueue leaked atomic, lock or RCU", "lockdep"},                // kernel/workqueue.c
    {"BUG: sleeping function called from invalid context", "atomic-sleep"},  // kernel/sched/core.c
    {"BUG: scheduling while atomic", "atomic-sleep"},
    {"BUG: scheduling in a non-blocking section", "atomic-sleep"},
    {"BUG: kernel NULL pointer dereference", "oops"},  // arch/x86/mm/fault.c
    {"BUG: unable to handle", "oops"},
    {"BUG: stack guard page was hit", "oops"},  // arch/x86/kernel/traps.c
    {"BUG: TASK stack guard page was hit", "oops"},
    {"BUG: IRQ stack guard page was hit", "oops"},
    {"Oops: ", "oops", true},  // arch/x86/kernel/dumpstack.c
    {"traps: PANIC: ", "oops"},
    {"PANIC: double fault", "oops"},
    {"watchdog: BUG: soft lockup", "soft-lockup"},  // kernel/watchdog.c
    {"BUG: soft lockup", "soft-lockup"},
    {"watchdog: CPU", "soft-lockup"},
    {"BUG: workqueue lockup", "wq-lockup"},
    {"INFO: task ", "hung-task"},                 // kernel/hung_task.c
    {"rcu: INFO: ", "rcu-stall"},                 // kernel/rcu/tree_stall.h
    {"Kernel panic - not syncing", "panic"},      // kernel/panic.c
    {"rust_kernel: panicked at ", "rust-panic"},  // rust/kernel/lib.rs
    {"usercopy: Kernel memory ", "usercopy"},     // mm/usercopy.c
    {"Kernel memory exposure attempt", "usercopy"},
    {"Kernel memory overwrite attempt", "usercopy"},
    {"BUG: Bad page state", "bug"},  // mm/page_alloc.c
    {"BUG: Bad page map", "bug"},
    {"BUG: Bad rss-counter", "bug"},
    {"FAULT_INJECTION: forcing a failure", "fault-injection"},  // lib/fault-inject.c
    {"sysfs: cannot create duplicate filename", "warn"},        // fs/sysfs/dir.c
    {"kmemleak: Found object by alias", "kmemleak"},            // mm/kmemleak.c
    {"kmemleak: ", "kmemleak"},
};

// What a WARN is about, by its message.
struct Message {
    std::string_view part;
    const char* kind;
};
constexpr Message kMessages[] = {
    {"refcount_t: ", "refcount"},     // lib/refcount.c
    {"ODEBUG: ", "debugobjects"},     // lib/debugobjects.c
    {"list_add corruption", "list"},  // lib/list_debug.c
    {"list_add double add", "list"},
    {"list_del corruption", "list"},
    {"detected buffer overflow", "fortify"},                  // lib/string_helpers.c
    {"Buffer overflow detected (", "fortify"},                // mm/maccess.c, copy_to_user and copy_from_user
    {"detected field-spanning write", "fortify"},             // include/linux/fortify-string.h
    {"DEBUG_LOCKS_WARN_ON", "lockdep"},                       // include/linux/debug_locks.h
    {"DMA-API:", "dma"},                                      // kernel/dma/debug.c
    {"Slab cache still has objects", "slab-objects"},         // mm/slab_common.c
    {"leaking at least", "proc-leak"},                        // fs/proc/generic.c
    {"Voluntary context switch within RCU", "atomic-sleep"},  // kernel/rcu/tree_plugin.h
    {"returned with preemption imbalance", "preempt"},        // init/main.c
    {"returned with disabled interrupts", "preempt"},
};

const char* message_kind(std::string_view message) {
    for (const auto& entry : kMessages)
        if (message.find(entry.part) != std::string_view::npos) return entry.kind;
    return nullptr;
}

const Start* start_of(std::string_view text) {
    // Nearly every line is sorted out by its first byte.
    if (text.empty() || std::string_view("BW[IOtPwrKuFsk").find(text.front()) == std::string_view::npos) return nullptr;
    for (const auto& start : kStarts)
        if (text.starts_with(start.prefix)) {
            if (start.prefix == "INFO: task " && text.find(" blocked") == std::string_view::npos) return nullptr;
            if (start.prefix == "rcu: INFO: " && text.find("stall") == std::string_view::npos) return nullptr;
            if (start.prefix == "watchdog: CPU" && text.find("LOCKUP") == std::string_view::npos) return nullptr;
            if (start.prefix == "kmemleak: ") return nullptr;
            return &start;
        }
    // "WARNING: insmod/45 still has locks held!"
    if (text.starts_with("WARNING: ") && text.find(" still has locks held!") != std::string_view::npos) {
        static constexpr Start kHeld{"WARNING: ", "lockdep"};
        return &kHeld;
    }
    // "WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected"
    if (text.starts_with("WARNING: ") && text.find("-unsafe lock order detected") != std::string_view::npos) {
        static constexpr Start kOrder{"WARNING: ", "lockdep"};
        return &kOrder;
    }
    return nullptr;
}

// "probe.c:12" or "rprobe.rs:12:5:" somewhere behind `marker`.
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

class CallerReader {
public:
    explicit CallerReader(std::vector<Splat>& done) : done_(done) {}

    void line(const ConsoleLine& line) {
        std::string_view text = trim(line.text);
        if (line.cut) {
            if (open_) splat_.truncated = true;
            if (!start_of(text)) return;
        }
        if (text == "------------[ cut here ]------------") {
            // usercopy and Rust's panic say their word first, then BUG().
            if (open_ && (splat_.kind == "usercopy" || splat_.kind == "rust-panic")) return;
            begin("", {}, line.number);
            pending_ = true;
            return;
        }
        if (pending_ && text.starts_with("WARNING: ") && !start_of(text)) return warning(line.text, text);
        if (pending_ && text.starts_with("UBSAN: ")) {
            named("ubsan", text);
            take_source(text, " in ", splat_);
            return;
        }
        if (text.starts_with("kernel BUG at ") &&
            (pending_ || !open_ || splat_.kind == "rust-panic" || splat_.kind == "usercopy")) {
            if (!open_) begin("bug", text, line.number);
            if (pending_)
                named(message_ && message_kind(*message_) ? message_kind(*message_) : "bug",
                      message_ ? std::string_view(*message_) : text);
            if (splat_.source_file.empty()) take_source(text, "kernel BUG at ", splat_);
            add_text(line.text);
            return;
        }
        if (const Start* start = start_of(text)) {
            bool continues = start->also_inside && open_ && !ended_stack_ &&
                             (splat_.kind == "oops" || splat_.kind == "bug" || splat_.kind == "rust-panic" ||
                              splat_.kind == "usercopy" || splat_.kind == "list" || splat_.kind == "fortify");
            if (!continues) {
                begin(start->kind, text, line.number);
                add_text(line.text);
                begun(text);
                return;
            }
        }
        if (!open_) return;
        add_text(line.text);
        if (pending_) {
            if (!message_ && !text.empty()) message_ = std::string(text.substr(0, kMaxTitle));
            if (++count_ > 20) drop();  // "cut here" and nothing behind it: not a report
            return;
        }
        inside(line.text, text);
    }

    void truncated() {
        if (open_) splat_.truncated = true;
    }

    void end() {
        if (!open_) return;
        if (pending_) return drop();
        done_.push_back(std::move(splat_));
        open_ = false;
    }

private:
    enum class Into { none, stack, allocated, freed, other, ignored };

    void begin(std::string_view kind, std::string_view title, size_t number) {
        end();
        splat_ = Splat{};
        splat_.kind = std::string(kind);
        splat_.title = std::string(title.substr(0, kMaxTitle));
        splat_.at_line = number;
        open_ = true;
        pending_ = false;
        message_.reset();
        into_ = Into::none;
        count_ = 0;
        ended_stack_ = acquiring_ = expect_preempt_ = expect_message_ = false;
        saw_held_ = saw_stack_ = listing_ = region_ = variable_ = false;
    }

    void drop() {
        open_ = false;
        pending_ = false;
    }

    void named(std::string_view kind, std::string_view title) {
        pending_ = false;
        splat_.kind = std::string(kind);
        splat_.title = std::string(title.substr(0, kMaxTitle));
        if (splat_.text.empty()) add_text(title);
    }

    void begun(std::string_view text) {
        if (splat_.kind == "rust-panic") take_source(text, "panicked at ", splat_);
        if (splat_.kind == "atomic-sleep") take_source(text, "context at ", splat_);
    }

    // "WARNING: FILE:LINE at func+0x1/0x2 [mod], CPU#0: comm/pid"
    void warning(std::string_view raw, std::string_view text) {
        const char* kind = message_ ? message_kind(*message_) : nullptr;
        add_text(raw);
        named(kind ? kind : "warn", message_ ? std::string_view(*message_) : text);
        take_source(text, "WARNING: ", splat_);
        if (size_t cpu = text.rfind(": ");
            cpu != std::string_view::npos && text.find("CPU#") != std::string_view::npos) {
            std::string_view who = text.substr(cpu + 2);
            if (size_t slash = who.rfind('/'); slash != std::string_view::npos)
                splat_.task = std::string(who.substr(0, std::min<size_t>(slash, 32)));
        }
        expect_message_ = !message_;
    }

    void add_text(std::string_view raw) {
        if (splat_.text.size() + raw.size() + 1 > kMaxText) {
            splat_.truncated = splat_.truncated || splat_.text.size() < kMaxText / 2;
            return;
        }
        splat_.text.append(raw);
        splat_.text.push_back('\n');
    }

    void push(std::vector<ConsoleFrame>& stack, ConsoleFrame frame) {
        if (stack.size() < kMaxFrames) stack.push_back(std::move(frame));
    }

    void inside(std::string_view raw, std::string_view text) {
        if (++count_ > kMaxLines) {
            splat_.truncated = true;
            return end();
        }
        if (text.starts_with("---[ end ")) return end();
        if (splat_.kind == "kasan" && text.starts_with("=========")) return end();

        if (expect_message_) {
            // The other way round: WARN's message behind its line.
            expect_message_ = false;
            if (!text.empty() && !text.starts_with("Modules linked in") && !text.starts_with("CPU: ") &&
                !parse_stack_line(raw)) {
                if (const char* kind = message_kind(text)) splat_.kind = kind;
                splat_.title = std::string(text.substr(0, kMaxTitle));
            }
        }
        if (heading(text)) return;
        details(text);

        if (text.starts_with("RIP: ")) {
            // The kernel's own code segment; "0033" is user space, where the story ends.
            if (text.starts_with("RIP: 0010:")) {
                if (auto frame = parse_symbol(text.substr(10)); frame && into_ != Into::ignored) {
                    frame->exact = true;
                    push(splat_.stack, *frame);
                }
            }
            return;
        }
        if (held_lock(text)) return;
        if (saw_held_ && !saw_stack_ && splat_.title.find("returning to user space") != std::string::npos) return end();

        if (auto frame = parse_stack_line(raw)) {
            if (expect_preempt_) {
                splat_.preempt_disabled = *frame;
                expect_preempt_ = false;
                return;
            }
            switch (into_) {
                case Into::stack:
                    saw_stack_ = true;
                    push(splat_.stack, *frame);
                    break;
                case Into::allocated: push(splat_.allocated, *frame); break;
                case Into::freed: push(splat_.freed, *frame); break;
                case Into::other:
                    if (!splat_.others.empty()) push(splat_.others.back(), *frame);
                    break;
                case Into::none:
                case Into::ignored: break;
            }
            return;
        }
        if (text == "</TASK>" && into_ == Into::stack) {
            ended_stack_ = true;
            into_ = Into::none;
            // KASAN, WARN and oopses go on; the others say no more that counts.
            if (splat_.kind == "lockdep" || splat_.kind == "atomic-sleep" || splat_.kind == "rcu" ||
                splat_.kind == "soft-lockup" || splat_.kind == "hung-task" || splat_.kind == "kmemleak" ||
                splat_.kind == "fault-injection" || splat_.title.starts_with("sysfs: "))
                end();
        }
    }

    bool heading(std::string_view text) {
        if (text == "Call Trace:" || text == "stack backtrace:") {
            if (into_ == Into::ignored) return true;
            into_ = Into::stack;
            return true;
        }
        if (splat_.kind == "kasan") {
            if (text.starts_with("Allocated by task")) return into_ = Into::allocated, true;
            if (text.starts_with("Freed by task")) return into_ = Into::freed, true;
            if (text.starts_with("Last potentially related work creation") ||
                text.starts_with("Second to last potentially related"))
                return open_other();
            if (text.starts_with("page last allocated via") || text.starts_with("page last free"))
                return into_ = Into::ignored, true;
            if (text.empty() && (into_ == Into::allocated || into_ == Into::freed || into_ == Into::other))
                return into_ = Into::none, true;
        }
        if (splat_.kind == "lockdep" || splat_.kind == "rcu") {
            if (text.starts_with("-> #") || text.ends_with("was registered at:") || text.ends_with("-irq-safe at:") ||
                text.ends_with("-irq-unsafe at:") || text.ends_with(" at:") || text == "... acquired at:") {
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
        }
        return false;
    }

    bool open_other() {
        if (splat_.others.size() >= kMaxOthers) return into_ = Into::ignored, true;
        splat_.others.emplace_back();
        into_ = Into::other;
        return true;
    }

    void details(std::string_view text) {
        auto set = [](std::string& field, std::string_view value) {
            if (field.empty()) field = std::string(value.substr(0, kMaxTitle));
        };
        if (text.starts_with("Read of size") || text.starts_with("Write of size") || text.starts_with("Read at addr") ||
            text.starts_with("Write at addr") || text.starts_with("Free of addr") ||
            text.starts_with("#PF: supervisor")) {
            set(splat_.access, text);
            if (size_t by = text.find(" by task "); by != std::string_view::npos) {
                std::string_view who = text.substr(by + 9);
                set(splat_.task, who.substr(0, who.rfind('/')));
            }
        }
        if (splat_.kind == "kasan") {
            if (text.starts_with("The buggy address is located "))
                splat_.detail = std::string(text.substr(0, kMaxTitle)), region_ = true;
            else if (region_)
                splat_.detail += " " + std::string(text.substr(0, 120)), region_ = false;
            else if (text.starts_with("The buggy address belongs to the variable"))
                variable_ = true;
            else if (variable_)
                splat_.detail = "variable " + std::string(text.substr(0, 120)), variable_ = false;
        }
        if (text.starts_with("KASAN: ")) set(splat_.access, text);
        if (splat_.kind == "lockdep" && text.starts_with("inconsistent {")) set(splat_.detail, text);
        if (splat_.kind == "ubsan" && splat_.detail.empty() && !text.starts_with("CPU: ")) set(splat_.detail, text);
        if (splat_.kind == "rust-panic" && splat_.detail.empty() && !text.starts_with("kernel BUG") &&
            !text.starts_with("Oops"))
            set(splat_.detail, text);
        if (text.starts_with("CPU: ") && splat_.task.empty())
            if (size_t comm = text.find("Comm: "); comm != std::string_view::npos) {
                std::string_view who = text.substr(comm + 6);
                size_t end = std::min({who.find(" Tainted"), who.find(" Not tainted"), who.find(" Kdump"), size_t{32}});
                splat_.task = std::string(trim(who.substr(0, end)));
            }
        if (text.starts_with("Preemption disabled at:")) {
            if (auto frame = parse_symbol_after(text, "at:"))
                splat_.preempt_disabled = *frame;
            else
                expect_preempt_ = true;
        }
    }

    // " #0: ffff888005685c00 (&n->m){+.+.}-{4:4}, at: ring_open+0x13/0x20 [ring]"
    bool held_lock(std::string_view text) {
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
                splat_.held.clear();
                splat_.held_names.clear();
                listing_ = true;
            }
        }
        if (acquiring_) {
            push(splat_.acquiring, *frame);
            acquiring_ = false;
            return true;
        }
        if (splat_.held.size() < kMaxFrames) {
            splat_.held.push_back(*frame);
            splat_.held_names.push_back(name);
        }
        return true;
    }

    std::vector<Splat>& done_;
    Splat splat_;
    std::optional<std::string> message_;
    Into into_ = Into::none;
    size_t count_ = 0;
    bool open_ = false, pending_ = false, ended_stack_ = false, acquiring_ = false, expect_preempt_ = false,
         expect_message_ = false;
    bool saw_held_ = false, saw_stack_ = false, listing_ = false, region_ = false, variable_ = false;
};

}  // namespace

std::vector<Splat> parse_console(std::string_view console) {
    std::vector<Splat> splats;
    std::unordered_map<std::string_view, CallerReader> callers;
    for (const auto& line : split_console(console)) {
        if (splats.size() >= kMaxSplats) break;
        if (line.dropped) {
            for (auto& [caller, reader] : callers) reader.truncated();
            continue;
        }
        auto found = callers.find(line.caller);
        if (found == callers.end()) {
            if (callers.size() >= kMaxCallers) continue;
            found = callers.emplace(line.caller, CallerReader(splats)).first;
        }
        found->second.line(line);
    }
    for (auto& [caller, reader] : callers) reader.end();
    std::stable_sort(splats.begin(), splats.end(),
                     [](const Splat& a, const Splat& b) { return a.at_line < b.at_line; });
    if (splats.size() > kMaxSplats) splats.resize(kMaxSplats);
    return splats;
}

std::string sanitise(std::string_view hostile, size_t cap) {
    std::string clean;
    clean.reserve(std::min(hostile.size(), cap));
    auto continuation = [&](size_t at) {
        return at < hostile.size() && (static_cast<unsigned char>(hostile[at]) & 0xc0) == 0x80;
    };
    for (size_t i = 0; i < hostile.size() && clean.size() < cap;) {
        unsigned char c = hostile[i];
        if (c == 0x1b) {
            // The whole sequence goes: CSI up to its final byte, OSC and the like up to BEL or ST, else two bytes.
            ++i;
            if (i >= hostile.size()) break;
            char kind = hostile[i++];
            if (kind == '[') {
                while (i < hostile.size() && !(hostile[i] >= 0x40 && hostile[i] <= 0x7e) &&
                       static_cast<unsigned char>(hostile[i]) >= 0x20)
                    ++i;
                if (i < hostile.size() && hostile[i] >= 0x40 && hostile[i] <= 0x7e) ++i;
            } else if (kind == ']' || kind == 'P' || kind == '_' || kind == '^' || kind == 'X') {
                size_t limit = std::min(hostile.size(), i + 4096);
                while (i < limit && hostile[i] != '\a' && hostile[i] != '\x1b' && hostile[i] != '\n') ++i;
                if (i < limit && hostile[i] == '\a') ++i;
            }
            continue;
        }
        if (c == '\n') {
            clean.push_back('\n');
            ++i;
        } else if (c == '\t') {
            clean.push_back(' ');
            ++i;
        } else if (c < 0x20 || c == 0x7f) {
            ++i;
        } else if (c < 0x80) {
            clean.push_back(static_cast<char>(c));
            ++i;
        } else {
            size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
            bool valid = length > 0;
            for (size_t k = 1; valid && k < length; ++k) valid = continuation(i + k);
            uint32_t code = 0;
            if (valid) {
                code = c & (0xff >> (length + 1));
                for (size_t k = 1; k < length; ++k)
                    code = code << 6 | (static_cast<unsigned char>(hostile[i + k]) & 0x3f);
                static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
                // Overlong, surrogates, C1 controls, and what reorders or hides text.
                valid = code >= kLeast[length] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) &&
                        code >= 0xa0 && !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
                        !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff;
            }
            if (valid) {
                if (clean.size() + length > cap) break;
                clean.append(hostile.substr(i, length));
                i += length;
            } else {
                clean.push_back('?');
                ++i;
            }
        }
    }
    return clean;
}

}  // namespace ferrule::grader
