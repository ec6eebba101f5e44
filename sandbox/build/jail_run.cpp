#include "sandbox/build/jail_run.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <charconv>
#include <fstream>

#include "sandbox/base/interrupt.hpp"
#include "sandbox/build/diagnostics.hpp"

namespace ferrule::build {
namespace {

// Without write_file's fsync: nobody reads it after a crash.
Result<void> put(const fs::path& path, const std::string& text) {
    errno = 0;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file.write(text.data(), static_cast<std::streamsize>(text.size()));
    file.close();
    if (!file) return tl::unexpected(system_error("cannot write", path, errno != 0 ? errno : EIO));
    return {};
}

}  // namespace

Result<void> lay_out(const fs::path& staging, const std::vector<SourceFile>& files) {
    for (const char* folder : {"src", "out", "out/obj", "out/log", "job"})
        FERRULE_TRY_VOID(make_directories(staging / folder));
    for (const SourceFile& file : files) {
        const fs::path path = staging / "src" / file.name;
        FERRULE_TRY_VOID(make_directories(path.parent_path()));
        FERRULE_TRY_VOID(put(path, file.text));
    }
    return {};
}

Result<JailRun> run_in_jail(const image::Image& image, const fs::path& staging, const std::string& script,
                            const Limits& limits, const std::vector<image::Bind>& more) {
    FERRULE_TRY_VOID(put(staging / "job" / "build.sh", script + "echo end\n"));
    std::vector<image::Bind> binds{{image.kernel.build, "/build"},
                                   {image.kernel.recipe, "/recipe"},
                                   {staging / "src", "/work"},
                                   {staging / "out", "/out", true},
                                   {staging / "job", "/job"}};
    binds.insert(binds.end(), more.begin(), more.end());
    SpawnRequest request;
    request.argv = image::jail_argv(image.toolchain, binds, "/work", {"/bin/sh", "/job/build.sh"});
    // The jail's first process keeps the environment it was started with in /proc/1/environ, which an #include can
    // name.
    request.environment = std::vector<std::string>{"PATH=/usr/bin:/bin"};
    request.limits.cpu_seconds = limits.cpu_seconds + 5;  // the script's own soft limit comes first
    request.limits.address_space_bytes = limits.memory;
    request.limits.file_size_bytes = limits.file_bytes;
    RunOptions options;
    options.timeout = std::chrono::seconds(limits.wall_seconds);
    options.output_cap = 64u << 10;  // stage lines
    const auto start = Clock::now();
    FERRULE_TRY(RunResult result, run(std::move(request), options));
    if (result.interrupted) return tl::unexpected(interrupted_error());
    JailRun done;
    done.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    done.timed_out = result.timed_out;
    done.words = clean_text(result.err, 2000);
    bool ready = false;
    std::string_view rest = result.out;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find('\n'), rest.size());
        std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (line == "ready") ready = true;
        if (line == "end") done.complete = true;
        const size_t space = line.rfind(' ');
        if (!line.starts_with("stage ") || space < 6) continue;
        int status = -1;
        std::from_chars(line.data() + space + 1, line.data() + line.size(), status);
        done.stages.emplace_back(line.substr(6, space - 6), status);
    }
    if (!ready && !done.timed_out) {
        std::string first = done.words.substr(0, done.words.find('\n'));
        if (first.empty())
            first = result.signal != 0 ? fmt::format("killed by signal {}", result.signal)
                                       : fmt::format("status {}", result.exit_code);
        return fail("jail", "the build's jail did not start: " + first,
                    "ferrule doctor says what bubblewrap lacks here");
    }
    if (!ready)
        return fail("jail", fmt::format("the build's jail did not start within {} s", limits.wall_seconds),
                    "the machine may be overloaded; try again");
    return done;
}

std::string read_log(const fs::path& staging, const std::string& stage, size_t cap, bool& truncated) {
    std::string text;
    UniqueFd fd(open((staging / "out" / "log" / stage).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!fd) return text;
    text.resize(cap + 1);
    size_t used = 0;
    while (used < text.size()) {
        const ssize_t got = read(fd.get(), text.data() + used, text.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        used += static_cast<size_t>(got);
    }
    truncated = truncated || used > cap;
    text.resize(std::min(used, cap));
    return text;
}

bool no_space(const fs::path& folder) {
    struct statvfs status;
    if (statvfs(folder.c_str(), &status) != 0) return false;
    if (status.f_bavail * status.f_frsize < (48ull << 20) || (status.f_files != 0 && status.f_favail < 16)) return true;
    // A quota shows only when it is hit.
    const auto probe = put(folder / "probe", std::string(1u << 20, '\0'));
    (void)remove_tree(folder / "probe");
    return !probe && probe.error().code == "disk-full";
}

}  // namespace ferrule::build
