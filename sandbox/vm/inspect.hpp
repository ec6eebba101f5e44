// What the guest's processors are doing, read by the host through QEMU's monitor: registers as QEMU prints them,
// and a walk along frame pointers (the kernels have CONFIG_FRAME_POINTER). The guest cannot lie about its RIP; its
// stack is hostile memory, so the walk is bounded.
#pragma once

#include <functional>
#include <string_view>

#include "sandbox/vm/machine.hpp"

namespace ferrule::vm {

struct Registers {
    unsigned cpu = 0;
    uint64_t rip = 0, rbp = 0, rsp = 0;
};

// The output of "info registers -a": "CPU#0", then "RAX=… RBP=… RIP=…" with sixteen hex digits each.
std::vector<Registers> parse_registers(std::string_view text);
// The output of "x /Ngx ADDRESS": "ffffc90000013f58: 0x… 0x…". Empty when the memory could not be read.
std::vector<uint64_t> parse_memory(std::string_view text);

// Two 64-bit words of guest virtual memory at an address, if it is mapped.
using ReadWords = std::function<std::vector<uint64_t>(uint64_t address, unsigned count)>;

constexpr size_t kMaxFrames = 32;

// Return addresses, innermost first, of what runs in the kernel; crosses interrupts (the kernel marks a saved
// register frame by an odd frame pointer: ENCODE_FRAME_POINTER in arch/x86/include/asm/frame.h).
std::vector<uint64_t> walk_frames(const Registers& registers, const ReadWords& read);

}  // namespace ferrule::vm
