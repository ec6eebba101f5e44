#include "sandbox/image/image.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "sandbox/base/subprocess.hpp"
#include "sandbox/image/parts.hpp"

namespace ferrule::image {
namespace {

Result<Recipe> recipe() {
    FERRULE_TRY(const fs::path root, source_root());
    return Recipe::load(root / "kernel-image");
}

bool in_path(const std::string& program) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');)
        if (access((fs::path(folder) / program).c_str(), X_OK) == 0) return true;
    return false;
}

std::string trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    return text;
}

Error missing(const std::string& variant, const std::string& part) {
    return {"image-missing", fmt::format("the {} is not built yet", part),
            fmt::format("run: ferrule image build {}", variant)};
}

// What is asked for a part: the one that is there, or the one that is built now.
using Get = std::function<Result<FoundPart>(const PartSpec&, const BuildPart&)>;

Result<Image> collect(const std::string& variant_name, const Get& get) {
    FERRULE_TRY(const Recipe recipe, recipe());
    FERRULE_TRY(const Variant variant, recipe.variant(variant_name));
    const fs::path cache = cache_dir();
    Image image;

    FERRULE_TRY(const PartSpec toolchain, toolchain_spec(recipe));
    FERRULE_TRY(const FoundPart root, get(toolchain, [&](PartBuild& b) { return build_toolchain(recipe, cache, b); }));
    image.toolchain = {root.folder, toolchain.key};
    FERRULE_TRY(const std::string identity, toolchain_identity(image.toolchain));

    FERRULE_TRY(const PartSpec kernel, kernel_spec(recipe, variant, identity));
    FERRULE_TRY(const FoundPart built,
                get(kernel, [&](PartBuild& b) { return build_kernel(recipe, variant, image.toolchain, b); }));
    FERRULE_TRY(const std::string release, read_file(built.folder / "release", 1024));
    const fs::path& folder = built.folder;
    image.kernel = {variant.name,       trimmed(release),      folder,
                    folder / "vmlinux", folder / "System.map", folder / "build",
                    folder / "recipe",  variant.command_line,  kernel.key};

    FERRULE_TRY(const PartSpec initramfs, initramfs_spec(recipe, identity));
    FERRULE_TRY(const FoundPart cpio,
                get(initramfs, [&](PartBuild& b) { return build_initramfs(recipe, image.toolchain, b); }));
    image.initramfs = cpio.folder / "initramfs.cpio";

    Hash hash;
    image.key = hash.add("image 1").add(identity).add(kernel.key).add(variant.command_line).add(initramfs.key).hex();
    return image;
}

}  // namespace

Result<void> check_host() {
    utsname host;
    if (uname(&host) != 0 || std::string(host.machine) != "x86_64")
        return fail("unsupported-host",
                    fmt::format("Ferrule's kernels are built on x86-64, and this machine is {}", host.machine));
    struct Need {
        const char* program;
        const char* package;
    };
    for (const Need need : {Need{"bwrap", "bubblewrap"},
                            {"mmdebstrap", "mmdebstrap"},
                            {"apt-get", "apt"},
                            {"dpkg-deb", "dpkg"},
                            {"xz", "xz-utils"},
                            {"tar", "tar"},
                            {"patch", "patch"},
                            {"xargs", "findutils"}})
        if (!in_path(need.program))
            return fail("unsupported-host", fmt::format("the program {} is missing", need.program),
                        fmt::format("install the Debian package {}", need.package));
    std::error_code error;
    if (!fs::exists("/usr/share/keyrings/debian-archive-keyring.gpg", error))
        return fail("unsupported-host", "Debian's archive keys are missing",
                    "install the package debian-archive-keyring");
    SpawnRequest request;
    request.argv = {
        "bwrap", "--unshare-all", "--unshare-user", "--uid", "0", "--die-with-parent", "--ro-bind", "/", "/",
        "--",    "true"};
    RunOptions options;
    options.timeout = std::chrono::seconds(20);
    FERRULE_TRY(const RunResult result, run(std::move(request), options));
    if (result.exit_code != 0)
        return fail("unsupported-host", fmt::format("bubblewrap cannot make a sandbox here: {}", trimmed(result.err)),
                    "allow user namespaces for ordinary users (sysctl kernel.unprivileged_userns_clone=1, or "
                    "kernel.apparmor_restrict_unprivileged_userns=0)");
    return {};
}

