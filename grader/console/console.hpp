// The guest's console -> splats. Split lines, interleaved CPUs (lines carry their caller: "[T12]", "[C0]"), truncated
// reports and floods are normal; the text is hostile. See caller_reader.cpp for the grammar.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::grader {

struct ConsoleFrame {
    std::string function;  // "ring_open"
    uint64_t offset = 0, size = 0;
    std::string module;       // "" for the kernel
    uint64_t address = 0;     // raw, when the kernel could not name it (freed init text)
    bool exact = false;       // RIP: not a return address
    bool unreliable = false;  // "? func"
};

struct Splat {
    std::string kind;  // "kasan", "oops", "bug", "warn", "lockdep", "atomic-sleep", "ubsan", "refcount", "list",
                       // "debugobjects", "rcu-stall", "soft-lockup", "hung-task", "fortify", "usercopy", "panic",
                       // "rust-panic", "fault-injection", "kcsan", "dma", …
    std::string
        title;  // the kernel's own words, one line: "BUG: KASAN: slab-use-after-free in ring_read+0x5c/0xe0 [ring]"
    std::string access;               // "Read of size 4" …; KCSAN: "write to 0x… of 4 bytes by task 45 on cpu 0"
    std::string other_access;         // KCSAN: of others[0]; empty when the other side is not known
    std::vector<ConsoleFrame> stack;  // where it happened
    std::vector<ConsoleFrame> allocated, freed;  // KASAN's "Allocated by task", "Freed by task"; DMA's "Mapped at:"
    std::vector<std::vector<ConsoleFrame>>
        others;                      // further stacks (lockdep: where locks were taken before; KCSAN: the other access)
    std::vector<ConsoleFrame> held;  // lockdep's held locks: where each was taken, oldest first
    std::vector<std::string> held_names;           // "&ring->lock", one for each of `held`
    std::vector<ConsoleFrame> acquiring;           // "is trying to acquire lock: … at:"
    std::optional<ConsoleFrame> preempt_disabled;  // "Preemption disabled at:"
    std::string detail;  // a second line that says more: KASAN's place in the object, UBSAN's index, a panic's message,
                         // KCSAN's change of value
    std::string
        source_file;  // what the report itself names ("probe.c"), as it stood; a fallback for frames without a line
    int source_line = 0;
    std::string task;    // comm
    std::string text;    // the whole report, as it stood, without time stamps
    size_t at_line = 0;  // in the console
    bool truncated = false;
};

// Linear in the length of the text; at most kMaxSplats come back, a few of each kind, with bounded text and stacks.
constexpr size_t kMaxSplats = 512;
std::vector<Splat> parse_console(std::string_view console);
// Control bytes, escape sequences and invalid UTF-8 out; at most `cap` bytes.
std::string sanitise(std::string_view hostile, size_t cap);

}  // namespace ferrule::grader
