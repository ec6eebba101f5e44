// The toolchain jail's fixed environment; jail_argv itself is in image.hpp.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ferrule::image {

// Name and value, the same on every host: nothing of the caller's environment gets in.
const std::vector<std::pair<std::string, std::string>>& jail_environment();

}  // namespace ferrule::image
