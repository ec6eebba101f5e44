// What this machine can do, each line with what to do about it.
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <thread>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/image/image.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::cli {

namespace {

// What a first `image build` needs on the way, packages and build trees included.
constexpr uint64_t kDiskWanted = uint64_t{6} << 30;
constexpr uint64_t kDiskToRun = uint64_t{1} << 30;
constexpr uint64_t kMemoryWanted = uint64_t{2} << 30;

enum class Level { ok, note, bad };  // note: works, but slower or not yet

struct Line {
    Level level;
    std::string subject, text, advice;
};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string gib(uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1u << 30)); }

Line program(const std::string& subject, const std::vector<std::string>& argv, const std::string& package) {
    SpawnRequest request;
    request.argv = argv;
    RunOptions options;
    options.timeout = std::chrono::seconds(10);
    const auto result = run(std::move(request), options);
    if (!result || result->exit_code != 0)
        return {Level::bad, subject, "not found", fmt::format("Install the package {}.", package)};
    return {Level::ok, subject, first_line(result->out), ""};
}

Line sandbox_jail() {
    SpawnRequest request;
    request.argv = {"bwrap", "--unshare-all", "--die-with-parent", "--ro-bind", "/", "/", "--proc", "/proc", "true"};
    RunOptions options;
    options.timeout = std::chrono::seconds(10);
    const auto result = run(std::move(request), options);
    if (!result) return {Level::bad, "jail", "bubblewrap cannot be started", "Install the package bubblewrap."};
    if (result->exit_code == 0) return {Level::ok, "jail", "bubblewrap and user namespaces work", ""};
    return {Level::bad, "jail", "no user namespaces: " + first_line(result->err),
            "Allow them: sysctl kernel.unprivileged_userns_clone=1 (and kernel.apparmor_restrict_unprivileged_userns=0 "
            "on Ubuntu)."};
}

Line disk(bool image_there) {
    fs::path at = cache_dir();
    std::error_code code;
    while (!fs::exists(at, code) && at.has_relative_path()) at = at.parent_path();
    struct statvfs info {};
    if (::statvfs(at.c_str(), &info) != 0) return {Level::bad, "disk", "cannot be asked for " + at.string(), ""};
    const uint64_t free = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
    const uint64_t wanted = image_there ? kDiskToRun : kDiskWanted;
    const std::string text = fmt::format("{} free for {}", gib(free), cache_dir().string());
    if (free >= wanted) return {Level::ok, "disk", text, ""};
    return {Level::bad, "disk", text,
            fmt::format("{} are wanted: make room, or set XDG_CACHE_HOME to a larger disk.", gib(wanted))};
}

uint64_t available_memory() {
    std::ifstream file("/proc/meminfo");
    std::string key, rest;
    uint64_t kib = 0;
    while (file >> key >> kib && std::getline(file, rest))
        if (key == "MemAvailable:") return kib * 1024;
    return 0;
}

Line machine() {
    const uint64_t memory = available_memory();
    const std::string text = fmt::format("{} cores, {} memory available, {} clones at once",
                                         std::thread::hardware_concurrency(), gib(memory), vm::clone_limit());
    if (memory >= kMemoryWanted) return {Level::ok, "machine", text, ""};
    return {Level::note, "machine", text,
            fmt::format("{} are better: close other programs, or set FERRULE_CLONES=1.", gib(kMemoryWanted))};
}

Line accelerator(ProgressView& view) {
    if (::access("/dev/kvm", F_OK) != 0)
        return {Level::note, "kvm",
                "there is no /dev/kvm: emulation is used, everything works, some things take longer", ""};
    if (::access("/dev/kvm", R_OK | W_OK) != 0)
        return {Level::note, "kvm", "/dev/kvm is there but not for you: emulation is used",
                "Add yourself to the group kvm, then log in again."};
    const auto image = image::find("mem");
    if (!image) return {Level::note, "kvm", "/dev/kvm is there; whether it works is tried once the image is built", ""};
    const vm::Accelerator best = vm::best_accelerator(*image, view);
    view.clear();
    if (best == vm::Accelerator::kvm) return {Level::ok, "kvm", "works: a guest was booted with it", ""};
    return {Level::note, "kvm", "/dev/kvm is there but a guest does not boot with it: emulation is used", ""};
}

std::vector<Line> image_lines(bool& complete) {
    std::vector<Line> lines;
    complete = false;
    const auto parts = image::status();
    if (!parts) return {{Level::bad, "image", parts.error().message, parts.error().hint}};
    complete = !parts->empty();
    for (const image::Part& part : *parts) {
        complete = complete && part.present;
        if (part.present)
            lines.push_back({Level::ok, "image", fmt::format("{}: {}", part.name, gib(part.bytes)), ""});
        else
            lines.push_back({Level::note, "image", fmt::format("{}: not built", part.name),
                             "Build it: ferrule image build (the first `ferrule grade` does it too)."});
    }
    return lines;
}

Line toolchain(const std::string& tool, const std::vector<std::string>& command) {
    const auto image = image::find("mem");
    if (!image) return {Level::note, tool, "comes with the image", ""};
    SpawnRequest request;
    request.argv = image::jail_argv(image->toolchain, {}, "/", command);
    RunOptions options;
    options.timeout = std::chrono::seconds(20);
    const auto result = run(std::move(request), options);
    if (result && result->exit_code == 0) return {Level::ok, tool, first_line(result->out), ""};
    return {Level::bad, tool,
            "does not run in the toolchain root: " + (result ? first_line(result->err) : result.error().message),
            "Build it again: ferrule image clean --all, then ferrule image build."};
}

const char* mark(Level level) { return level == Level::ok ? "[ok]" : level == Level::note ? "[--]" : "[!!]"; }

Result<int> doctor(bool json) {
    ProgressView view;
    bool image_there = false;
    const auto images = image_lines(image_there);
    std::vector<Line> lines = {program("qemu", {"qemu-system-x86_64", "--version"}, "qemu-system-x86"),
                               program("bubblewrap", {"bwrap", "--version"}, "bubblewrap"), sandbox_jail(), machine(),
                               disk(image_there)};
    lines.insert(lines.end(), images.begin(), images.end());
    lines.push_back(toolchain("clang", {"clang-19", "--version"}));
    lines.push_back(toolchain("rustc", {"rustc", "--version"}));
    lines.push_back(accelerator(view));
    bool good = true;
    auto list = nlohmann::ordered_json::array();
    for (const Line& line : lines) {
        good = good && line.level != Level::bad;
        list.push_back({{"subject", line.subject},
                        {"level", line.level == Level::ok     ? "ok"
                                  : line.level == Level::note ? "note"
                                                              : "bad"},
                        {"text", line.text},
                        {"advice", line.advice}});
        if (!json)
            std::cout << fmt::format("{} {:<11} {}{}{}\n", mark(line.level), line.subject, line.text,
                                     line.advice.empty() ? "" : ". ", line.advice);
    }
    if (json)
        std::cout << nlohmann::ordered_json{{"format", 1}, {"ok", good}, {"lines", list}}.dump(
                         2, ' ', false, nlohmann::json::error_handler_t::replace)
                  << "\n";
    return good ? 0 : 1;
}

}  // namespace

void add_doctor(CLI::App& app, Invocation& invocation) {
    auto json = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("doctor", "what this machine can do, and what to do about the rest");
    command->add_flag("--json", *json, "one JSON object");
    command->callback([json, &invocation] {
        invocation.action = [json] { return doctor(*json); };
        if (*json) invocation.error_json = error_object;
    });
}

}  // namespace ferrule::cli
