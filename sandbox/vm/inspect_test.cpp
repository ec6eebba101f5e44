#include "sandbox/vm/inspect.hpp"

#include <map>
#include <random>

#include "sandbox/base/catch.hpp"

using namespace ferrule::vm;

namespace {

// As QEMU 7.2 prints them, shortened.
constexpr const char* kRegisters =
    "\r\nCPU#0\r\n"
    "RAX=0000000000000000 RBX=ffffffff82a13580 RCX=0000000000000001 RDX=0000000000000000\r\n"
    "RSI=0000000000000000 RDI=ffffffff81c2f3a0 RBP=ffffffff82a07e48 RSP=ffffffff82a07e40\r\n"
    "R8 =0000000000000001 R9 =0000000000000000 R10=0000000000000000 R11=0000000000000000\r\n"
    "RIP=ffffffff81d6ad0f RFL=00000246 [---Z-P-] CPL=0 II=0 A20=1 SMM=0 HLT=1\r\n"
    "ES =0000 0000000000000000 00000000 00000000\r\n"
    "CR0=80050033 CR2=00007f2c1d9d6000 CR3=0000000005b6a000 CR4=003506f0\r\n"
    "\r\nCPU#1\r\n"
    "RAX=0000000000000000 RBX=0000000000000000 RCX=0000000000000000 RDX=0000000000000000\r\n"
    "RSI=0000000000000000 RDI=0000000000000000 RBP=00007ffd00000010 RSP=00007ffd00000000\r\n"
    "RIP=000000000042488b RFL=00000246 [---Z-P-] CPL=3 II=0 A20=1 SMM=0 HLT=0\r\n";

using Memory = std::map<uint64_t, uint64_t>;

ReadWords reading(const Memory& memory, int* reads = nullptr) {
    return [&memory, reads](uint64_t address, unsigned count) {
        if (reads) ++*reads;
        std::vector<uint64_t> words;
        for (unsigned i = 0; i < count; ++i) {
            const auto found = memory.find(address + 8 * i);
            if (found == memory.end()) break;
            words.push_back(found->second);
        }
        return words;
    };
}

constexpr uint64_t kStack = 0xffffc90000100000;
constexpr uint64_t kText = 0xffffffff81000000;

}  // namespace

TEST_CASE("registers as QEMU prints them") {
    const auto all = parse_registers(kRegisters);
    REQUIRE(all.size() == 2);
    CHECK(all[0].cpu == 0);
    CHECK(all[0].rip == 0xffffffff81d6ad0f);
    CHECK(all[0].rbp == 0xffffffff82a07e48);
    CHECK(all[0].rsp == 0xffffffff82a07e40);
    CHECK(all[1].cpu == 1);
    CHECK(all[1].rip == 0x42488b);
}

TEST_CASE("registers that are none") {
    CHECK(parse_registers("").empty());
    CHECK(parse_registers("CPU#").empty());
    CHECK(parse_registers("CPU#0 RIP= RBP= RSP=").empty());
    CHECK(parse_registers("CPU#0 xRIP=1 RBP=2 RSP=3").empty());
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "CPU#1 RIP=1 RBP=2 RSP=3\n";
    CHECK(parse_registers(many).size() <= 64);
}

TEST_CASE("memory as QEMU prints it") {
    CHECK(parse_memory("ffffc90000013f58: 0xffffc90000013f80 0xffffffff81000010\r\n") ==
          std::vector<uint64_t>{0xffffc90000013f80, 0xffffffff81000010});
    CHECK(parse_memory("ffffc90000013f58: 0x1 0x2\r\nffffc90000013f68: 0x3\r\n") == std::vector<uint64_t>{1, 2, 3});
    CHECK(parse_memory("Cannot access memory at address 0x10\r\n").empty());
    CHECK(parse_memory("").empty());
    CHECK(parse_memory(": 0x1").empty());
}

TEST_CASE("frames are followed by their frame pointers") {
    const Memory memory = {{kStack, kStack + 64},    {kStack + 8, kText + 1}, {kStack + 64, kStack + 128},
                           {kStack + 72, kText + 2}, {kStack + 128, 0},       {kStack + 136, kText + 3}};
    CHECK(walk_frames({0, kText, kStack, kStack - 8}, reading(memory)) ==
          std::vector<uint64_t>{kText + 1, kText + 2, kText + 3});
}

TEST_CASE("an interrupt is crossed to what it interrupted") {
    // The frame's own pointer is odd: saved registers lie there.
    Memory memory = {{kStack, (kStack + 256) | 1}, {kStack + 8, 0x1234}};
    for (int i = 0; i < 21; ++i) memory[kStack + 256 + 8 * i] = 0;
    memory[kStack + 256 + 8 * 16] = kText + 7;
    memory[kStack + 256 + 8 * 17] = 0x10;
    memory[kStack + 256 + 8 * 4] = kStack + 1024;
    memory[kStack + 1024] = 0;
    memory[kStack + 1032] = kText + 8;
    CHECK(walk_frames({0, kText, kStack, kStack - 8}, reading(memory)) == std::vector<uint64_t>{kText + 7, kText + 8});
    memory[kStack + 256 + 8 * 17] = 0x33;  // it came from user space: nothing behind it is the kernel's
    CHECK(walk_frames({0, kText, kStack, kStack - 8}, reading(memory)).empty());
}

TEST_CASE("a hostile stack ends the walk, not us") {
    int reads = 0;
    const Memory circle = {{kStack, kStack + 64}, {kStack + 8, kText}, {kStack + 64, kStack}, {kStack + 72, kText}};
    CHECK(walk_frames({0, kText, kStack, kStack}, reading(circle, &reads)).size() == kMaxFrames);
    CHECK(reads <= static_cast<int>(kMaxFrames));
    const Memory self = {{kStack, kStack}, {kStack + 8, kText}};
    CHECK(walk_frames({0, kText, kStack, kStack}, reading(self)).size() == 1);
    CHECK(walk_frames({0, kText, kStack + 1, 0}, reading({})).empty());
    CHECK(walk_frames({0, kText, 0, 0}, reading({})).empty());
    CHECK(walk_frames({0, 0x400000, kStack, kStack}, reading(circle)).empty());
    std::mt19937_64 random(7);
    for (int round = 0; round < 1000; ++round) {
        const ReadWords noise = [&](uint64_t, unsigned count) {
            std::vector<uint64_t> words(random() % (count + 1));
            for (auto& word : words) word = random() | (random() % 2 ? 0xffff800000000000 : 0);
            return words;
        };
        CHECK(walk_frames({0, ~uint64_t{0}, random() | 0xffff800000000000, 0}, noise).size() <= kMaxFrames);
    }
}
