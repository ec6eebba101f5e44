#include "sandbox/build/build_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <functional>
#include <nlohmann/json.hpp>

#include "sandbox/base/check.hpp"

namespace ferrule::build {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr char kStaging[] = "staging-";
constexpr uint64_t kMaxArtefact = 64ull << 20;

Result<json> describe(const fs::path& file) {
    FERRULE_TRY(std::string content, read_file(file, kMaxArtefact));
    Hash hash;
    hash.add(content);
    return json{{"name", file.filename().string()}, {"size", content.size()}, {"sha256", hash.hex()}};
}

bool unchanged(const fs::path& folder, const json& description) {
    const auto now = describe(folder / description.at("name").get<std::string>());
    return now && *now == description;
}

void touch(const fs::path& path) { utimensat(AT_FDCWD, path.c_str(), nullptr, 0); }

json to_json(const BuildOutcome& outcome) {
    json diagnostics = json::array();
    for (const Diagnostic& d : outcome.diagnostics)
        diagnostics.push_back({{"severity", d.severity},
                               {"file", d.file},
                               {"line", d.line},
                               {"column", d.column},
                               {"message", d.message},
                               {"tool", d.tool}});
    return {{"diagnostics", diagnostics}, {"log", outcome.log}, {"imports", outcome.module.imports}};
}

void from_json(const json& value, BuildOutcome& outcome) {
    for (const json& d : value.at("diagnostics"))
        outcome.diagnostics.push_back(
            {d.at("severity"), d.at("file"), d.at("line"), d.at("column"), d.at("message"), d.at("tool")});
    outcome.log = value.at("log");
    outcome.module.imports = value.at("imports").get<std::vector<std::string>>();
}

}  // namespace

Result<BuildCache> BuildCache::open(const fs::path& folder, uint64_t max_bytes) {
    FERRULE_TRY_VOID(make_directories(folder));
    return BuildCache(folder, max_bytes);
}

Result<TempDir> BuildCache::staging() const { return TempDir::make(folder_, kStaging); }

std::optional<BuildOutcome> BuildCache::find(const std::string& key, const std::string& module) const {
    const fs::path folder = folder_ / key;
    const auto text = read_file(folder / "outcome.json", 8u << 20);
    if (!text) return std::nullopt;
    try {
        const json value = json::parse(*text);
        if (value.at("format") != kFormat) return std::nullopt;
        for (const json& file : value.at("files"))
            if (!unchanged(folder, file)) return std::nullopt;
        BuildOutcome outcome;
        from_json(value, outcome);
        outcome.ok = true;
        outcome.module.ko = folder / (module + ".ko");
        outcome.module.stripped = folder / (module + ".stripped.ko");
        outcome.module.key = key;
        touch(folder);
        return outcome;
    } catch (const json::exception&) {
        return std::nullopt;  // damaged: built again
    }
}

// Renames a finished folder to its place, unless `good` says that another process was first: its build is as good.
// Under a lock, so that of two which find the same damage the second does not take the first one's remedy away.
Result<void> BuildCache::adopt(const fs::path& finished, const std::string& key,
                               const std::function<bool()>& good) const {
    FERRULE_TRY(const FileLock lock, FileLock::acquire(folder_ / "lock", FileLock::Mode::exclusive));
    const fs::path place = folder_ / key;
    if (good()) return {};
    FERRULE_TRY(const TempDir rubbish, staging());
    if (::rename(place.c_str(), (rubbish.path() / "damaged").c_str()) != 0 && errno != ENOENT)
        return tl::unexpected(system_error("cannot replace", place, errno));
    if (::rename(finished.c_str(), place.c_str()) != 0)
        return tl::unexpected(system_error("cannot put away", place, errno));
    return {};
}

Result<BuildOutcome> BuildCache::publish(const fs::path& staging, BuildOutcome outcome,
                                         const std::string& module) const {
    FERRULE_CHECK(outcome.ok && !outcome.module.key.empty());
    const fs::path finished = staging / "finished";
    FERRULE_TRY_VOID(make_directories(finished));
    json value = to_json(outcome);
    value["format"] = kFormat;
    value["files"] = json::array();
    for (const auto& [from, name] :
         {std::pair{outcome.module.ko, module + ".ko"}, {outcome.module.stripped, module + ".stripped.ko"}}) {
        if (::rename(from.c_str(), (finished / name).c_str()) != 0)
            return tl::unexpected(system_error("cannot put away", from, errno));
        FERRULE_TRY(json description, describe(finished / name));
        value["files"].push_back(std::move(description));
    }
    FERRULE_TRY_VOID(write_file(finished / "outcome.json", value.dump(-1, ' ', false, json::error_handler_t::replace)));
    const std::string key = outcome.module.key;
    FERRULE_TRY_VOID(adopt(finished, key, [&] { return find(key, module).has_value(); }));
    evict();
    auto there = find(key, module);
    if (!there)
        return fail("build-broken", (folder_ / key).string() + " cannot be read back", "check the disk and try again");
    there->seconds = outcome.seconds;
    return *std::move(there);
}

std::optional<fs::path> BuildCache::find_file(const std::string& key, const std::string& name) const {
    const fs::path folder = folder_ / key;
    const auto text = read_file(folder / "file.json", 1u << 16);
    if (!text) return std::nullopt;
    try {
        const json value = json::parse(*text);
        if (value.at("name") != name || !unchanged(folder, value)) return std::nullopt;
    } catch (const json::exception&) {
        return std::nullopt;
    }
    touch(folder);
    return folder / name;
}

Result<fs::path> BuildCache::publish_file(const fs::path& staging, const fs::path& file, const std::string& key,
                                          const std::string& name) const {
    const fs::path finished = staging / "finished";
    FERRULE_TRY_VOID(make_directories(finished));
    if (::rename(file.c_str(), (finished / name).c_str()) != 0)
        return tl::unexpected(system_error("cannot put away", file, errno));
    FERRULE_TRY(json description, describe(finished / name));
    FERRULE_TRY_VOID(write_file(finished / "file.json", description.dump()));
    FERRULE_TRY_VOID(adopt(finished, key, [&] { return find_file(key, name).has_value(); }));
    evict();
    if (auto there = find_file(key, name)) return *there;
    return fail("build-broken", (folder_ / key).string() + " cannot be read back", "check the disk and try again");
}

void BuildCache::evict() const {
    sweep_temp_dirs(folder_, kStaging);
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
        if (lstat(it->path().c_str(), &status) != 0 || !S_ISDIR(status.st_mode) ||
            it->path().filename().string().starts_with(kStaging))
            continue;
        entries.push_back({status.st_mtime, disk_usage(it->path()), it->path()});
        total += entries.back().bytes;
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
    for (const Entry& entry : entries) {
        if (total <= max_bytes_ || entry.used > time(nullptr) - 15 * 60) break;
        // Out of sight by one rename first, so that nobody finds half of it.
        if (auto rubbish = staging(); rubbish && ::rename(entry.path.c_str(), (rubbish->path() / "old").c_str()) == 0)
            total -= entry.bytes;
    }
}

}  // namespace ferrule::build
