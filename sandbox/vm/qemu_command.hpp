// The machine as QEMU's command line, and the jail around QEMU.
#pragma once

#include <string>
#include <vector>

#include "sandbox/vm/machine.hpp"

namespace ferrule::vm {

// The QEMU that is installed, known by its file: running it to ask its version costs 30 ms, each time.
struct Qemu {
    fs::path binary;
    std::string identity;  // path, size and time of the binary
};
Result<Qemu> find_qemu();                            // code "qemu"
Result<std::string> qemu_version(const Qemu& qemu);  // "7.2.22"; runs it

// Descriptors as QEMU sees them. All but `state` are always there.
namespace passed {
constexpr int kQmp = 3, kConsole = 4, kAgent = 5, kShell = 6, kState = 7;
}

constexpr uint64_t kGuestMemoryMb = 256;

struct MachinePlan {
    image::Image image;
    Accelerator accelerator = Accelerator::tcg;
    fs::path ram;               // the file behind the guest's memory
    bool clone = false;         // private copy-on-write of `ram`, waiting for a state; else shared and booting
    bool readonly_ram = false;  // QEMU knows readonly=on,rom=off (since 9.0 for sure)
};

std::string guest_command_line(const image::Image& image, Accelerator accelerator, uint64_t tsc_khz);
// What decides whether a state fits: everything but paths and descriptors. Goes into the template's key.
std::string machine_line(Accelerator accelerator);
// bubblewrap with QEMU in it.
std::vector<std::string> jailed_qemu_argv(const Qemu& qemu, const MachinePlan& plan, uint64_t tsc_khz);

}  // namespace ferrule::vm
