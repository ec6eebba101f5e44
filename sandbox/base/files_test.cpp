#include "sandbox/base/files.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/interrupt.hpp"

using namespace ferrule;

namespace {

TempDir temp() {
    auto dir = TempDir::make();
    REQUIRE(dir);
    return std::move(*dir);
}

void make_old(const fs::path& path) {
    const timespec times[2] = {{1000, 0}, {1000, 0}};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("a file comes back as it was written") {
    const TempDir dir = temp();
    const fs::path path = dir.path() / "a file";
    std::string content("one\0two\n", 8);
    REQUIRE(write_file(path, content));
    CHECK(read_file(path).value() == content);
    REQUIRE(write_file(path, ""));
    CHECK(read_file(path).value().empty());
    CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 1);  // nothing left beside it
}

TEST_CASE("a file larger than the cap is refused, one of the cap's size is not") {
    const TempDir dir = temp();
    REQUIRE(write_file(dir.path() / "f", "12345"));
    CHECK(read_file(dir.path() / "f", 5).value() == "12345");
    CHECK(read_file(dir.path() / "f", 4).error().code == "too-large");
    CHECK(read_file("/dev/zero", 100000).error().code == "too-large");  // no size to go by
    CHECK(!read_file("/proc/self/status").value().empty());
}

TEST_CASE("errors say what, where and why") {
    const auto missing = read_file("/nowhere/x");
    REQUIRE(!missing);
    CHECK(missing.error().code == "not-found");
    CHECK(missing.error().message == "cannot read /nowhere/x: No such file or directory");
    CHECK(write_file("/dev/full/x", "x").error().code == "not-found");
    CHECK(make_directories("/dev/null/x").error().code == "not-found");
    CHECK(make_directories("/dev/null").error().message.find("/dev/null") != std::string::npos);
    CHECK(system_error("cannot write", "/x", ENOSPC).code == "disk-full");
    CHECK(!system_error("cannot write", "/x", ENOSPC).hint.empty());
    CHECK(system_error("cannot write", "/x", EACCES).code == "permission");
}

TEST_CASE("a failed write leaves the old content and no litter") {
    const TempDir dir = temp();
    REQUIRE(write_file(dir.path() / "f", "old"));
    const pid_t child = fork();
    if (child == 0) {
        struct rlimit small = {2, 2};
        setrlimit(RLIMIT_FSIZE, &small);
        signal(SIGXFSZ, SIG_IGN);
        _exit(write_file(dir.path() / "f", "new content") ? 0 : 7);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WEXITSTATUS(status) == 7);
    CHECK(read_file(dir.path() / "f").value() == "old");
    CHECK(std::distance(fs::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("a tree goes away with read-only folders, and links are not followed") {
    const TempDir dir = temp();
    REQUIRE(make_directories(dir.path() / "keep"));
    REQUIRE(write_file(dir.path() / "keep" / "precious", "x"));
    REQUIRE(make_directories(dir.path() / "tree" / "locked" / "deep"));
    REQUIRE(write_file(dir.path() / "tree" / "locked" / "deep" / "f", "x"));
    fs::create_directory_symlink(dir.path() / "keep", dir.path() / "tree" / "locked" / "link");
    chmod((dir.path() / "tree" / "locked" / "deep").c_str(), 0000);
    chmod((dir.path() / "tree" / "locked").c_str(), 0500);
    REQUIRE(remove_tree(dir.path() / "tree"));
    CHECK(!fs::exists(dir.path() / "tree"));
    CHECK(fs::exists(dir.path() / "keep" / "precious"));
    CHECK(remove_tree(dir.path() / "tree"));  // gone already is fine
}

TEST_CASE("a temporary folder lives as long as its owner") {
    fs::path path;
    {
        TempDir a = temp();
        path = a.path();
        REQUIRE(write_file(path / "f", "x"));
        TempDir b = std::move(a);
        CHECK(fs::exists(path / "f"));
        const TempDir c = temp();
        const fs::path other = b.path();
        b = temp();
        CHECK(!fs::exists(other));
    }
    CHECK(!fs::exists(path));
    TempDir d = temp();
    path = d.release();
    { const TempDir gone = std::move(d); }
    CHECK(fs::exists(path));
    CHECK(remove_tree(path));
}

TEST_CASE("the sweep takes what a killed process left and nothing else") {
    const TempDir dir = temp();
    const TempDir owned = TempDir::make(dir.path(), "t-").value();
    const fs::path left = TempDir::make(dir.path(), "t-").value().release();
    const fs::path fresh = TempDir::make(dir.path(), "t-").value().release();
    REQUIRE(make_directories(dir.path() / "other"));
    REQUIRE(make_directories(left / "inside"));
    fs::create_directory_symlink(dir.path() / "other", dir.path() / "t-link");
    for (const auto& path : {owned.path(), left, dir.path() / "other"}) make_old(path);
    CHECK(sweep_temp_dirs(dir.path(), "t-") == 1);
    CHECK(!fs::exists(left));
    CHECK(fs::exists(owned.path()));
    CHECK(fs::exists(fresh));
    CHECK(fs::exists(dir.path() / "other"));
}

TEST_CASE("an exclusive lock keeps others out until it is freed") {
    const TempDir dir = temp();
    const fs::path path = dir.path() / "lock";
    using Mode = FileLock::Mode;
    {
        const auto held = FileLock::try_acquire(path, Mode::exclusive);
        REQUIRE(held);
        CHECK(FileLock::try_acquire(path, Mode::exclusive).error().code == "locked");
        CHECK(FileLock::try_acquire(path, Mode::shared).error().code == "locked");
    }
    const auto one = FileLock::try_acquire(path, Mode::shared);
    CHECK(FileLock::try_acquire(path, Mode::shared));
    CHECK(!FileLock::try_acquire(path, Mode::exclusive));
}

TEST_CASE("waiting for a lock says so once, gets it, and can be interrupted") {
    const TempDir dir = temp();
    const fs::path path = dir.path() / "lock";
    static int told;
    told = 0;
    auto held = FileLock::try_acquire(path, FileLock::Mode::exclusive);
    REQUIRE(held);
    std::thread release([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(80));
        auto gone = std::move(held);
    });
    CHECK(FileLock::acquire(path, FileLock::Mode::exclusive, [] { ++told; }));
    release.join();
    CHECK(told == 1);

    const auto again = FileLock::try_acquire(path, FileLock::Mode::exclusive);
    interrupt_now();
    CHECK(FileLock::acquire(path, FileLock::Mode::exclusive).error().code == "cancelled");
    clear_interrupt();
}

TEST_CASE("folders follow the environment, absolute paths only") {
    setenv("XDG_CACHE_HOME", "/somewhere", 1);
    CHECK(cache_dir() == "/somewhere/ferrule");
    setenv("XDG_CACHE_HOME", "relative", 1);
    const std::string old_home = getenv("HOME") != nullptr ? getenv("HOME") : "/";
    setenv("HOME", "/home/x", 1);
    CHECK(cache_dir() == "/home/x/.cache/ferrule");
    unsetenv("XDG_CACHE_HOME");
    unsetenv("XDG_DATA_HOME");
    CHECK(data_dir() == "/home/x/.local/share/ferrule");
    setenv("HOME", old_home.c_str(), 1);

    unsetenv("FERRULE_ROOT");
    CHECK(fs::exists(source_root().value() / "sandbox" / "base" / "files.hpp"));
    setenv("FERRULE_ROOT", "/usr", 1);
    CHECK(source_root().error().code == "not-found");
    unsetenv("FERRULE_ROOT");
}
