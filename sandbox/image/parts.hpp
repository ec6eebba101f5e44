// How each part is built: what the scripts of kernel-image/ are given, and what is checked afterwards.
#pragma once

#include "sandbox/image/image.hpp"
#include "sandbox/image/part.hpp"
#include "sandbox/image/recipe.hpp"

namespace ferrule::image {

Result<PartSpec> toolchain_spec(const Recipe& recipe);
Result<void> build_toolchain(const Recipe& recipe, const fs::path& cache, PartBuild& build);
// What is really in the root: its key and the versions of its packages. Two machines with the same recipe on
// different days of Debian have the same toolchain key and different kernels.
Result<std::string> toolchain_identity(const Toolchain& toolchain);

Result<PartSpec> kernel_spec(const Recipe& recipe, const Variant& variant, const std::string& identity);
Result<void> build_kernel(const Recipe& recipe, const Variant& variant, const Toolchain& toolchain, PartBuild& build);

Result<PartSpec> initramfs_spec(const Recipe& recipe, const std::string& identity);
Result<void> build_initramfs(const Recipe& recipe, const Toolchain& toolchain, PartBuild& build);

// x86-64, and the programs and user namespaces that the builds need. Code "unsupported-host".
Result<void> check_host();

}  // namespace ferrule::image