std::vector<std::string> known_variants() {
    std::vector<std::string> names;
    if (const auto loaded = recipe())
        for (const Variant& variant : loaded->variants()) names.push_back(variant.name);
    return names;
}

Result<Image> ensure(const std::string& variant, Progress& progress) {
    bool checked = false;
    return collect(variant, [&](const PartSpec& spec, const BuildPart& build) -> Result<FoundPart> {
        if (auto found = find_part(cache_dir(), spec)) return *found;
        if (!checked) FERRULE_TRY_VOID(check_host());
        checked = true;
        return ensure_part(cache_dir(), spec, progress, build);
    });
}

Result<Image> find(const std::string& variant) {
    return collect(variant, [&](const PartSpec& spec, const BuildPart&) -> Result<FoundPart> {
        if (auto found = find_part(cache_dir(), spec)) return *found;
        return tl::unexpected(missing(variant, spec.name));
    });
}

Result<std::vector<Part>> status() {
    FERRULE_TRY(const Recipe recipe, recipe());
    const fs::path cache = cache_dir();
    std::vector<Part> parts;
    const auto add = [&](const PartSpec& spec) {
        const auto found = find_part(cache, spec);
        parts.push_back({spec.name, spec.key, found.has_value(), found ? found->bytes : 0,
                         cache / spec.kind / spec.entry(), found ? found->notes : std::vector<std::string>{}});
        return found.has_value();
    };
    FERRULE_TRY(const PartSpec toolchain, toolchain_spec(recipe));
    if (!add(toolchain)) {
        // Their keys depend on what the root will hold.
        for (const Variant& variant : recipe.variants())
            if (variant.kernel == variant.name)
                parts.push_back({"kernel " + variant.name, "", false, 0, cache / "kernel", {}});
        parts.push_back({"initramfs", "", false, 0, cache / "initramfs", {}});
        return parts;
    }
    FERRULE_TRY(const std::string identity, toolchain_identity({parts.front().folder, toolchain.key}));
    for (const Variant& variant : recipe.variants()) {
        if (variant.kernel != variant.name) continue;  // boots one that is listed already
        FERRULE_TRY(const PartSpec kernel, kernel_spec(recipe, variant, identity));
        add(kernel);
    }
    FERRULE_TRY(const PartSpec initramfs, initramfs_spec(recipe, identity));
    add(initramfs);
    return parts;
}

Result<uint64_t> clean(bool all) {
    const fs::path cache = cache_dir();
    std::vector<std::string> keep;
    if (!all) {
        FERRULE_TRY(const std::vector<Part> parts, status());
        for (const Part& part : parts)
            if (part.present) keep.push_back(part.folder.filename().string());
    }
    uint64_t freed = 0;
    std::vector<std::string> prefixes;
    for (const std::string& variant : known_variants()) prefixes.push_back(variant + "-");
    for (const std::string kind : {"kernel", "initramfs", "toolchain"}) {
        FERRULE_TRY(const uint64_t bytes,
                    remove_parts(cache, kind, kind == "kernel" ? prefixes : std::vector<std::string>{""}, keep));
        freed += bytes;
    }
    if (all) {  // under the toolchain's lock: it is what fills the folder
        const auto lock = FileLock::try_acquire(cache / "locks" / "toolchain.lock", FileLock::Mode::exclusive);
        if (lock) {
            freed += disk_usage(cache / "downloads");
            FERRULE_TRY_VOID(remove_tree(cache / "downloads"));
        }
    }
    return freed;
}

}  // namespace ferrule::image
