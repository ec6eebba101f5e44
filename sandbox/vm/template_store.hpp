// Templates on disk, for the files of this folder. The design is at the top of template.cpp.
#pragma once

#include <chrono>

#include "sandbox/vm/qemu_command.hpp"

namespace ferrule::vm {

struct BootLimits {
    std::chrono::seconds total{300};  // to the agent's first answer: 3 to 6 s, ten times that on a machine that is busy
    std::chrono::seconds silence{
        90};  // the longest time without a byte on the console: a boot that hangs is seen sooner
};

std::string template_key(const image::Image& image, const Qemu& qemu, Accelerator accelerator);
fs::path template_lock(const std::string& key);
Result<std::shared_ptr<const Template>> ensure_template(const image::Image& image, Accelerator accelerator,
                                                        const BootLimits& limits, Progress& progress);
// Throws away a template that does not work, unless somebody has made it anew since `inode` was seen.
Result<void> discard_template(const fs::path& folder, uint64_t inode);

}  // namespace ferrule::vm
