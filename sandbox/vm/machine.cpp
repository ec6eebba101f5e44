// Theory of operation of a clone: the machine of its template (template.cpp) with the memory mapped privately. QEMU
// starts with -incoming defer, is told the same capability as the template and then to load the device state from a
// descriptor it was given; it runs on by itself when it has. All of that and the first request are written before QEMU
// is there to read them, so the only wait is the one for the agent's answer.
#include "sandbox/vm/machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>

#include <charconv>
#include <cstring>

#include "sandbox/base/check.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/inspect.hpp"
#include "sandbox/vm/slots.hpp"
#include "sandbox/vm/template_store.hpp"
#include "sandbox/vm/vm.hpp"

namespace ferrule::vm {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kSlotWait = std::chrono::minutes(10);
constexpr auto kRestoreLimit = seconds(60);  // 0.2 s when the host is idle
constexpr auto kMonitorLimit = seconds(5);
constexpr size_t kPutPiece = 512u << 10;

}  // namespace

struct Clone::Impl {
    std::optional<FileLock> slot;
    std::unique_ptr<Vm> vm;
    double restore_seconds = 0;
};

namespace {

std::string read_proc(const fs::path& path) {
    auto text = read_file(path, 1u << 20);
    return text ? std::move(*text) : std::string();
}

MachinePlan clone_plan(const fs::path& folder, const image::Image& image, Accelerator accelerator, bool readonly_ram) {
    MachinePlan plan;
    plan.image = image;
    plan.accelerator = accelerator;
    plan.ram = folder / "ram";
    plan.clone = true;
    plan.readonly_ram = readonly_ram;
    return plan;
}

struct Restored {
    std::unique_ptr<Vm> vm;
    double seconds = 0;
};

Result<Restored> restore(const MachinePlan& plan, const Qemu& qemu, uint64_t tsc_khz, const fs::path& state_path,
                         milliseconds limit) {
    const UniqueFd state(open(state_path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!state) return tl::unexpected(system_error("open", state_path, errno));
    const auto start = Clock::now();
    FERRULE_TRY(auto vm, Vm::start(qemu, plan, tsc_khz, state.get()));
    vm->qmp_send("migrate-set-capabilities",
                 {{"capabilities", json::array({json{{"capability", "x-ignore-shared"}, {"state", true}}})}});
    const int64_t load = vm->qmp_send("migrate-incoming", {{"uri", fmt::format("fd:{}", passed::kState)}});
    const auto reply = vm->call({.op = FERRULE_HELLO}, start + limit);
    if (reply && reply->error == 0 && reply->value == FERRULE_PROTOCOL_VERSION)
        return Restored{std::move(vm), std::chrono::duration<double>(Clock::now() - start).count()};
    if (interrupted()) return tl::unexpected(interrupted_error());
    const auto answer = vm->qmp_receive(load, Clock::now() + milliseconds(500));
    std::string why = !answer                                     ? answer.error()
                      : !reply && reply.error() == Lost::protocol ? "its agent talks nonsense"
                                                                  : "its agent does not answer";
    if (!vm->complaint().empty() && why.find(vm->complaint()) == std::string::npos) why += " (" + vm->complaint() + ")";
    return fail("qemu", "a clone of the guest does not start: " + why, "try `ferrule doctor`");
}

}  // namespace

Clone::Clone() : impl_(std::make_unique<Impl>()) {}
Clone::~Clone() = default;

Result<std::unique_ptr<Clone>> Clone::start(std::shared_ptr<const Template> base) {
    FERRULE_TRY(FileLock slot, take_slot(cache_dir() / "locks", clone_limit(), kSlotWait));
    for (bool again = false;; again = true) {
        auto restored = restore(clone_plan(base->folder_, base->image_, base->accelerator_, base->readonly_ram_),
                                Qemu{base->qemu_, ""}, base->tsc_khz_, base->folder_ / "state", kRestoreLimit);
        if (restored) {
            std::unique_ptr<Clone> clone(new Clone);
            clone->impl_->slot = std::move(slot);
            clone->impl_->vm = std::move(restored->vm);
            clone->impl_->restore_seconds = restored->seconds;
            return clone;
        }
        if (again || restored.error().code == "cancelled") return tl::unexpected(restored.error());
        // The seal cannot see every damage. The template is looked at again, thrown away if it is still there, and made
        // anew.
        FERRULE_TRY_VOID(discard_template(base->folder_, base->seal_inode_));
        NoProgress quiet;
        FERRULE_TRY(base, Template::ensure(base->image_, base->accelerator_, quiet));
    }
}

bool Clone::works(const Template& base, milliseconds limit) {
    auto restored = restore(clone_plan(base.folder_, base.image_, base.accelerator_, base.readonly_ram_),
                            Qemu{base.qemu_, ""}, base.tsc_khz_, base.folder_ / "state", limit);
    return restored && restored->vm->call({.op = FERRULE_LISTING}, Clock::now() + limit).has_value();
}

tl::expected<Reply, Lost> Clone::call(const Request& request, milliseconds deadline) {
    return impl_->vm->call(request, Clock::now() + deadline);
}

tl::expected<uint32_t, Lost> Clone::send(const Request& request) {
    Vm& vm = *impl_->vm;
    if (vm.channel().broken()) return tl::unexpected(Lost::protocol);
    if (!vm.channel().open() || vm.ended()) return tl::unexpected(Lost::guest_ended);
    const uint32_t id = vm.channel().queue(request);
    vm.pump(Clock::now(), [] { return false; });  // starts on its way now
    return id;
}

tl::expected<Reply, Lost> Clone::receive(uint32_t id, milliseconds deadline, bool keep) {
    return impl_->vm->receive(id, Clock::now() + deadline, keep);
}

tl::expected<void, Lost> Clone::put(const std::string& guest_path, std::string_view content, milliseconds deadline) {
    const auto end = Clock::now() + deadline;
    std::vector<uint32_t> sent;
    size_t at = 0;
    do {
        const size_t size = std::min(kPutPiece, content.size() - at);
        sent.push_back(impl_->vm->channel().queue({.op = FERRULE_PUT,
                                                   .a = static_cast<int64_t>(at),
                                                   .text = guest_path,
                                                   .data = std::string(content.substr(at, size))}));
        at += size;
    } while (at < content.size());
    for (const uint32_t id : sent) {
        const auto reply = impl_->vm->receive(id, end);
        if (!reply) return tl::unexpected(reply.error());
        if (reply->error != 0) return tl::unexpected(Lost::protocol);  // /run is the agent's own and writable
    }
    return {};
}

const std::string& Clone::console() {
    impl_->vm->pump(Clock::now(), [] { return false; });
    return impl_->vm->console().text();
}

bool Clone::console_truncated() const { return impl_->vm->console().truncated(); }

void Clone::drain_console(milliseconds quiet, milliseconds limit) {
    Vm& vm = *impl_->vm;
    const auto start = Clock::now(), end = start + limit;
    for (;;) {
        const auto silent_since = std::max(start, vm.last_console());
        if (vm.ended() || interrupted() || Clock::now() >= end || Clock::now() - silent_since >= quiet) return;
        const auto seen = vm.console().total();
        vm.pump(std::min(end, silent_since + quiet), [&] { return vm.console().total() != seen; });
    }
}

bool Clone::await_console(std::string_view text, milliseconds limit) {
    Vm& vm = *impl_->vm;
    const auto end = Clock::now() + limit;
    for (;;) {
        const auto seen = vm.console().total();
        if (vm.console().text().find(text) != std::string::npos) return true;
        if (vm.console().truncated() || vm.ended() || interrupted() || Clock::now() >= end) return false;
        vm.pump(end, [&] { return vm.console().total() != seen; });
    }
}

std::string Clone::hardware_error() { return impl_->vm->hardware_error(); }

End Clone::end() {
    impl_->vm->pump(Clock::now(), [] { return false; });
    return impl_->vm->end();
}

std::vector<VcpuState> Clone::inspect() {
    Vm& vm = *impl_->vm;
    std::vector<VcpuState> states;
    if (vm.ended() || !vm.qmp("stop", nullptr, kMonitorLimit)) return states;
    const auto monitor = [&](const std::string& line, unsigned cpu) -> std::string {
        const auto answer =
            vm.qmp("human-monitor-command", {{"command-line", line}, {"cpu-index", cpu}}, kMonitorLimit);
        return answer && answer->is_string() ? answer->get<std::string>() : std::string();
    };
    for (const Registers& registers : parse_registers(monitor("info registers -a", 0))) {
        const ReadWords read = [&](uint64_t address, unsigned count) {
            return parse_memory(monitor(fmt::format("x /{}gx {:#x}", count, address), registers.cpu));
        };
        states.push_back({registers.cpu, registers.rip, walk_frames(registers, read)});
    }
    (void)vm.qmp("cont", nullptr, kMonitorLimit);
    return states;
}

double Clone::restore_seconds() const { return impl_->restore_seconds; }

tl::expected<int, Lost> Clone::open_shell(unsigned rows, unsigned columns, const std::string& directory) {
    const auto reply = call({.op = FERRULE_SHELL, .a = rows, .b = columns, .text = directory}, seconds(10));
    if (!reply) return tl::unexpected(reply.error());
    if (reply->error != 0) return tl::unexpected(Lost::protocol);
    return impl_->vm->shell_fd();
}

void Clone::resize_shell(unsigned rows, unsigned columns) {
    // A guest that does not answer is found out by what comes next.
    (void)call({.op = FERRULE_SHELL, .a = rows, .b = columns}, seconds(2));
}

bool Clone::serve(milliseconds limit, const std::vector<int>& others) {
    impl_->vm->pump(
        Clock::now() + limit, [] { return false; }, others);
    return !impl_->vm->ended();
}

uint64_t Clone::private_bytes() const {
    // bubblewrap, its init, QEMU: each the only child of the one before.
    uint64_t sum = 0;
    std::vector<std::string> pids = {std::to_string(impl_->vm->pid())};
    for (size_t i = 0; i < pids.size() && pids.size() < 16; ++i) {
        const fs::path process = fs::path("/proc") / pids[i];
        const auto rollup = read_proc(process / "smaps_rollup");
        for (size_t at = rollup.find("Private_"); at != std::string::npos; at = rollup.find("Private_", at + 1)) {
            const size_t number = rollup.find_first_of("0123456789", rollup.find(':', at));
            uint64_t kilobytes = 0;
            if (number != std::string::npos)
                std::from_chars(rollup.data() + number, rollup.data() + rollup.size(), kilobytes);
            sum += kilobytes << 10;
        }
        const auto children = read_proc(process / "task" / pids[i] / "children");
        for (size_t at = 0; at < children.size();) {
            const size_t end = std::min(children.find(' ', at), children.size());
            if (end > at) pids.push_back(children.substr(at, end - at));
            at = end + 1;
        }
    }
    return sum;
}

}  // namespace ferrule::vm
