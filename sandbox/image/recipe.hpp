// What the image is made from: the files of kernel-image/, and the keys that follow from them.
// A key is the SHA-256 of every input, so that a part is found again exactly when nothing changed.
#pragma once

#include <string>
#include <vector>

#include "sandbox/base/files.hpp"

namespace ferrule::image {

struct Variant {
    std::string name;
    std::string kernel;                  // whose build is booted: its own name, or that of another variant
    std::vector<std::string> fragments;  // names in config/, in merge order; of a variant that shares a kernel: its
    std::string command_line;
    double measured_seconds = 0;  // of a build on 2 cores
    unsigned measured_lines = 0;  // of make's output in that build
};

// kernel-image/variants. Code "image-recipe", with file and line.
Result<std::vector<Variant>> parse_variants(const std::string& text, const std::string& file);

class Recipe {
public:
    static Result<Recipe> load(const fs::path& kernel_image);

    const fs::path& folder() const { return folder_; }
    const std::vector<Variant>& variants() const { return variants_; }
    Result<Variant> variant(const std::string& name) const;  // code "unknown-variant"

    Result<std::string> packages_key() const;  // of packages.txt alone: decides whether kept packages will do
    Result<std::string> toolchain_key() const;
    // `identity` says what the toolchain root really holds (toolchain.hpp): its key and its packages' versions.
    Result<std::string> kernel_key(const Variant& variant, const std::string& identity) const;
    Result<std::string> initramfs_key(const std::string& identity) const;

private:
    fs::path folder_;
    std::vector<Variant> variants_;
};

}  // namespace ferrule::image
