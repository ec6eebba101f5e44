#include "sandbox/image/parts.hpp"
#include "sandbox/image/script.hpp"

namespace ferrule::image {

Result<PartSpec> initramfs_spec(const Recipe& recipe, const std::string& identity) {
    PartSpec spec;
    spec.name = "initramfs";
    spec.kind = "initramfs";
    FERRULE_TRY(spec.key, recipe.initramfs_key(identity));
    spec.essentials = {"initramfs.cpio"};
    spec.expected_seconds = 4;
    spec.bytes_needed = uint64_t{16} << 20;
    return spec;
}

Result<void> build_initramfs(const Recipe& recipe, const Toolchain& toolchain, PartBuild& build) {
    (void)remove_tree(build.log);
    const std::vector<Bind> binds{{build.staging, "/out", true}, {recipe.folder(), "/src/kernel-image"}};
    return run_script(build, "initramfs",
                      jail_argv(toolchain, binds, "/", {"sh", "/src/kernel-image/initramfs/build.sh", "/out"}), 0, 1);
}

}  // namespace ferrule::image
