#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "sandbox/image/config_check.hpp"
#include "sandbox/image/parts.hpp"
#include "sandbox/image/script.hpp"

namespace ferrule::image {
namespace {

// Where make's lines begin and end in the step's fraction: the configuration before, the trimming after.
constexpr double kMakeFrom = 0.02, kMakeTo = 0.97;

// One job a core, and 1 GiB a job (rustc on the bindings takes 1.2 GiB, clang a third of that).
unsigned jobs() {
    uint64_t available_kib = 0;
    std::ifstream file("/proc/meminfo");
    std::string key, rest;
    for (uint64_t kib = 0; file >> key >> kib; std::getline(file, rest))
        if (key == "MemAvailable:") available_kib = kib;
    const unsigned cores = std::max(1u, std::thread::hardware_concurrency());
    if (available_kib == 0) return cores;
    return std::clamp(static_cast<unsigned>(available_kib >> 20), 1u, cores);
}

Result<void> verify_config(const Recipe& recipe, const Variant& variant, const fs::path& config) {
    std::vector<Fragment> fragments;
    for (const std::string& name : variant.fragments) {
        FERRULE_TRY(std::string text, read_file(recipe.folder() / "config" / (name + ".config")));
        fragments.push_back({name + ".config", std::move(text)});
    }
    FERRULE_TRY(const std::string final_config, read_file(config));
    return check_config(fragments, final_config);
}

}  // namespace

Result<PartSpec> kernel_spec(const Recipe& recipe, const Variant& variant, const std::string& identity) {
    PartSpec spec;
    spec.name = "kernel " + variant.kernel;
    spec.kind = "kernel";
    spec.prefix = variant.kernel + "-";
    FERRULE_TRY(spec.key, recipe.kernel_key(variant, identity));
    spec.essentials = {"vmlinux",
                       "System.map",
                       "config",
                       "release",
                       "build/Module.symvers",
                       "build/scripts/mod/modpost",
                       "build/rust/libkernel.rmeta",
                       "recipe/modpost.cmd"};
    spec.resumable = true;
    spec.expected_seconds = variant.measured_seconds;
    spec.bytes_needed = uint64_t{1} << 30;  // a full build tree and the part of it that is kept
    return spec;
}

// The O= tree grows in <staging>/tree. What `make M=` needs of it is copied to <staging>/build at the end, and the
// modules that record.sh builds prove that it is enough.
Result<void> build_kernel(const Recipe& recipe, const Variant& variant, const Toolchain& toolchain, PartBuild& build) {
    const fs::path tree = build.staging / "tree", kept = build.staging / "build";
    FERRULE_TRY_VOID(make_directories(tree));
    FERRULE_TRY_VOID(remove_tree(kept));
    if (!build.resumed) (void)remove_tree(build.log);
    if (build.expected_lines <= 0) build.expected_lines = variant.measured_lines;
    const auto phase = [&](const std::string& name, const fs::path& o_tree, bool writable) {
        const std::vector<Bind> binds{
            {o_tree, "/build", writable}, {build.staging, "/out", true}, {recipe.folder(), "/recipe"}};
        const std::vector<std::string> command{"env",
                                               fmt::format("FERRULE_FRAGMENTS={}", fmt::join(variant.fragments, " ")),
                                               fmt::format("FERRULE_JOBS={}", jobs()),
                                               "sh",
                                               "/recipe/kernel/build.sh",
                                               name};
        return run_script(build, "kernel " + variant.kernel, jail_argv(toolchain, binds, "/", command),
                          name == "make"     ? kMakeFrom
                          : name == "config" ? 0
                                             : kMakeTo,
                          name == "make"     ? kMakeTo
                          : name == "config" ? kMakeFrom
                                             : 1);
    };
    build.progress.update(0, build.resumed ? "configuration (going on with an interrupted build)" : "configuration");
    FERRULE_TRY_VOID(phase("config", tree, true));
    FERRULE_TRY_VOID(verify_config(recipe, variant, tree / ".config"));
    build.lines = 0;  // only make's count
    FERRULE_TRY_VOID(phase("make", tree, true));
    const double lines = build.lines;
    FERRULE_TRY_VOID(verify_config(recipe, variant, tree / ".config"));  // make runs Kconfig once more
    build.progress.update(kMakeTo, "keeping what modules need");
    FERRULE_TRY_VOID(phase("finish", tree, true));
    build.progress.update(0.98, "probe modules in C and Rust");
    FERRULE_TRY_VOID(phase("record", kept, false));
    build.lines = lines;
    return remove_tree(tree);
}

}  // namespace ferrule::image
