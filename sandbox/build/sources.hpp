// What may be built at all. read_sources (module_builder.hpp) takes it from the host; check_sources is the same law for
// a set that came from elsewhere, and build_module applies it to every set.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sandbox/build/module_builder.hpp"

namespace ferrule::build {

inline constexpr size_t kMaxFiles = 64;
inline constexpr size_t kMaxFileBytes = 256u << 10;
inline constexpr size_t kMaxTotalBytes = 1u << 20;
inline constexpr size_t kMaxModuleName = 55;  // the kernel's MODULE_NAME_LEN is 56 with the end

// Names, number, sizes, text. Error "bad-submission".
Result<void> check_sources(const SourceSet& sources);

bool has_suffix(std::string_view name, std::string_view suffix);
// The crate's root: <module>.rs or the only .rs. The set has passed check_sources.
const SourceFile& rust_root(const SourceSet& sources);

}  // namespace ferrule::build
