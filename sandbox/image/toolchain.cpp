#include <fmt/format.h>

#include "sandbox/image/mirror.hpp"
#include "sandbox/image/parts.hpp"
#include "sandbox/image/script.hpp"

namespace ferrule::image {

Result<PartSpec> toolchain_spec(const Recipe& recipe) {
    PartSpec spec;
    spec.name = "toolchain";
    spec.kind = "toolchain";
    FERRULE_TRY(spec.key, recipe.toolchain_key());
    spec.essentials = {"packages", "usr/src/linux/Makefile", "usr/bin/rustc", "usr/lib/llvm-19/bin/clang",
                       "usr/bin/bindgen"};
    spec.expected_seconds = 60;
    spec.bytes_needed = uint64_t{4} << 30;  // 3.4 GiB at its fullest, packages included
    return spec;
}

// The script runs with the host's mmdebstrap and the network, but in a bubblewrap of its own: the host's files are
// read-only, /tmp is private, and no process outlives us.
Result<void> build_toolchain(const Recipe& recipe, const fs::path& cache, PartBuild& build) {
    const fs::path downloads = cache / "downloads";
    FERRULE_TRY_VOID(make_directories(downloads));
    FERRULE_TRY(const std::string packages_key, recipe.packages_key());
    (void)remove_tree(build.log);
    const std::vector<std::string> argv{"bwrap",
                                        "--ro-bind",
                                        "/",
                                        "/",
                                        "--dev",
                                        "/dev",
                                        "--proc",
                                        "/proc",
                                        "--unshare-pid",
                                        "--unshare-ipc",
                                        "--die-with-parent",
                                        "--new-session",
                                        "--tmpfs",
                                        "/tmp",
                                        "--bind",
                                        build.staging.string(),
                                        "/tmp/ferrule/root",
                                        "--bind",
                                        downloads.string(),
                                        "/tmp/ferrule/downloads",
                                        "--ro-bind",
                                        recipe.folder().string(),
                                        "/tmp/ferrule/kernel-image",
                                        "--chdir",
                                        "/tmp",
                                        "--",
                                        "sh",
                                        "/tmp/ferrule/kernel-image/toolchain/build.sh",
                                        "/tmp/ferrule/root",
                                        "/tmp/ferrule/downloads"};
    return run_script(build, "toolchain", argv, 0, 1,
                      {"FERRULE_MIRROR=" + find_mirror(), "FERRULE_PACKAGES_KEY=" + packages_key});
}

Result<std::string> toolchain_identity(const Toolchain& toolchain) {
    FERRULE_TRY(const std::string packages, read_file(toolchain.root / "packages"));
    Hash hash;
    hash.add(toolchain.key).add(packages);
    return hash.hex();
}

}  // namespace ferrule::image
