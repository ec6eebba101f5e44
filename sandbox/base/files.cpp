#include "sandbox/base/files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

#include "sandbox/base/check.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule {
namespace {

Result<void> write_all(int fd, std::string_view content, const fs::path& path) {
    while (!content.empty()) {
        const ssize_t put = write(fd, content.data(), content.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return tl::unexpected(system_error("cannot write", path, errno));
        content.remove_prefix(static_cast<size_t>(put));
    }
    return {};
}

struct CloseDir {
    void operator()(DIR* dir) const { closedir(dir); }
};

// 0 or errno. By descriptors, so that a link swapped in is never followed.
int remove_at(int parent, const char* name) {
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT) return 0;
    if (errno != EISDIR && errno != EPERM) return errno;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == EACCES && fchmodat(parent, name, 0700, 0) == 0)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return errno;
    struct stat status;
    if (fstat(fd, &status) == 0 && (status.st_mode & 0700) != 0700)
        fchmod(fd, 0700);  // else the next step says why not
    std::unique_ptr<DIR, CloseDir> dir(fdopendir(fd));
    FERRULE_CHECK(dir != nullptr);
    int first_error = 0;
    while (const dirent* entry = readdir(dir.get())) {
        if (std::strcmp(entry->d_name, ".") == 0 || std::strcmp(entry->d_name, "..") == 0) continue;
        if (const int error = remove_at(fd, entry->d_name); error != 0 && first_error == 0) first_error = error;
    }
    if (first_error != 0) return first_error;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : errno;
}

fs::path temp_parent(const fs::path& parent) {
    if (!parent.empty()) return parent;
    const char* tmp = std::getenv("TMPDIR");
    return tmp != nullptr && tmp[0] == '/' ? fs::path(tmp) : fs::path("/tmp");
}

fs::path home() {
    if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') return home;
    if (const passwd* user = getpwuid(getuid()); user != nullptr && user->pw_dir != nullptr) return user->pw_dir;
    return "/";
}

fs::path xdg(const char* variable, const char* below_home) {
    const char* value = std::getenv(variable);
    return (value != nullptr && value[0] == '/' ? fs::path(value) : home() / below_home) / "ferrule";
}

bool is_checkout(const fs::path& folder) {
    std::error_code ignored;
    return fs::exists(folder / "kernel-image", ignored) && fs::exists(folder / "sandbox" / "base", ignored);
}

// Opens and locks; -1 with EWOULDBLOCK when somebody else holds it.
Result<UniqueFd> lock_once(const fs::path& path, FileLock::Mode mode, bool& busy) {
    busy = false;
    for (;;) {
        UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
        if (!fd) return tl::unexpected(system_error("cannot open the lock", path, errno));
        if (flock(fd.get(), (mode == FileLock::Mode::shared ? LOCK_SH : LOCK_EX) | LOCK_NB) != 0) {
            if (errno == EINTR) continue;
            if (errno != EWOULDBLOCK) return tl::unexpected(system_error("cannot lock", path, errno));
            busy = true;
            return UniqueFd();
        }
        struct stat ours, there;  // a clean-up may have removed the file between the two calls
        if (fstat(fd.get(), &ours) == 0 && stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino &&
            ours.st_dev == there.st_dev)
            return fd;
    }
}

}  // namespace

Error system_error(std::string_view what, const fs::path& path, int err) {
    std::string message = std::string(what) + " " + path.string() + ": " + std::strerror(err);
    switch (err) {
        case ENOSPC:
        case EDQUOT:
            return {"disk-full", std::move(message),
                    "make room there; `ferrule image clean` frees what is no longer used, and XDG_CACHE_HOME moves the "
                    "cache"};
        case ENOENT:
        case ENOTDIR: return {"not-found", std::move(message), ""};
        case EACCES:
        case EPERM:
        case EROFS: return {"permission", std::move(message), "check who owns it and that you may write there"};
        default: return {"io", std::move(message), ""};
    }
}

Result<std::string> read_file(const fs::path& path, uint64_t cap) {
    UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!fd) return tl::unexpected(system_error("cannot read", path, errno));
    struct stat status;
    if (fstat(fd.get(), &status) != 0) return tl::unexpected(system_error("cannot read", path, errno));
    const auto too_large = [&] {
        return fail("too-large", path.string() + " is larger than " + std::to_string(cap) + " bytes");
    };
    // The size is only a guess (0 in /proc); what counts is what read() gives.
    if (S_ISREG(status.st_mode) && static_cast<uint64_t>(status.st_size) > cap) return too_large();
    std::string content;
    size_t used = 0;
    content.resize(static_cast<size_t>(status.st_size) + 1);
    for (;;) {
        if (used == content.size()) content.resize(content.size() * 2 + 4096);
        const ssize_t got = read(fd.get(), content.data() + used, content.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return tl::unexpected(system_error("cannot read", path, errno));
        if (got == 0) break;
        used += static_cast<size_t>(got);
        if (used > cap) return too_large();
    }
    content.resize(used);
    return content;
}

