// Test programs of exercises. Authors write them, but an exercise may come from anywhere: the same jail, the same
// limits.
#include <fmt/format.h>

#include "sandbox/build/build_cache.hpp"
#include "sandbox/build/diagnostics.hpp"
#include "sandbox/build/jail_run.hpp"
#include "sandbox/build/sources.hpp"

namespace ferrule::build {

Result<fs::path> build_program(const image::Image& image, const SourceFile& source) {
    const SourceSet set{Language::c, "program", {source}};
    FERRULE_TRY_VOID(check_sources(set));
    FERRULE_TRY(const Recipe recipe, read_recipe(image.kernel.recipe));
    const std::string clang = recipe.c.argv[0];
    const Limits limits;
    const std::string version = clang.starts_with("clang") ? clang.substr(5) : "";
    // ioctl numbers and structs of the learner's driver are in the source itself; linux/ headers come from the C
    // library's package.
    const std::string script = fmt::format(
        "export LC_ALL=C HOME=/tmp TMPDIR=/tmp PATH=/usr/bin:/usr/sbin\n"
        "ulimit -S -t {0}\nulimit -p {1}\ncd /work || exit 1\necho ready\n"
        "{2} -std=gnu17 -O1 -Wall -fno-color-diagnostics -fno-crash-diagnostics -pthread -static "
        "-fuse-ld=/usr/bin/ld.lld{3} -Wl,--strip-debug -o /out/program {4} >/out/log/c0 2>&1 </dev/null\n"
        "echo \"stage c0 $?\"\n",
        limits.cpu_seconds, limits.processes, shell_word(clang), version, shell_word(source.name));
    Hash hash;
    hash.add("program").add(image.toolchain.key).add(script).add(source.name).add(source.text);
    const std::string key = hash.hex();
    FERRULE_TRY(const BuildCache cache, BuildCache::open());
    if (const auto found = cache.find_file(key, "program")) return *found;
    FERRULE_TRY(const TempDir staging, cache.staging());
    FERRULE_TRY_VOID(lay_out(staging.path(), set.files));
    FERRULE_TRY(const JailRun run, run_in_jail(image, staging.path(), script, limits));
    if (run.timed_out || run.stages.empty())
        return fail("bad-program",
                    fmt::format("{}: compiling it did not end within {} s", source.name, limits.wall_seconds));
    bool truncated = false;
    const StageLog log{
        {"c0", "clang", 0}, run.stages.front().second, read_log(staging.path(), "c0", limits.output_bytes, truncated)};
    if (log.status == 126 || log.status == 127)
        return fail("build-broken", clang + " cannot be started in the toolchain root",
                    "rebuild the image: ferrule image clean, then ferrule image build");
    if (log.status != 0) {
        if (no_space(staging.path()))
            return tl::unexpected(system_error("cannot build in", staging.path().parent_path(), ENOSPC));
        Diagnostic first;
        for (const Diagnostic& diagnostic : read_diagnostics(set, log, limits))
            if (first.severity != "error") first = diagnostic;
        return fail("bad-program",
                    first.line > 0 ? fmt::format("{}:{}: {}", first.file, first.line, first.message)
                                   : fmt::format("{}: {}", source.name, first.message),
                    "this is a test program of the exercise, not the learner's code");
    }
    return cache.publish_file(staging.path(), staging.path() / "out" / "program", key, "program");
}

}  // namespace ferrule::build
