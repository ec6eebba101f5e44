#include "sandbox/image/part.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>

namespace ferrule::image {
namespace {

using Json = nlohmann::ordered_json;
constexpr const char* kDescription = "part.json";
constexpr const char* kStaging = ".tmp";

std::string gib(uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1u << 30)); }

// Only ever a hint (how long will it take?), so whatever is wrong with the file, it is as if it were not there.
Json read_json(const fs::path& path) {
    const auto text = read_file(path, 1u << 20);
    if (!text) return Json::object();
    Json json = Json::parse(*text, nullptr, false);
    return json.is_object() ? json : Json::object();
}

double number(const Json& json, const char* key) {
    return json.contains(key) && json[key].is_number() ? json[key].get<double>() : 0;
}

bool is_staging(const std::string& name) { return name.find(kStaging) != std::string::npos; }

Result<void> check_space(const fs::path& folder, const PartSpec& spec) {
    struct statvfs info;
    if (statvfs(folder.c_str(), &info) != 0) return {};  // no answer is no reason to refuse
    const uint64_t available = static_cast<uint64_t>(info.f_bavail) * info.f_frsize;
    if (available >= spec.bytes_needed) return {};
    return fail("disk-full",
                fmt::format("building the {} needs {} in {}, and {} are free", spec.name, gib(spec.bytes_needed),
                            folder.string(), gib(available)),
                "make room there, or set XDG_CACHE_HOME to a folder on a larger disk");
}

Result<void> rename_folder(const fs::path& from, const fs::path& to) {
    if (rename(from.c_str(), to.c_str()) != 0) return tl::unexpected(system_error("cannot rename", from, errno));
    return {};
}

Result<void> remove_entry(const fs::path& path) {
    fs::path doomed = path;
    if (!is_staging(path.filename().string())) {
        doomed += std::string(kStaging) + "-removed";
        FERRULE_TRY_VOID(remove_tree(doomed));
        FERRULE_TRY_VOID(rename_folder(path, doomed));
    }
    return remove_tree(doomed);
}

std::vector<fs::path> entries(const fs::path& folder, const std::string& prefix) {
    std::vector<fs::path> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error))
        if (entry.path().filename().string().rfind(prefix, 0) == 0) found.push_back(entry.path());
    return found;
}

Result<void> describe(const PartSpec& spec, const PartBuild& build) {
    Json sizes = Json::object();
    for (const std::string& file : spec.essentials) {
        std::error_code error;
        const uintmax_t size = fs::file_size(build.staging / file, error);
        if (error || size == 0)
            return fail("image-build-failed",
                        fmt::format("the {} was built without {}; log: {}", spec.name, file, build.log.string()),
                        "this is a bug in Ferrule's recipe: please report it with the log");
        sizes[file] = size;
    }
    const Json json{{"format", 1},         {"name", spec.name},
                    {"key", spec.key},     {"bytes", disk_usage(build.staging)},
                    {"essentials", sizes}, {"notes", build.notes}};
    return write_file(build.staging / kDescription, json.dump(2) + "\n");
}

// The data before the name: after a power cut there is a whole part or none.
Result<void> sync_below(const fs::path& folder) {
    UniqueFd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd || syncfs(fd.get()) != 0) return tl::unexpected(system_error("cannot write out", folder, errno));
    return {};
}

Result<FoundPart> build_now(const fs::path& cache, const PartSpec& spec, Progress& progress, const BuildPart& build) {
    const fs::path folder = cache / spec.kind, target = folder / spec.entry();
    fs::path staging = target;
    staging += kStaging;
    for (const fs::path& entry : entries(folder, spec.prefix)) {
        const bool ours = entry == staging && spec.resumable;
        if (is_staging(entry.filename().string()) && !ours) FERRULE_TRY_VOID(remove_entry(entry));
    }
    std::error_code ignored;
    if (fs::exists(target, ignored)) FERRULE_TRY_VOID(remove_entry(target));  // damaged, or it had been found

    bool resumed = fs::exists(staging, ignored);
    if (!resumed) FERRULE_TRY_VOID(check_space(folder, spec));
    const Json known = read_json(cache / "timings.json");
    const Json mine = known.contains(spec.name) && known[spec.name].is_object() ? known[spec.name] : Json::object();
    const double measured = number(mine, "seconds");

    for (;;) {
        FERRULE_TRY_VOID(make_directories(staging));
        progress.begin(spec.name, measured > 0 ? measured : spec.expected_seconds);
        const auto start = std::chrono::steady_clock::now();
        PartBuild work{staging, cache / "logs" / (spec.lock() + ".log"), resumed, number(mine, "lines"), progress, {},
                       0};
        auto built = build(work);
        if (built) built = describe(spec, work);
        if (built) built = sync_below(staging);
        if (built) built = rename_folder(staging, target);
        progress.end(built.has_value());
        if (built) {
            if (!resumed) {
                Json timings = read_json(cache / "timings.json");
                const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
                timings[spec.name] = {{"seconds", took.count()}, {"lines", work.lines}};
                (void)write_file(cache / "timings.json", timings.dump(2) + "\n");  // a hint for the next time
            }
            auto found = find_part(cache, spec);
            if (found) return *found;
            return fail("image-build-failed",
                        fmt::format("the {} in {} changed while it was built", spec.name, target.string()));
        }
        // What an earlier build left may be what is broken: once more from nothing.
        const bool again = resumed && built.error().code == "image-build-failed";
        if (again || !spec.resumable) FERRULE_TRY_VOID(remove_entry(staging));
        if (!again) return tl::unexpected(built.error());
        resumed = false;
    }
}

}  // namespace