Result<void> write_file(const fs::path& path, std::string_view content) {
    static std::atomic<unsigned> count{0};
    fs::path beside = path;
    beside += ".new-" + std::to_string(getpid()) + "-" + std::to_string(count++);
    UniqueFd fd(open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
    if (!fd) return tl::unexpected(system_error("cannot write", path, errno));
    Result<void> result = write_all(fd.get(), content, path);
    if (result && fsync(fd.get()) != 0) result = tl::unexpected(system_error("cannot write", path, errno));
    if (result && rename(beside.c_str(), path.c_str()) != 0)
        result = tl::unexpected(system_error("cannot write", path, errno));
    if (!result) unlink(beside.c_str());
    return result;
}

Result<void> make_directories(const fs::path& path) {
    std::error_code error;
    fs::create_directories(path, error);
    // create_directories is content with a file of that name.
    if (!error && !fs::is_directory(path, error) && !error) error = std::make_error_code(std::errc::file_exists);
    if (error) return tl::unexpected(system_error("cannot make the folder", path, error.value()));
    return {};
}

Result<void> remove_tree(const fs::path& path) {
    if (const int error = remove_at(AT_FDCWD, path.c_str()); error != 0)
        return tl::unexpected(system_error("cannot remove", path, error));
    return {};
}

Result<TempDir> TempDir::make(const fs::path& parent, std::string_view prefix) {
    std::string name = (temp_parent(parent) / (std::string(prefix) + "XXXXXX")).string();
    if (mkdtemp(name.data()) == nullptr)
        return tl::unexpected(system_error("cannot make a temporary folder", name, errno));
    UniqueFd lock(open(name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
        const int error = errno;
        rmdir(name.c_str());
        return tl::unexpected(system_error("cannot lock", name, error));
    }
    return TempDir(std::move(name), std::move(lock));
}

TempDir& TempDir::operator=(TempDir&& other) noexcept {
    if (this != &other) {
        TempDir old(std::move(*this));
        path_ = std::exchange(other.path_, {});
        lock_ = std::move(other.lock_);
    }
    return *this;
}

TempDir::~TempDir() {
    if (!path_.empty()) static_cast<void>(remove_tree(path_));  // nobody is left to tell; the sweep tries again
}

size_t sweep_temp_dirs(const fs::path& parent, std::string_view prefix) {
    size_t removed = 0;
    std::error_code error;
    auto it = fs::directory_iterator(temp_parent(parent), error);
    for (; !error && it != fs::directory_iterator(); it.increment(error)) {
        if (!it->path().filename().string().starts_with(prefix)) continue;
        UniqueFd fd(open(it->path().c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
        struct stat status;
        if (!fd || fstat(fd.get(), &status) != 0 || status.st_uid != geteuid()) continue;
        if (status.st_mtime > time(nullptr) - 60) continue;  // its owner may be between mkdtemp and flock
        if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) continue;
        if (remove_tree(it->path())) ++removed;
    }
    return removed;
}

uint64_t disk_usage(const fs::path& folder) {
    uint64_t bytes = 0;
    const auto add = [&bytes](const fs::path& path) {
        struct stat status;
        if (lstat(path.c_str(), &status) == 0) bytes += static_cast<uint64_t>(status.st_blocks) * 512;
    };
    add(folder);
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
        add(it->path());
    return bytes;
}

Result<FileLock> FileLock::acquire(const fs::path& path, Mode mode, void (*waiting)()) {
    int pause = 5;  // milliseconds; flock has no deadline and cannot be polled
    for (;;) {
        bool busy = false;
        FERRULE_TRY(UniqueFd fd, lock_once(path, mode, busy));
        if (!busy) return FileLock(std::move(fd));
        if (waiting != nullptr) std::exchange(waiting, nullptr)();
        pollfd interrupt{interrupt_fd(), POLLIN, 0};
        poll(&interrupt, 1, pause);
        if (interrupted()) return tl::unexpected(interrupted_error());
        pause = pause < 100 ? pause * 2 : pause;
    }
}

Result<FileLock> FileLock::try_acquire(const fs::path& path, Mode mode) {
    bool busy = false;
    FERRULE_TRY(UniqueFd fd, lock_once(path, mode, busy));
    if (busy) return fail("locked", path.string() + " is locked by another process");
    return FileLock(std::move(fd));
}

fs::path cache_dir() { return xdg("XDG_CACHE_HOME", ".cache"); }
fs::path data_dir() { return xdg("XDG_DATA_HOME", ".local/share"); }

Result<fs::path> source_root() {
    if (const char* root = std::getenv("FERRULE_ROOT"); root != nullptr && root[0] != '\0') {
        if (is_checkout(root)) return fs::path(root);
        return fail("not-found", std::string("FERRULE_ROOT=") + root + " is not a Ferrule checkout",
                    "start it as ./ferrule, or unset FERRULE_ROOT");
    }
    std::error_code error;
    for (fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path(); !error;
         folder = folder.parent_path()) {
        if (is_checkout(folder)) return folder;
        if (folder == folder.root_path()) break;
    }
    if (is_checkout(FERRULE_SOURCE_ROOT)) return fs::path(FERRULE_SOURCE_ROOT);  // a build folder outside the checkout
    return fail("not-found", "cannot find the Ferrule checkout", "start it as ./ferrule, or set FERRULE_ROOT");
}

}  // namespace ferrule
