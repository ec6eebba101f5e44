// Names an author writes for numbers of the guest's ABI (x86-64, asm-generic). ioctl_number and the
// errno functions are in exercise.hpp.
#pragma once

#include <cstdint>
#include <string>

#include "sandbox/base/result.hpp"

namespace ferrule::grader {

Result<int64_t> open_flags(const std::string& text);       // "read+write+nonblock"; empty: read+write
Result<int64_t> mmap_protection(const std::string& text);  // "read", "read+write"; empty: read+write
Result<int64_t> seek_whence(const std::string& text);      // "set", "cur", "end"; empty: set

inline constexpr uint32_t kIoctlGuard = 256;  // bytes watched behind the buffer of an ioctl or a read
inline constexpr char kIoctlFill = '\xcc';    // what an ioctl's buffer holds behind `in`

}  // namespace ferrule::grader
