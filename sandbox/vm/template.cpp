// Theory of operation.
//
// A template is a booted, idle guest on disk: its memory (`ram`, the very file that QEMU used as RAM while it
// booted) and the state of its devices (`state`, a migration stream without the memory: capability
// x-ignore-shared). A clone maps `ram` privately, so all clones share its pages until they write to them, and
// loads `state`, which takes 0.1 s instead of a boot.
//
// It is made under a lock in a folder beside its place, and gets its name by one rename when it is complete;
// `sealed` says what complete is. Whoever finds the name checks the seal: sizes, times, the state's hash and a sample
// of the memory's pages. That costs two milliseconds and sees a file cut short, copied, or written to. What it cannot
// see shows when a clone does not come up; then, too, the template is made anew (machine.cpp).
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/host_clock.hpp"
#include "sandbox/vm/template_store.hpp"
#include "sandbox/vm/vm.hpp"

namespace ferrule::vm {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kFormat = 2;
constexpr const char* kStaging = ".making-";
constexpr size_t kTemplatesKept = 4;
constexpr uint64_t kSpaceNeeded = (kGuestMemoryMb + 32) << 20;
constexpr double kExpectedBootSeconds = 6;

uint64_t mtime_ns(const struct stat& info) {
    return static_cast<uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(info.st_mtim.tv_nsec);
}

uint64_t inode_of(const fs::path& path) {
    struct stat info;
    return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// 64 pages spread over the file.
Result<std::string> sample_hash(const fs::path& path, uint64_t size) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return tl::unexpected(system_error("open", path, errno));
    Hash hash;
    char page[4096];
    for (uint64_t i = 0; i < 64; ++i) {
        const ssize_t n = pread(fd.get(), page, sizeof page, static_cast<off_t>(size / 64 * i));
        if (n < 0) return tl::unexpected(system_error("read", path, errno));
        hash.add({page, static_cast<size_t>(n)});
    }
    return hash.hex();
}

Result<std::string> content_hash(const fs::path& path) {
    FERRULE_TRY(const std::string content, read_file(path));
    return Hash().add(content).hex();
}

Result<json> describe(const fs::path& folder) {
    struct stat ram, state;
    if (::stat((folder / "ram").c_str(), &ram) != 0)
        return tl::unexpected(system_error("look at", folder / "ram", errno));
    if (::stat((folder / "state").c_str(), &state) != 0)
        return tl::unexpected(system_error("look at", folder / "state", errno));
    FERRULE_TRY(const std::string sample, sample_hash(folder / "ram", static_cast<uint64_t>(ram.st_size)));
    FERRULE_TRY(const std::string hash, content_hash(folder / "state"));
    FERRULE_TRY(const std::string listing, content_hash(folder / "listing"));
    return json{{"format", kFormat},        {"ram_size", ram.st_size},     {"ram_time", mtime_ns(ram)},
                {"ram_sample", sample},     {"state_size", state.st_size}, {"state_sha256", hash},
                {"listing_sha256", listing}};
}

Result<void> sync_file(const fs::path& path) {
    const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd || fsync(fd.get()) != 0) return tl::unexpected(system_error("write", path, errno));
    return {};
}

Result<void> check_space(const fs::path& folder) {
    struct statvfs info;
    if (statvfs(folder.c_str(), &info) != 0) return tl::unexpected(system_error("look at", folder, errno));
    const uint64_t available = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
    if (available < kSpaceNeeded)
        return fail(
            "disk-full",
            fmt::format("{} has {} MB left; a template of the booted guest needs {} MB", folder.string(),
                        available >> 20, kSpaceNeeded >> 20),
            "make room there, or set XDG_CACHE_HOME to a larger disk (`ferrule image clean` frees what is old)");
    return {};
}

// False: it is being made, or thrown away, right now.
Result<bool> remove_unless_busy(const fs::path& folder) {
    const auto lock = FileLock::try_acquire(template_lock(folder.filename().string()), FileLock::Mode::exclusive);
    if (!lock && lock.error().code == "locked") return false;
    if (!lock) return tl::unexpected(lock.error());
    FERRULE_TRY_VOID(remove_tree(folder));
    return true;
}