std::string PartSpec::lock() const {
    return prefix.empty() ? kind : kind + "-" + prefix.substr(0, prefix.find_last_not_of('-') + 1);
}

std::optional<FoundPart> find_part(const fs::path& cache, const PartSpec& spec) {
    FoundPart found;
    found.folder = cache / spec.kind / spec.entry();
    const Json json = read_json(found.folder / kDescription);
    if (!json.contains("essentials") || !json["essentials"].is_object()) return std::nullopt;
    for (const std::string& file : spec.essentials) {
        std::error_code error;
        const uintmax_t size = fs::file_size(found.folder / file, error);
        const Json& sizes = json["essentials"];
        if (error || !sizes.contains(file) || !sizes[file].is_number_unsigned() || sizes[file].get<uintmax_t>() != size)
            return std::nullopt;
    }
    found.bytes = static_cast<uint64_t>(std::max(0.0, number(json, "bytes")));
    if (json.contains("notes") && json["notes"].is_array())
        for (const Json& note : json["notes"])
            if (note.is_string()) found.notes.push_back(note.get<std::string>());
    return found;
}

Result<FoundPart> ensure_part(const fs::path& cache, const PartSpec& spec, Progress& progress, const BuildPart& build) {
    if (auto found = find_part(cache, spec)) return *found;
    for (const char* folder : {"locks", "logs"}) FERRULE_TRY_VOID(make_directories(cache / folder));
    FERRULE_TRY_VOID(make_directories(cache / spec.kind));
    const fs::path path = cache / "locks" / (spec.lock() + ".lock");
    auto lock = FileLock::try_acquire(path, FileLock::Mode::exclusive);
    if (!lock && lock.error().code == "locked") {
        progress.begin(fmt::format("waiting: another ferrule builds the {}", spec.name), 0);
        lock = FileLock::acquire(path, FileLock::Mode::exclusive);
        progress.end(lock.has_value());
    }
    if (!lock) return tl::unexpected(lock.error());
    if (auto found = find_part(cache, spec)) return *found;
    return build_now(cache, spec, progress, build);
}

Result<uint64_t> remove_parts(const fs::path& cache, const std::string& kind, const std::vector<std::string>& prefixes,
                              const std::vector<std::string>& keep) {
    uint64_t freed = 0;
    std::error_code ignored;
    const fs::path folder = cache / kind;
    if (!fs::exists(folder, ignored)) return freed;
    FERRULE_TRY_VOID(make_directories(cache / "locks"));
    // Every lock an entry here could be built under: of the variants there are, and of those that once were.
    std::vector<std::string> all = prefixes;
    for (const fs::path& entry : entries(folder, "")) {
        const std::string name = entry.filename().string();
        const size_t dash = name.find('-');
        const std::string prefix = prefixes == std::vector<std::string>{""} ? ""
                                   : dash == std::string::npos              ? name
                                                                            : name.substr(0, dash + 1);
        if (std::find(all.begin(), all.end(), prefix) == all.end()) all.push_back(prefix);
    }
    for (const std::string& prefix : all) {
        PartSpec spec;
        spec.kind = kind;
        spec.prefix = prefix;
        const auto lock = FileLock::try_acquire(cache / "locks" / (spec.lock() + ".lock"), FileLock::Mode::exclusive);
        if (!lock && lock.error().code == "locked") continue;  // being built: what it sweeps it sweeps itself
        if (!lock) return tl::unexpected(lock.error());
        for (const fs::path& entry : entries(folder, prefix)) {
            const std::string name = entry.filename().string();
            if (std::find(keep.begin(), keep.end(), name) != keep.end()) continue;
            const uint64_t bytes = disk_usage(entry);
            FERRULE_TRY_VOID(remove_entry(entry));
            freed += bytes;
        }
    }
    return freed;
}

}  // namespace ferrule::image
