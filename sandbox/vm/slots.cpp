#include "sandbox/vm/slots.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

#include "sandbox/base/interrupt.hpp"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::vm {
namespace {

constexpr unsigned kMostClones = 64;

unsigned usable_cores() {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return std::max(1, CPU_COUNT(&set));
}

}  // namespace

unsigned clones_for(unsigned cores, uint64_t available_bytes) {
    const uint64_t by_memory = available_bytes / kCloneBytes;
    return static_cast<unsigned>(std::clamp<uint64_t>(std::min<uint64_t>(cores, by_memory), 1, kMostClones));
}

uint64_t parse_available(std::string_view meminfo) {
    constexpr std::string_view kName = "MemAvailable:";
    size_t at = meminfo.find(kName);
    if (at == std::string_view::npos) return 0;
    at = meminfo.find_first_not_of(' ', at + kName.size());
    uint64_t kilobytes = 0;
    if (at != std::string_view::npos) std::from_chars(meminfo.data() + at, meminfo.data() + meminfo.size(), kilobytes);
    return kilobytes << 10;
}

unsigned clone_limit() {
    if (const char* wanted = std::getenv("FERRULE_CLONES")) {
        const int number = std::atoi(wanted);
        if (number >= 1) return std::min<unsigned>(static_cast<unsigned>(number), kMostClones);
    }
    const auto meminfo = read_file("/proc/meminfo");
    return clones_for(usable_cores(), meminfo ? parse_available(*meminfo) : 0);
}

Result<FileLock> take_slot(const fs::path& folder, unsigned count, std::chrono::milliseconds limit) {
    FERRULE_TRY_VOID(make_directories(folder));
    // Who waits stands in the door, so that the next free slot is theirs: without it a program that runs
    // one clone after the other takes its own slot again and again, and another one starves. The limit is the door's:
    // who stands before it waits for those in front, however many they are, and looks seldom.
    std::optional<FileLock> door;
    auto deadline = limit > limit.zero() ? Clock::time_point::max() : Clock::now();
    int pause = 5;
    for (;;) {
        if (!door) {
            auto entered = FileLock::try_acquire(folder / "clone-door", FileLock::Mode::exclusive);
            if (entered) {
                door = std::move(*entered);
                deadline = Clock::now() + limit;
                pause = 10;
            } else if (entered.error().code != "locked") {
                return entered;
            } else {
                pause = std::min(pause * 2, 100);
            }
        }
        for (unsigned i = 0; door && i < count; ++i) {
            auto lock = FileLock::try_acquire(folder / fmt::format("clone-{}", i), FileLock::Mode::exclusive);
            if (lock || lock.error().code != "locked") return lock;
        }
        if (interrupted()) return tl::unexpected(interrupted_error());
        if (Clock::now() >= deadline)
            return fail("host-limit",
                        fmt::format("{} sandboxes run already and none ended in {} s", count, limit.count() / 1000),
                        "wait for the other ferrule processes, or set FERRULE_CLONES to allow more");
        pollfd interrupt = {interrupt_fd(), POLLIN, 0};
        poll(&interrupt, 1, pause);
    }
}

}  // namespace ferrule::vm
