#include "grader/run/aftermath.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <random>
#include <thread>

#include "grader/exercise/deep.hpp"
#include "grader/run/leak_scan.hpp"
#include "grader/run/ledger.hpp"

namespace ferrule::grader {
namespace {

using std::chrono::milliseconds;

constexpr unsigned kListingWorker = 8;  // the last lane's; those have ended

}  // namespace

void Aftermath::look_at_cpus(const char* when) {
    for (const vm::VcpuState& cpu : guest_.inspect()) {
        HangStack stack;
        stack.who = fmt::format("cpu {}{}", cpu.index, when);
        stack.frames.push_back(cpu.rip);
        for (const uint64_t address : cpu.stack)
            if (stack.frames.size() < 64) stack.frames.push_back(address);
        for (const uint64_t address : stack.frames)
            stack.names.push_back(common_.kernel_name ? common_.kernel_name(address) : std::string());
        run_.hang.push_back(std::move(stack));
    }
}

void Aftermath::look_at_hang(unsigned worker, const std::string& who) {
    if (guest_.end() != vm::End::running) return;
    if (run_.hang.empty()) {
        look_at_cpus("");
        look_where_module_is();
        // Some time after: who spins is still there, who just passed by is not.
        look_at_cpus(" again");
    }
    vm::Request ask{FERRULE_STACK};
    ask.text = std::to_string(worker);
    const auto reply = guest_.call(ask, kProbe);
    HangStack task;
    task.who = who;
    if (reply && reply->error == 0) {
        std::string_view text = reply->data;
        while (!text.empty() && task.frames.size() < 64) {
            const size_t end = std::min(text.find('\n'), text.size());
            const std::string_view line = text.substr(0, end);
            text.remove_prefix(std::min(end + 1, text.size()));
            if (line.starts_with("State:")) {
                const size_t begin = line.find_first_not_of(" \t", 6);
                if (begin != std::string_view::npos) task.who += fmt::format(" ({})", line.substr(begin, 40));
            } else if (const size_t at = line.find("] "); line.starts_with("[<") && at != std::string_view::npos) {
                task.frames.push_back(0);
                task.names.emplace_back(line.substr(at + 2, 200));
            }
        }
    }
    run_.hang.push_back(std::move(task));
}

// The cpus' addresses mean nothing without the module's own. Only read, not settled: that would wait for what hangs.
void Aftermath::look_where_module_is() {
    vm::Request read{FERRULE_READ_FILE};
    read.text = "/sys/kernel/debug/ferrule/symbols";
    read.a = FERRULE_DATA_MAX;
    const auto reply = guest_.call(read, kProbe);
    if (reply && reply->error == 0) run_.module_symbols = parse_symbols(reply->data, common_.module);
}

void Aftermath::take_ledger(const vm::Reply& reply) {
    if (reply.error != 0 || (reply.flags & FERRULE_WORKER_DIED)) return;
    Ledger ledger = parse_ledger(reply.data, common_.module);
    run_.ledger_read = true;
    run_.ledger_complete = ledger.complete && !(reply.flags & FERRULE_TRUNCATED);
    run_.ledger_stopped = ledger.stopped;
    run_.module_symbols = std::move(ledger.symbols);
    run_.live = std::move(ledger.live);
    for (LedgerEntry& entry : run_.live)
        for (const uint64_t address : entry.frames)
            entry.names.push_back(common_.kernel_name ? common_.kernel_name(address) : std::string());
}

bool Aftermath::take_resources(const vm::Reply& reply) {
    if (reply.error != 0 || (reply.flags & (FERRULE_WORKER_DIED | FERRULE_TRUNCATED)) != 0) return false;
    run_.resources_before = common_.resources_before;
    run_.resources_after = parse_listing(reply.data);
    run_.resources_read = true;
    run_.module_gone = std::none_of(
        run_.resources_after.begin(), run_.resources_after.end(),
        [&](const ResourceEntry& entry) { return entry.kind == "module" && entry.name == common_.module; });
    return run_.resources_after == run_.resources_before;
}

// Settling is mostly waiting for RCU, so that another worker lists meanwhile; what still differs is
// looked at again when all has settled.
void Aftermath::look_at_what_is_left() {
    vm::Request dump{FERRULE_LEDGER}, listing{FERRULE_LISTING};
    dump.a = 2;
    listing.worker = kListingWorker;
    const auto dump_id = guest_.send(dump), listing_id = guest_.send(listing);
    if (!dump_id || !listing_id) {
        gone = true;
        return;
    }
    // On a host with far too much to do it is long until all has settled, and a module that is through is no hang.
    const double usual = static_cast<double>((died ? kAfterDeath : kHousekeeping).count());
    const auto limit = milliseconds(static_cast<int64_t>(usual * common_.patience()));
    const auto ledger = guest_.receive(*dump_id, limit);
    if (!ledger) {
        if (ledger.error() == vm::Lost::deadline) look_at_hang(0, "settling");
        gone = true;
        return;
    }
    take_ledger(*ledger);
    auto resources = guest_.receive(*listing_id, limit);
    // Who died of looking (at something that outlived its module) may have held a lock: the next one would wait for it.
    const bool died_of_it = resources && (resources->flags & FERRULE_WORKER_DIED) != 0;
    if (resources && !died_of_it && !take_resources(*resources)) {
        resources = guest_.call(vm::Request{FERRULE_LISTING}, limit);
        run_.resources_read = false;
        if (resources) take_resources(*resources);
    }
    if (!resources) run_.resources_read = run_.module_gone = false;
    gone = !resources || died_of_it;
}

void Aftermath::force_unload(unsigned last_worker, milliseconds deadline, unsigned fail_nth) {
    run_.unload_forced = true;
    for (unsigned worker = 1; worker <= last_worker && !gone; ++worker) {
        vm::Request kill{FERRULE_KILL};
        kill.text = std::to_string(worker);
        gone = !guest_.call(kill, kHousekeeping);
    }
    vm::Request unload{FERRULE_UNLOAD};
    unload.worker = 1;
    unload.text = common_.module;
    unload.fail_nth = fail_nth;
    // A killed worker's files close a moment later.
    for (int attempt = 0; attempt < 5 && !gone; ++attempt) {
        if (attempt > 0) std::this_thread::sleep_for(milliseconds(20));
        const auto reply = guest_.call(unload, deadline);
        if (!reply && reply.error() == vm::Lost::deadline) look_at_hang(1, "unloading at the end");
        gone = !reply;
        if (reply) run_.unload_error = reply->error;
        if (run_.unload_error != EAGAIN) break;
    }
}

void Aftermath::look_around() {
    if (!gone) look_at_what_is_left();
    // Of a sweep, the ladder alone: its failures are in one run.
    if (!gone && common_.variant == kDeepVariant && run_.module_gone && run_.background.empty() &&
        (run_.sweep_step < 0 || run_.ladder))
        gone = !scan_for_leaks(guest_, common_, run_);
    if (gone && guest_.end() != vm::End::running) return;
    vm::Request read{FERRULE_READ_FILE};
    read.text = "/proc/lockdep_stats";
    read.a = 65536;
    const auto reply = guest_.call(read, gone ? kProbe : kHousekeeping);
    if (reply && reply->error == 0) run_.debug_locks = parse_debug_locks(reply->data);
}

// The serial console is written by a kernel thread of its own (nbcon, drivers/tty/serial/8250 of this kernel), a report
// may still wait there when the call that caused it has returned. The log is in order: when a word of ours that nobody
// could foresee has come out, everything before it has.
void Aftermath::hear_out(size_t mark) {
    const std::string word =
        fmt::format("ferrule: heard out {:08x}{:08x}", std::random_device()(), std::random_device()());
    vm::Request write{FERRULE_WRITE_FILE};
    write.text = "/dev/kmsg";
    write.data = "<1>" + word + "\n";  // KERN_ALERT
    const milliseconds limit = gone ? kProbe : kHousekeeping;
    const bool heard =
        guest_.end() == vm::End::running && guest_.call(write, limit) && guest_.await_console(word, limit);
    if (!heard) guest_.drain_console(milliseconds(20), milliseconds(300));
    const std::string& console = guest_.console();
    run_.console = console.substr(std::min(mark, console.size()));
    run_.console_truncated = guest_.console_truncated();
    run_.console_silent = !heard && !gone && !run_.console_truncated && guest_.end() == vm::End::running;
    if (const size_t at = run_.console.find(word); at != std::string::npos) {
        const size_t line = run_.console.rfind('\n', at);
        run_.console.resize(line == std::string::npos ? 0 : line + 1);
    }
}

}  // namespace ferrule::grader
