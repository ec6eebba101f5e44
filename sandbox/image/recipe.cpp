#include "sandbox/image/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

#include "sandbox/image/jail.hpp"

namespace ferrule::image {
namespace {

// Changed when the C++ here builds a part in another way with the same files.
constexpr const char* kToolchainFormat = "toolchain 1";
constexpr const char* kKernelFormat = "kernel 1";
constexpr const char* kInitramfsFormat = "initramfs 1";

std::vector<std::string> words(std::istringstream& line) {
    std::vector<std::string> result;
    for (std::string word; line >> word;) result.push_back(word);
    return result;
}

// In the order of their names, so that the file system's order does not matter.
Result<void> add_sources(Hash& hash, const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (entry.path().extension() == ".c" || entry.path().extension() == ".h") files.push_back(entry.path());
    if (error) return tl::unexpected(system_error("cannot list", folder, error.value()));
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) FERRULE_TRY_VOID(hash.add_file(file));
    return {};
}

}  // namespace

Result<std::vector<Variant>> parse_variants(const std::string& text, const std::string& file) {
    std::vector<Variant> variants;
    std::istringstream lines(text);
    int number = 0;
    for (std::string row; std::getline(lines, row);) {
        ++number;
        std::istringstream line(row);
        std::string key;
        if (!(line >> key) || key.front() == '#') continue;
        const auto wrong = [&](const std::string& what) {
            return fail("image-recipe", fmt::format("{}:{}: {}", file, number, what));
        };
        const std::vector<std::string> rest = words(line);
        if (rest.empty()) return wrong(fmt::format("`{}` needs a value", key));
        if (key == "variant") {
            const std::string& name = rest.front();
            if (rest.size() != 1 || name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") != std::string::npos)
                return wrong("a variant's name is one word of small letters and digits");
            for (const Variant& other : variants)
                if (other.name == name) return wrong(fmt::format("variant {} is there twice", name));
            variants.push_back({name, name, {}, "", 0, 0});
            continue;
        }
        if (variants.empty()) return wrong("expected `variant NAME` first");
        Variant& variant = variants.back();
        if (key == "kernel") {
            const auto owner = std::find_if(variants.begin(), variants.end(), [&](const Variant& other) {
                return other.name == rest.front() && other.name != variant.name && other.kernel == other.name;
            });
            if (rest.size() != 1 || owner == variants.end())
                return wrong("expected `kernel` and the name of a variant above that has a kernel of its own");
            if (!variant.fragments.empty()) return wrong("a variant has `fragments` or `kernel`, not both");
            variant.kernel = owner->name;
            variant.fragments = owner->fragments;
            variant.measured_seconds = owner->measured_seconds;
            variant.measured_lines = owner->measured_lines;
        } else if (key == "fragments") {
            if (variant.kernel != variant.name) return wrong("a variant has `fragments` or `kernel`, not both");
            variant.fragments.insert(variant.fragments.end(), rest.begin(), rest.end());
        } else if (key == "command-line") {
            variant.command_line += fmt::format("{}{}", variant.command_line.empty() ? "" : " ", fmt::join(rest, " "));
        } else if (key == "measured") {
            std::istringstream numbers(fmt::format("{}", fmt::join(rest, " ")));
            if (!(numbers >> variant.measured_seconds >> variant.measured_lines))
                return wrong("expected `measured SECONDS LINES`");
        } else {
            return wrong(
                fmt::format("unknown word `{}`; expected variant, fragments, kernel, command-line or measured", key));
        }
    }
    for (const Variant& variant : variants)
        if (variant.fragments.empty())
            return fail("image-recipe", fmt::format("{}: variant {} has no fragments", file, variant.name));
    return variants;
}

Result<Recipe> Recipe::load(const fs::path& kernel_image) {
    Recipe recipe;
    recipe.folder_ = kernel_image;
    const fs::path file = kernel_image / "variants";
    FERRULE_TRY(const std::string text, read_file(file));
    FERRULE_TRY(recipe.variants_, parse_variants(text, file.string()));
    return recipe;
}

Result<Variant> Recipe::variant(const std::string& name) const {
    std::vector<std::string> names;
    for (const Variant& variant : variants_) {
        if (variant.name == name) return variant;
        names.push_back(variant.name);
    }
    return fail("unknown-variant", fmt::format("there is no kernel variant `{}`", name),
                fmt::format("there is: {}", fmt::join(names, ", ")));
}

Result<std::string> Recipe::packages_key() const {
    Hash hash;
    FERRULE_TRY_VOID(hash.add_file(folder_ / "toolchain" / "packages.txt"));
    return hash.hex();
}

Result<std::string> Recipe::toolchain_key() const {
    Hash hash;
    hash.add(kToolchainFormat);
    FERRULE_TRY_VOID(hash.add_tree(folder_ / "toolchain"));
    FERRULE_TRY_VOID(hash.add_tree(folder_ / "kernel" / "overlay"));
    FERRULE_TRY_VOID(hash.add_tree(folder_ / "kernel" / "patches"));
    return hash.hex();
}

Result<std::string> Recipe::kernel_key(const Variant& variant, const std::string& identity) const {
    Hash hash;
    hash.add(kKernelFormat).add(identity).add(variant.kernel);
    for (const auto& [name, value] : jail_environment()) hash.add(name).add(value);
    for (const std::string& fragment : variant.fragments)
        FERRULE_TRY_VOID(hash.add_file(folder_ / "config" / (fragment + ".config")));
    FERRULE_TRY_VOID(hash.add_file(folder_ / "kernel" / "build.sh"));
    FERRULE_TRY_VOID(hash.add_tree(folder_ / "recipe"));
    return hash.hex();
}

Result<std::string> Recipe::initramfs_key(const std::string& identity) const {
    Hash hash;
    hash.add(kInitramfsFormat).add(identity);
    FERRULE_TRY_VOID(add_sources(hash, folder_ / "agent"));
    FERRULE_TRY_VOID(hash.add_tree(folder_ / "initramfs"));
    return hash.hex();
}

}  // namespace ferrule::image
