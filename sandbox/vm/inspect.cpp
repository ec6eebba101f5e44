#include "sandbox/vm/inspect.hpp"

#include <algorithm>
#include <charconv>

namespace ferrule::vm {
namespace {

constexpr size_t kMaxCpus = 64;
constexpr uint64_t kKernelStart = 0xffff800000000000;
// struct pt_regs on x86-64 (arch/x86/include/asm/ptrace.h), in words: bp is the fifth, ip the seventeenth.
constexpr unsigned kRegsWords = 18, kRegsBp = 4, kRegsIp = 16, kRegsCs = 17;

bool in_kernel(uint64_t address) { return address >= kKernelStart; }

std::optional<uint64_t> hex_at(std::string_view text) {
    uint64_t value = 0;
    const auto result = std::from_chars(text.data(), text.data() + std::min<size_t>(text.size(), 16), value, 16);
    if (result.ec != std::errc() || result.ptr == text.data()) return std::nullopt;
    return value;
}

std::optional<uint64_t> register_value(std::string_view block, std::string_view name) {
    for (size_t at = block.find(name); at != std::string_view::npos; at = block.find(name, at + 1))
        if (at == 0 || block[at - 1] == ' ' || block[at - 1] == '\n' || block[at - 1] == '\r')
            return hex_at(block.substr(at + name.size()));
    return std::nullopt;
}

}  // namespace

std::vector<Registers> parse_registers(std::string_view text) {
    std::vector<Registers> all;
    size_t at = text.find("CPU#");
    while (at != std::string_view::npos && all.size() < kMaxCpus) {
        const size_t next = text.find("CPU#", at + 4);
        const std::string_view block = text.substr(at, next == std::string_view::npos ? next : next - at);
        Registers registers;
        std::from_chars(block.data() + 4, block.data() + block.size(), registers.cpu);
        const auto rip = register_value(block, "RIP="), rbp = register_value(block, "RBP="),
                   rsp = register_value(block, "RSP=");
        if (rip && rbp && rsp) {
            registers.rip = *rip;
            registers.rbp = *rbp;
            registers.rsp = *rsp;
            all.push_back(registers);
        }
        at = next;
    }
    return all;
}

std::vector<uint64_t> parse_memory(std::string_view text) {
    std::vector<uint64_t> words;
    while (!text.empty() && words.size() < 1024) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const size_t colon = line.find(": ");
        if (colon == std::string_view::npos || !hex_at(line)) continue;
        line.remove_prefix(colon);
        for (size_t at = line.find("0x"); at != std::string_view::npos; at = line.find("0x", at + 2))
            if (const auto word = hex_at(line.substr(at + 2))) words.push_back(*word);
    }
    return words;
}

std::vector<uint64_t> walk_frames(const Registers& registers, const ReadWords& read) {
    std::vector<uint64_t> frames;
    if (!in_kernel(registers.rip)) return frames;
    uint64_t at = registers.rbp;
    // Each step but one across stacks goes up; a loop in hostile memory ends at the bound.
    for (size_t step = 0; step < kMaxFrames && frames.size() < kMaxFrames; ++step) {
        if (at & 1) {
            const auto regs = read(at & ~uint64_t{1}, kRegsWords);
            if (regs.size() < kRegsWords || (regs[kRegsCs] & 3) != 0 || !in_kernel(regs[kRegsIp])) break;
            frames.push_back(regs[kRegsIp]);
            at = regs[kRegsBp];
            continue;
        }
        if (!in_kernel(at) || (at & 7) != 0) break;
        const auto frame = read(at, 2);
        if (frame.size() < 2) break;
        if (!in_kernel(frame[1])) {
            if ((frame[0] & 1) == 0) break;
        } else {
            frames.push_back(frame[1]);
        }
        if (frame[0] == at) break;
        at = frame[0];
    }
    return frames;
}

}  // namespace ferrule::vm
