// What Ferrule saves: the same module with `make M=`, the same kernel booted cold, insmod and rmmod in it.
#pragma once

#include "sandbox/build/module_builder.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::bench {

struct ByHand {
    double build_seconds = 0;
    double boot_seconds = 0;  // QEMU's start to its end: boot, insmod, rmmod, reboot
};

// Errors also when insmod or rmmod did not work: then the time would be of something else.
Result<ByHand> by_hand(const image::Image& image, vm::Accelerator accelerator, const build::SourceSet& sources);

}  // namespace ferrule::bench
