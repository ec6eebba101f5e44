#pragma once

#include <string>
#include <vector>

#include "sandbox/base/files.hpp"

namespace ferrule::build {

// The undefined symbols of an object, sorted, each once. Error "build-broken": it is no such file.
Result<std::vector<std::string>> read_imports(const fs::path& object);

}  // namespace ferrule::build
