// Which Debian mirror the toolchain root comes from: FERRULE_MIRROR, else the one this host's apt uses
// when it is Debian, else none, and mmdebstrap uses its own.
#pragma once

#include <string>

namespace ferrule::image {

// From the output of `apt-get indextargets --format kIndexTargetsFormat` and /etc/os-release.
// Empty when the host is not Debian or the mirror's scheme cannot be used from another apt.
extern const char* const kIndexTargetsFormat;
std::string mirror_of_host(const std::string& index_targets, const std::string& os_release);

std::string find_mirror();

}  // namespace ferrule::image
