// Files, folders, locks and hashes on the host. Errors carry the path and the system's reason; codes are
// "not-found", "permission", "io"; a full disk is always code "disk-full" with a hint that says how to make room.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/base/result.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule {

namespace fs = std::filesystem;

// Whole file, up to `cap` bytes (code "too-large" above it).
Result<std::string> read_file(const fs::path& path, uint64_t cap = 64u << 20);
// Written beside, synced and renamed over: a reader sees the old content or the new, never a half.
Result<void> write_file(const fs::path& path, std::string_view content);
Result<void> make_directories(const fs::path& path);
Result<void> remove_tree(const fs::path& path);  // also read-only folders inside
// The error for errno after an operation on `path`.
Error system_error(std::string_view what, const fs::path& path, int err);

// A folder (mode 0700) that goes away with its owner. Made below $TMPDIR or /tmp unless `parent` is given.
// It is locked (flock) while owned, so that a sweep can tell what a killed process left from what is in use.
class TempDir {
public:
    static Result<TempDir> make(const fs::path& parent = {}, std::string_view prefix = "ferrule-");
    TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})), lock_(std::move(other.lock_)) {}
    TempDir& operator=(TempDir&& other) noexcept;
    ~TempDir();
    const fs::path& path() const { return path_; }
    // The folder stays, unlocked: rename it away from the swept prefix.
    fs::path release() {
        lock_.reset();
        return std::exchange(path_, {});
    }

private:
    TempDir(fs::path path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
    fs::path path_;
    UniqueFd lock_;
};

// Removes the folders that TempDir::make made there, no living process owns, and are older than a minute.
// Returns how many. Never touches another user's.
size_t sweep_temp_dirs(const fs::path& parent = {}, std::string_view prefix = "ferrule-");

// Bytes of the disk blocks of a folder and everything below, as du counts them.
uint64_t disk_usage(const fs::path& folder);

// flock(2) on a file made for the purpose. Freed by the kernel when the process dies.
class FileLock {
public:
    enum class Mode { shared, exclusive };
    // Waits; `waiting` is called once if it has to. An interrupt (interrupt.hpp) ends it: code "cancelled".
    static Result<FileLock> acquire(const fs::path& path, Mode mode, void (*waiting)() = nullptr);
    static Result<FileLock> try_acquire(const fs::path& path, Mode mode);  // code "locked"

private:
    explicit FileLock(UniqueFd fd) : fd_(std::move(fd)) {}
    UniqueFd fd_;
};

// SHA-256 over parts; each part goes in with its length, so that {"ab","c"} is not {"a","bc"}.
class Hash {
public:
    Hash();
    ~Hash();
    Hash(const Hash&) = delete;
    Hash& operator=(const Hash&) = delete;
    Hash& add(std::string_view part);
    Result<void> add_file(const fs::path& path);    // name (last component) and content
    Result<void> add_tree(const fs::path& folder);  // every regular file and link (its target) below, sorted by path
    std::string hex();                              // 64 hex digits; ends the hash
private:
    void* context_;
};

// Where things live: $XDG_CACHE_HOME/ferrule or ~/.cache/ferrule; $XDG_DATA_HOME/ferrule or
// ~/.local/share/ferrule; the checkout (FERRULE_ROOT, set by the launcher, else found upwards from the program).
fs::path cache_dir();
fs::path data_dir();
Result<fs::path> source_root();

}  // namespace ferrule
