#include "grader/run/observation_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>

#include "grader/run/observation_key.hpp"
#include "grader/run/scenario_run.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/base/host_load.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::grader {
namespace {

constexpr std::string_view kMagic = "ferrule observations 1 ";
constexpr uint64_t kEntryCap = 64ull << 20, kTextCap = 256ull << 20;
constexpr time_t kAbandoned = 10 * 60;  // a file that is still being written is renamed within seconds

std::string deflated(const std::string& text) {
    uLongf size = compressBound(text.size());
    std::string out(size, '\0');
    FERRULE_CHECK(compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(text.data()),
                            text.size(), Z_BEST_SPEED) == Z_OK);
    out.resize(size);
    return out;
}

std::optional<std::string> inflated(std::string_view bytes, uint64_t size) {
    std::string out(size, '\0');
    uLongf got = size;
    if (uncompress(reinterpret_cast<Bytef*>(out.data()), &got, reinterpret_cast<const Bytef*>(bytes.data()),
                   bytes.size()) != Z_OK ||
        got != size)
        return std::nullopt;
    return out;
}

std::string seal(const std::string& key, const std::string& text) { return Hash().add(key).add(text).hex(); }

std::optional<std::string> unpack(const std::string& key, std::string_view entry) {
    if (!entry.starts_with(kMagic)) return std::nullopt;
    const size_t line = entry.find('\n');
    if (line == std::string_view::npos) return std::nullopt;
    const std::string_view head = entry.substr(kMagic.size(), line - kMagic.size());
    const size_t blank = head.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    uint64_t size = 0;
    const auto number = std::from_chars(head.data() + blank + 1, head.data() + head.size(), size);
    if (number.ec != std::errc() || number.ptr != head.data() + head.size() || size > kTextCap) return std::nullopt;
    auto text = inflated(entry.substr(line + 1), size);
    if (!text || seal(key, *text) != head.substr(0, blank)) return std::nullopt;
    return text;
}

}  // namespace

std::optional<Observations> ObservationCache::find(const std::string& key) const {
    const fs::path place = folder_ / key;
    const auto entry = read_file(place, kEntryCap);
    if (!entry) return std::nullopt;
    const auto text = unpack(key, *entry);
    if (!text) return std::nullopt;
    auto observations = observations_from_json(*text);
    if (!observations) return std::nullopt;
    utimensat(AT_FDCWD, place.c_str(), nullptr, 0);
    return std::move(*observations);
}

Result<void> ObservationCache::store(const std::string& key, const Observations& observations) const {
    const std::string text = to_json(observations);
    if (text.size() > kTextCap) return {};
    FERRULE_TRY_VOID(make_directories(folder_));
    FERRULE_TRY_VOID(
        write_file(folder_ / key, fmt::format("{}{} {}\n", kMagic, seal(key, text), text.size()) + deflated(text)));
    evict();
    return {};
}

void ObservationCache::evict() const {
    struct Entry {
        time_t used;
        uint64_t bytes;
        fs::path path;
    };
    std::vector<Entry> entries;
    uint64_t total = 0;
    std::error_code error;
    for (fs::directory_iterator it(folder_, error), end; !error && it != end; it.increment(error)) {
        struct stat status;
        if (lstat(it->path().c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        if (it->path().filename().string().find(".new-") != std::string::npos) {
            if (status.st_mtime < time(nullptr) - kAbandoned) ::unlink(it->path().c_str());
            continue;
        }
        entries.push_back({status.st_mtime, static_cast<uint64_t>(status.st_blocks) * 512, it->path()});
        total += entries.back().bytes;
    }
    if (total <= max_bytes_) return;
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
    for (const Entry& entry : entries) {
        if (total <= max_bytes_) break;
        if (::unlink(entry.path.c_str()) == 0 || errno == ENOENT) total -= entry.bytes;
    }
}

bool worth_keeping(const Observations& observations, bool host_busy) {
    if (!host_busy) return true;
    const bool build_stopped =
        !observations.built &&
        std::any_of(observations.diagnostics.begin(), observations.diagnostics.end(),
                    [](const build::Diagnostic& diagnostic) { return diagnostic.tool == "ferrule"; });
    if (build_stopped) return false;
    const auto& clients = observations.clients;
    if (!std::all_of(clients.begin(), clients.end(),
                     [&](const Observations& client) { return worth_keeping(client, host_busy); }))
        return false;
    return std::none_of(observations.runs.begin(), observations.runs.end(),
                        [](const Run& run) { return run.variant == kRaceVariant || ran_out_of_time(run); });
}

Result<Observed> observe_cached(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                const Caching& caching, Progress& progress, const RunHooks& hooks) {
    const ObservationCache cache;
    std::string key;
    const bool caches = caching.on && !exercise.source_hash.empty();
    if (caches) {
        FERRULE_TRY(key, observation_key(exercise, submission, seed, caching.repeat, progress));
        if (auto found = cache.find(key)) return Observed{std::move(*found), true};
    }
    FERRULE_TRY(Observations seen, observe(exercise, submission, seed, progress, hooks));
    if (!caches) return Observed{std::move(seen), false};
    const bool cancelled = interrupted() || (hooks.cancel && hooks.cancel->load());
    // A test program, the image or QEMU may have changed meanwhile: then nobody knows which of them was run.
    const auto still = observation_key(exercise, submission, seed, caching.repeat, progress);
    if (!cancelled && still && *still == key && worth_keeping(seen, patience() > 1)) (void)cache.store(key, seen);
    return Observed{std::move(seen), false};
}

}  // namespace ferrule::grader