// Templates of kernels and machines of the past go; whoever uses one right now keeps its files open.
void forget_old(const fs::path& folder, const std::string& current) {
    std::vector<std::pair<fs::file_time_type, fs::path>> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        const fs::file_time_type used = fs::last_write_time(entry.path() / "used", error);
        if (name != current && name[0] != '.' && !error) found.emplace_back(used, entry.path());
    }
    std::sort(found.rbegin(), found.rend());
    for (size_t i = kTemplatesKept - 1; i < found.size(); ++i) (void)remove_unless_busy(found[i].second);
}

}  // namespace

fs::path template_lock(const std::string& key) { return cache_dir() / "locks" / ("template-" + key); }

std::string template_key(const image::Image& image, const Qemu& qemu, Accelerator accelerator) {
    Hash hash;
    hash.add(fmt::format("template {}", kFormat))
        .add(image.key)
        .add(image.kernel.key)
        .add(image.kernel.variant)
        .add(image.kernel.command_line);
    hash.add(image.kernel.vmlinux.string()).add(image.initramfs.string());
    hash.add(machine_line(accelerator)).add(qemu.identity).add(name(accelerator));
    return hash.hex();
}

Result<std::string> machine_key(const image::Image& image, Accelerator accelerator) {
    FERRULE_TRY(const Qemu qemu, find_qemu());
    return template_key(image, qemu, accelerator);
}

struct TemplateMaker {
    const image::Image& image;
    Accelerator accelerator;
    Progress& progress;
    BootLimits limits;
    Qemu qemu;
    std::string key;
    fs::path folder;

    Result<std::shared_ptr<const Template>> find() const;
    Result<void> make() const;
    Result<void> boot_and_save(const fs::path& staging, json& seal) const;
    Error boot_error(Vm& vm, const std::string& what) const;
};

Result<std::shared_ptr<const Template>> TemplateMaker::find() const {
    FERRULE_TRY(const std::string text, read_file(folder / "sealed", 64u << 10));
    json seal = json::parse(text, nullptr, false);
    FERRULE_TRY(const json now, describe(folder));
    bool fits = seal.is_object();
    for (const auto& [what, value] : now.items()) fits = fits && seal.contains(what) && seal[what] == value;
    if (!fits || !seal.contains("tsc_khz") || !seal["tsc_khz"].is_number_unsigned() || !seal.contains("readonly_ram") ||
        !seal["readonly_ram"].is_boolean())
        return fail("template-damaged", folder.string() + " is damaged");
    const uint64_t khz = seal["tsc_khz"].get<uint64_t>(), measured = tsc_khz();
    // The cache was carried to another machine: the guest's clock would run wrong. 1 %: a loaded host measures badly.
    if (accelerator == Accelerator::tcg && (measured < khz - khz / 100 || measured > khz + khz / 100))
        return fail("template-damaged", folder.string() + " was made on another machine");
    auto result = std::make_shared<Template>();
    result->folder_ = folder;
    result->image_ = image;
    result->accelerator_ = accelerator;
    result->qemu_ = qemu.binary;
    result->readonly_ram_ = seal["readonly_ram"].get<bool>();
    result->tsc_khz_ = khz;
    FERRULE_TRY(result->listing_, read_file(folder / "listing", FERRULE_DATA_MAX));
    result->seal_inode_ = inode_of(folder / "sealed");
    std::error_code ignored;
    fs::last_write_time(folder / "used", fs::file_time_type::clock::now(), ignored);
    return std::shared_ptr<const Template>(std::move(result));
}

Error TemplateMaker::boot_error(Vm& vm, const std::string& what) const {
    if (interrupted()) return interrupted_error();
    vm.kill();
    vm.pump(Clock::now() + milliseconds(200), [] { return false; });
    // Nothing on the console: QEMU itself could not start.
    if (vm.console().total() == 0 && !vm.complaint().empty())
        return {"qemu", "QEMU does not start: " + vm.complaint(), "try `ferrule doctor`"};
    // A panic's own line and the agent's say more than the end of the stack below them.
    std::string words;
    for (const char* mark : {"ferrule agent: ", "Kernel panic - "}) {
        const std::string& all = vm.console().text();
        const size_t at = all.rfind(mark);
        if (at != std::string::npos) words += all.substr(at, all.find_first_of("\r\n", at) - at) + "\n";
    }
    if (words.empty()) words = vm.console().last_lines(4);
    std::string tail;
    for (const char c : words.substr(0, 600))
        tail += c == '\n' ? std::string("; ") : (c >= ' ' && c < 127) ? std::string(1, c) : std::string();
    while (tail.ends_with("; ")) tail.resize(tail.size() - 2);
    return {
        "guest-boot",
        fmt::format("the guest kernel ({}) did not come up: {}. Its last words: {}", name(accelerator), what,
                    tail.empty() ? "none" : tail),
        "try again; if it stays, `ferrule image build` makes a new image and `ferrule doctor` looks at the machine"};
}

