// Theory of operation. kmemleak reports an object that it found no pointer to, that is five seconds old, and whose
// checksum did not change since the scan before (mm/kmemleak.c). So: a scan at once, which takes the checksums, then
// the five seconds, then two more, the second of which reports what the first one saw changing.
#include "grader/run/leak_scan.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

#include "grader/run/aftermath.hpp"

namespace ferrule::grader {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFile = "/sys/kernel/debug/kmemleak";
constexpr milliseconds kAge{5'200};
constexpr size_t kFramesCap = 32;

bool number(std::string_view text, int base, uint64_t& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "unreferenced object 0xffff888003c4a000 (size 32):"; "unreferenced object (percpu) 0x…"
bool heading(std::string_view line, LedgerEntry& entry) {
    const size_t at = line.find(" 0x"), size = line.find(" (size ");
    if (at == std::string_view::npos || size == std::string_view::npos || at > size || !line.ends_with("):"))
        return false;
    entry.kind = "kmemleak";
    return number(line.substr(at + 3, size - at - 3), 16, entry.pointer) &&
           number(line.substr(size + 7, line.size() - size - 9), 10, entry.bytes);
}

// "    kmalloc_noprof+0x1f/0x60", or "    0xffffffffa0002034" where the kernel knows no name
void frame(std::string_view line, LedgerEntry& entry) {
    line = line.substr(4);
    uint64_t address = 0;
    if (line.starts_with("0x")) {
        if (!number(line.substr(2), 16, address)) return;
        entry.frames.push_back(address);
        entry.names.emplace_back();
        return;
    }
    const std::string_view name = line.substr(0, line.find('+'));
    if (entry.frames.empty() && name.starts_with("kmemleak_")) return;  // how it came to know, not who asked
    entry.frames.push_back(0);
    entry.names.emplace_back(name.substr(0, 200));
}

vm::Request scan() {
    vm::Request write{FERRULE_WRITE_FILE};
    write.text = kFile;
    write.data = "scan";
    return write;
}

}  // namespace

std::vector<LedgerEntry> parse_kmemleak(std::string_view text) {
    std::vector<LedgerEntry> found;
    std::optional<LedgerEntry> entry;
    bool stack = false;
    const auto keep = [&] {
        const bool modules = entry && std::any_of(entry->frames.begin(), entry->frames.end(),
                                                  [](uint64_t address) { return address >= 0xffffffffa0000000u; });
        if (modules && found.size() < kLeaksCap) found.push_back(std::move(*entry));
        entry.reset();
        stack = false;
    };
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.starts_with("unreferenced object")) {
            keep();
            LedgerEntry begun;
            if (heading(line, begun)) entry = std::move(begun);
        } else if (entry && line.starts_with("  backtrace")) {
            stack = true;
        } else if (entry && stack && line.starts_with("    ") && line.size() > 4 && entry->frames.size() < kFramesCap) {
            frame(line, *entry);
        }
    }
    keep();
    return found;
}

bool scan_for_leaks(Guest& guest, const RunCommon& common, Run& run) {
    const auto begin = Clock::now();
    const auto limit =
        milliseconds(static_cast<int64_t>(static_cast<double>(kHousekeeping.count()) * common.patience()));
    const auto ask = [&](const vm::Request& request) -> std::optional<vm::Reply> {
        auto reply = guest.call(request, limit);
        if (!reply) {
            run.leak_scan = "no answer";
            return std::nullopt;
        }
        if (reply->error != 0) run.leak_scan = errno_name(reply->error);
        return std::move(*reply);
    };
    for (int number = 0; number < 3 && run.leak_scan.empty(); ++number) {
        if (number == 1)
            while (Clock::now() < begin + kAge && !(common.cancelled && common.cancelled()))
                std::this_thread::sleep_for(milliseconds(50));
        if (common.cancelled && common.cancelled()) return true;
        if (!ask(scan())) return false;
    }
    if (!run.leak_scan.empty()) return true;
    vm::Request read{FERRULE_READ_FILE};
    read.text = kFile;
    read.a = FERRULE_DATA_MAX;
    const auto reply = ask(read);
    if (!reply) return false;
    if (!run.leak_scan.empty()) return true;
    run.leak_scan = (reply->flags & FERRULE_TRUNCATED) != 0 ? "truncated" : "done";
    for (LedgerEntry& entry : parse_kmemleak(reply->data)) {
        const bool listed = std::any_of(run.live.begin(), run.live.end(),
                                        [&](const LedgerEntry& known) { return known.pointer == entry.pointer; });
        if (!listed) run.unreferenced.push_back(std::move(entry));
    }
    return true;
}

}  // namespace ferrule::grader
