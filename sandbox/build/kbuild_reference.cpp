#include "sandbox/build/kbuild_reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sandbox/build/diagnostics.hpp"
#include "sandbox/build/jail_run.hpp"
#include "sandbox/build/sources.hpp"

namespace ferrule::build {
namespace {

std::string words_of(const Words& words) {
    std::string out;
    for (const std::string& word : words) out += " " + word;
    return out;
}

struct Layout {
    std::string folder;  // of the sources, below the module's; "" or "src/"
    std::string kbuild;
};

// The sources lie beside the Kbuild file. A module of several, one of which has its own name, cannot be told so to
// Kbuild (module.o would be made from itself): those go into src/, and file names in strings become longer.
Layout lay_out_for_kbuild(const SourceSet& sources) {
    const std::string& module = sources.module;
    std::vector<std::string> objects;
    for (const SourceFile& file : sources.files)
        if (sources.language == Language::rust ? &file == &rust_root(sources) : has_suffix(file.name, ".c"))
            objects.push_back(fs::path(file.name).replace_extension(".o").string());
    const std::string own = module + ".o";
    const bool clash = objects.size() > 1 && std::find(objects.begin(), objects.end(), own) != objects.end();
    Layout layout{clash ? "src/" : "", "obj-m := " + own + "\n"};
    if (objects.size() > 1 || objects[0] != own) {
        layout.kbuild += module + "-y :=";
        for (const std::string& object : objects) layout.kbuild += " " + layout.folder + object;
        layout.kbuild += "\n";
    }
    layout.kbuild += "rustflags-y :=" + words_of(extra_rust_flags()) + "\nccflags-y :=" + words_of(extra_c_flags()) +
                     " -iquote " + (clash ? "src -ffile-prefix-map=src/=" : ".") + "\n";
    return layout;
}

}  // namespace

Result<ReferenceBuild> build_by_kbuild(const image::Image& image, const SourceSet& sources) {
    FERRULE_TRY_VOID(check_sources(sources));
    FERRULE_TRY(const Recipe recipe, read_recipe(image.kernel.recipe));
    FERRULE_TRY(TempDir staging, TempDir::make());
    FERRULE_TRY_VOID(lay_out(staging.path(), sources.files));
    const Layout layout = lay_out_for_kbuild(sources);
    FERRULE_TRY_VOID(write_file(staging.path() / "job" / "Kbuild", layout.kbuild));
    const std::string version = recipe.c.argv[0].starts_with("clang") ? recipe.c.argv[0].substr(5) : "";
    const std::string script = fmt::format(
        "export LC_ALL=C HOME=/tmp TMPDIR=/tmp PATH=/usr/bin:/usr/sbin LLVM={0} ARCH=x86\n"
        "mkdir -p /out/kb/{1} && cp -r /work/. /out/kb/{1} && cp /job/Kbuild /out/kb || exit 1\necho ready\n"
        "make -C /build M=/out/kb modules >/out/log/make 2>&1 </dev/null\necho \"stage make $?\"\n",
        version.empty() ? "1" : version, layout.folder.empty() ? "." : layout.folder);
    Limits limits;
    limits.file_bytes = 256u << 20;
    FERRULE_TRY(const JailRun run, run_in_jail(image, staging.path(), script, limits));
    ReferenceBuild built{std::move(staging), {}, run.seconds};
    if (run.stages.empty() || run.stages.front().second != 0) {
        bool truncated = false;
        const std::string log = read_log(built.folder.path(), "make", 64u << 10, truncated);
        return fail("build-broken", "make M= failed: " + clean_text(log, 4000));
    }
    built.ko = built.folder.path() / "out" / "kb" / (sources.module + ".ko");
    return built;
}

}  // namespace ferrule::build