Result<void> TemplateMaker::boot_and_save(const fs::path& staging, json& seal) const {
    const auto start = Clock::now();
    const UniqueFd ram(open((staging / "ram").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!ram || ftruncate(ram.get(), static_cast<off_t>(kGuestMemoryMb << 20)) != 0)
        return tl::unexpected(system_error("create", staging / "ram", errno));
    const UniqueFd state(open((staging / "state").c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!state) return tl::unexpected(system_error("create", staging / "state", errno));
    FERRULE_TRY(const std::string version, qemu_version(qemu));

    MachinePlan plan;
    plan.image = image;
    plan.accelerator = accelerator;
    plan.ram = staging / "ram";
    const uint64_t khz = tsc_khz();
    FERRULE_TRY(const auto vm, Vm::start(qemu, plan, khz, -1));

    // Asked at once; the agent answers when it is there.
    const uint32_t hello = vm->channel().queue({.op = FERRULE_HELLO});
    const auto deadline = start + limits.total;
    std::optional<Reply> reply;
    auto next_update = start;
    vm->pump(deadline, [&] {
        const auto now = Clock::now();
        if (now >= next_update) {
            next_update = now + milliseconds(100);
            const double took = std::chrono::duration<double>(now - start).count();
            progress.update(std::min(0.95, took / kExpectedBootSeconds), "booting the guest");
        }
        if (now > vm->last_console() + limits.silence) return true;
        return (reply = vm->channel().take(hello)).has_value() || vm->channel().broken();
    });
    if (!reply)
        return tl::unexpected(boot_error(*vm, vm->ended()              ? "it ended"
                                              : vm->channel().broken() ? "its agent talks nonsense"
                                                                       : "no answer in time"));
    if (reply->value != FERRULE_PROTOCOL_VERSION)
        return tl::unexpected(boot_error(
            *vm, fmt::format("its agent speaks protocol {}, not {}", reply->value, FERRULE_PROTOCOL_VERSION)));
    const double boot_seconds = std::chrono::duration<double>(Clock::now() - start).count();

    // What the first listing makes the guest's file systems cache, every clone has cached; and late
    // boot messages belong to the template, not to a clone's console.
    for (int i = 0; i < 2; ++i)
        if (!vm->call({.op = FERRULE_LISTING}, deadline))
            return tl::unexpected(boot_error(*vm, "its agent stopped answering"));
    const auto settled = Clock::now() + seconds(5);
    while (!vm->ended() && !interrupted() && Clock::now() < settled &&
           Clock::now() - vm->last_console() < milliseconds(600))
        vm->pump(Clock::now() + milliseconds(50), [] { return false; });

    const auto listing = vm->call({.op = FERRULE_LISTING}, deadline);
    if (!listing || listing->error != 0) return tl::unexpected(boot_error(*vm, "its agent stopped answering"));
    FERRULE_TRY_VOID(write_file(staging / "listing", listing->data));

    progress.update(0.97, "saving it");
    const json capabilities = {
        {"capabilities", json::array({json{{"capability", "x-ignore-shared"}, {"state", true}}})}};
    for (const auto& [command, arguments] : {std::pair<const char*, json>{"stop", nullptr},
                                             {"migrate-set-capabilities", capabilities},
                                             {"migrate", {{"uri", "fd:state"}}}}) {
        if (std::strcmp(command, "migrate") == 0)
            (void)vm->qmp_receive(vm->qmp_send_fd("state", state.get()), Clock::now() + seconds(30));
        if (const auto answer = vm->qmp(command, arguments, seconds(30)); !answer)
            return tl::unexpected(
                interrupted()
                    ? interrupted_error()
                    : Error{"qemu", fmt::format("cannot save the booted guest ({}): {}", command, answer.error()),
                            "try `ferrule doctor`"});
    }
    for (std::string status; status != "completed";) {
        const auto answer = vm->qmp("query-migrate", nullptr, seconds(30));
        status = answer && answer->is_object() ? answer->value("status", "") : "failed";
        if (interrupted()) return tl::unexpected(interrupted_error());
        if (status == "failed" || status == "cancelled" || Clock::now() > deadline)
            return fail("qemu", "cannot save the booted guest: migration " + status, "try `ferrule doctor`");
        if (status != "completed") vm->pump(Clock::now() + milliseconds(5), [] { return false; });
    }
    // Its end is also the moment from which nothing writes to `ram` any more.
    (void)vm->qmp("quit", nullptr, seconds(5));
    vm->pump(Clock::now() + seconds(5), [] { return false; });
    vm->kill();

    FERRULE_TRY_VOID(sync_file(staging / "ram"));
    FERRULE_TRY_VOID(sync_file(staging / "state"));
    FERRULE_TRY(seal, describe(staging));
    seal["tsc_khz"] = khz;
    seal["readonly_ram"] = std::atoi(version.c_str()) >= 9;
    seal["qemu"] = version;
    seal["boot_seconds"] = boot_seconds;
    return {};
}

Result<void> TemplateMaker::make() const {
    FERRULE_TRY_VOID(make_directories(folder.parent_path()));
    sweep_temp_dirs(folder.parent_path(), kStaging);
    FERRULE_TRY_VOID(check_space(folder.parent_path()));
    progress.begin("guest template", kExpectedBootSeconds);
    const auto made = [&]() -> Result<void> {
        FERRULE_TRY(TempDir staging, TempDir::make(folder.parent_path(), kStaging));
        json seal;
        FERRULE_TRY_VOID(boot_and_save(staging.path(), seal));
        FERRULE_TRY_VOID(write_file(staging.path() / "used", ""));
        FERRULE_TRY_VOID(write_file(staging.path() / "sealed", seal.dump(2) + "\n"));
        std::error_code error;
        FERRULE_TRY_VOID(remove_tree(folder));
        fs::rename(staging.path(), folder, error);
        if (error) return tl::unexpected(system_error("create", folder, error.value()));
        staging.release();
        return {};
    }();
    progress.end(made.has_value());
    if (made) forget_old(folder.parent_path(), key);
    return made;
}

Result<std::shared_ptr<const Template>> ensure_template(const image::Image& image, Accelerator accelerator,
                                                        const BootLimits& limits, Progress& progress) {
    FERRULE_TRY(const Qemu qemu, find_qemu());
    const std::string key = template_key(image, qemu, accelerator);
    const TemplateMaker maker{image, accelerator, progress, limits, qemu, key, cache_dir() / "templates" / key};
    // Found as a rule, and then without a lock: the rename made it appear whole.
    if (auto found = maker.find()) return found;
    FERRULE_TRY_VOID(make_directories(cache_dir() / "locks"));
    FERRULE_TRY(const FileLock lock, FileLock::acquire(template_lock(key), FileLock::Mode::exclusive));
    if (auto found = maker.find()) return found;  // another process made it while we waited
    FERRULE_TRY_VOID(maker.make());
    return maker.find();
}

Result<void> discard_template(const fs::path& folder, uint64_t inode) {
    FERRULE_TRY(const FileLock lock,
                FileLock::acquire(template_lock(folder.filename().string()), FileLock::Mode::exclusive));
    if (inode_of(folder / "sealed") != inode) return {};
    return remove_tree(folder);
}

Result<uint64_t> remove_templates(const std::vector<image::Image>& keep) {
    std::vector<std::string> kept;
    if (!keep.empty()) {
        FERRULE_TRY(const Qemu qemu, find_qemu());
        for (const image::Image& image : keep)
            for (const Accelerator accelerator : {Accelerator::tcg, Accelerator::kvm})
                kept.push_back(template_key(image, qemu, accelerator));
    }
    const fs::path folder = cache_dir() / "templates";
    std::error_code error;
    if (!fs::exists(folder, error)) return 0;
    FERRULE_TRY_VOID(make_directories(cache_dir() / "locks"));
    sweep_temp_dirs(folder, kStaging);
    uint64_t freed = 0;
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder, error)) found.push_back(entry.path());
    for (const fs::path& path : found) {
        const std::string key = path.filename().string();
        if (key.starts_with(kStaging) || std::find(kept.begin(), kept.end(), key) != kept.end()) continue;
        const uint64_t bytes = disk_usage(path);
        FERRULE_TRY(const bool removed, remove_unless_busy(path));
        if (removed) freed += bytes;
    }
    return freed;
}

Result<std::shared_ptr<const Template>> Template::ensure(const image::Image& image, Accelerator accelerator,
                                                         Progress& progress) {
    return ensure_template(image, accelerator, {}, progress);
}

}  // namespace ferrule::vm
