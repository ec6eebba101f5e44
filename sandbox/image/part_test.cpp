#include "sandbox/image/part.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::image;

namespace {

PartSpec spec_of(const std::string& key = "k1", bool resumable = false) {
    PartSpec spec;
    spec.name = "kernel mem";
    spec.kind = "kernel";
    spec.prefix = "mem-";
    spec.key = key;
    spec.essentials = {"vmlinux"};
    spec.resumable = resumable;
    spec.expected_seconds = 7;
    return spec;
}

Result<void> good(PartBuild& build) { return write_file(build.staging / "vmlinux", "kernel"); }

Result<void> must_not_run(PartBuild&) { return fail("ran", "it was built again"); }

class Expectation final : public Progress {
public:
    void begin(std::string_view, double seconds) override { expected = seconds; }
    void update(double, std::string_view) override {}
    void end(bool) override {}
    double expected = -1;
};

struct Cache {
    TempDir dir = std::move(*TempDir::make());
    const fs::path& path() const { return dir.path(); }
    bool has(const std::string& entry) const { return fs::exists(path() / "kernel" / entry); }
};

NoProgress quiet;

}  // namespace

TEST_CASE("a part is built once and then found") {
    const Cache cache;
    CHECK(!find_part(cache.path(), spec_of()));
    const auto built = ensure_part(cache.path(), spec_of(), quiet, good);
    REQUIRE(built);
    CHECK(built->folder == cache.path() / "kernel" / "mem-k1");
    CHECK(built->bytes > 0);
    CHECK(ensure_part(cache.path(), spec_of(), quiet, must_not_run));
    CHECK(find_part(cache.path(), spec_of()));
    CHECK(!find_part(cache.path(), spec_of("k2")));
    CHECK(!cache.has("mem-k1.tmp"));
}

TEST_CASE("while it is built nobody finds it") {
    const Cache cache;
    REQUIRE(ensure_part(cache.path(), spec_of(), quiet, [&](PartBuild& build) {
        REQUIRE(good(build));
        CHECK(!find_part(cache.path(), spec_of()));
        return Result<void>{};
    }));
}

TEST_CASE("a part that is damaged is not used and is built again") {
    const Cache cache;
    REQUIRE(ensure_part(cache.path(), spec_of(), quiet, good));
    const fs::path folder = cache.path() / "kernel" / "mem-k1";
    SECTION("a file cut short") { REQUIRE(write_file(folder / "vmlinux", "ker")); }
    SECTION("a file gone") { fs::remove(folder / "vmlinux"); }
    SECTION("its description gone") { fs::remove(folder / "part.json"); }
    SECTION("its description no description") { REQUIRE(write_file(folder / "part.json", "[1,")); }
    SECTION("its description of wrong types") {
        REQUIRE(write_file(folder / "part.json", "{\"essentials\":{\"vmlinux\":\"6\"}}"));
    }
    CHECK(!find_part(cache.path(), spec_of()));
    REQUIRE(ensure_part(cache.path(), spec_of(), quiet, good));
    CHECK(read_file(folder / "vmlinux").value() == "kernel");
}

TEST_CASE("a build that fails leaves nothing, and its error is passed on") {
    const Cache cache;
    const auto result = ensure_part(cache.path(), spec_of(), quiet, [](PartBuild& build) -> Result<void> {
        (void)good(build);
        return fail("mirror-unreachable", "no");
    });
    REQUIRE(!result);
    CHECK(result.error().code == "mirror-unreachable");
    CHECK(!cache.has("mem-k1"));
    CHECK(!cache.has("mem-k1.tmp"));
}

TEST_CASE("a build that says it succeeded without its essential file did not") {
    const Cache cache;
    const auto result = ensure_part(cache.path(), spec_of(), quiet, [](PartBuild&) { return Result<void>{}; });
    REQUIRE(!result);
    CHECK(result.error().code == "image-build-failed");
    CHECK(result.error().message.find("vmlinux") != std::string::npos);
    CHECK(!cache.has("mem-k1"));
}

TEST_CASE("an interrupted build that can be resumed goes on, another starts anew, others' staging is swept") {
    const Cache cache;
    const auto interrupted_build = [](PartBuild& build) -> Result<void> {
        (void)write_file(build.staging / "object", "half");
        return fail("cancelled", "interrupted");
    };
    SECTION("resumable") {
        REQUIRE(!ensure_part(cache.path(), spec_of("k1", true), quiet, interrupted_build));
        REQUIRE(ensure_part(cache.path(), spec_of("k1", true), quiet, [](PartBuild& build) {
            CHECK(build.resumed);
            CHECK(fs::exists(build.staging / "object"));
            return good(build);
        }));
    }
    SECTION("not resumable") {
        REQUIRE(!ensure_part(cache.path(), spec_of("k1"), quiet, interrupted_build));
        REQUIRE(ensure_part(cache.path(), spec_of("k1"), quiet, [](PartBuild& build) {
            CHECK(!build.resumed);
            CHECK(!fs::exists(build.staging / "object"));
            return good(build);
        }));
    }
    SECTION("another key") {
        REQUIRE(!ensure_part(cache.path(), spec_of("k1", true), quiet, interrupted_build));
        REQUIRE(ensure_part(cache.path(), spec_of("k2", true), quiet, good));
        CHECK(!cache.has("mem-k1.tmp"));
    }
    SECTION("another variant's staging is not ours to sweep") {
        REQUIRE(make_directories(cache.path() / "kernel" / "race-k9.tmp"));
        REQUIRE(ensure_part(cache.path(), spec_of("k1"), quiet, good));
        CHECK(cache.has("race-k9.tmp"));
    }
}

TEST_CASE("a resumed build that fails is tried once more from nothing") {
    const Cache cache;
    REQUIRE(make_directories(cache.path() / "kernel" / "mem-k1.tmp"));
    REQUIRE(write_file(cache.path() / "kernel" / "mem-k1.tmp" / "object", "broken"));
    int runs = 0;
    REQUIRE(ensure_part(cache.path(), spec_of("k1", true), quiet, [&](PartBuild& build) -> Result<void> {
        ++runs;
        if (fs::exists(build.staging / "object")) return fail("image-build-failed", "broken object");
        CHECK(!build.resumed);
        return good(build);
    }));
    CHECK(runs == 2);
}

TEST_CASE("too little space is said before anything is built") {
    const Cache cache;
    PartSpec spec = spec_of();
    spec.bytes_needed = uint64_t{1} << 60;
    const auto result = ensure_part(cache.path(), spec, quiet, must_not_run);
    REQUIRE(!result);
    CHECK(result.error().code == "disk-full");
    CHECK(result.error().message.find("kernel mem") != std::string::npos);
    CHECK(!result.error().hint.empty());
}

TEST_CASE("how long it took is remembered for the next build, a resumed one is not") {
    const Cache cache;
    Expectation progress;
    REQUIRE(ensure_part(cache.path(), spec_of("k1"), progress, [](PartBuild& build) {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        build.lines = 41;
        return good(build);
    }));
    CHECK(progress.expected == 7);
    REQUIRE(ensure_part(cache.path(), spec_of("k2"), progress, [](PartBuild& build) {
        CHECK(build.expected_lines == 41);
        return good(build);
    }));
    CHECK(progress.expected > 0.02);
    CHECK(progress.expected < 7);
    REQUIRE(write_file(cache.path() / "timings.json", "no json"));
    REQUIRE(ensure_part(cache.path(), spec_of("k3"), progress, good));
    CHECK(progress.expected == 7);
}

TEST_CASE("two processes at once: one builds, the other waits and finds it") {
    const Cache cache;
    const fs::path count = cache.path() / "count";
    const auto slow = [&](PartBuild& build) -> Result<void> {
        const std::string before = read_file(count).value_or("");
        std::this_thread::sleep_for(std::chrono::milliseconds(150));
        (void)write_file(count, before + "x");
        return good(build);
    };
    std::vector<pid_t> children;
    for (int i = 0; i < 4; ++i) {
        const pid_t pid = fork();
        REQUIRE(pid >= 0);
        if (pid == 0) _exit(ensure_part(cache.path(), spec_of(), quiet, slow) ? 0 : 1);
        children.push_back(pid);
    }
    for (const pid_t pid : children) {
        int status = 0;
        REQUIRE(waitpid(pid, &status, 0) == pid);
        CHECK(status == 0);
    }
    CHECK(read_file(count).value() == "x");
    CHECK(find_part(cache.path(), spec_of()));
}

TEST_CASE("a builder that is killed frees the lock, and its half part is not used") {
    const Cache cache;
    int pipe_fds[2];
    REQUIRE(pipe(pipe_fds) == 0);
    const pid_t pid = fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        (void)ensure_part(cache.path(), spec_of(), quiet, [&](PartBuild& build) {
            (void)good(build);
            (void)!write(pipe_fds[1], "x", 1);
            pause();
            return Result<void>{};
        });
        _exit(0);
    }
    char byte;
    REQUIRE(read(pipe_fds[0], &byte, 1) == 1);
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    CHECK(cache.has("mem-k1.tmp"));
    CHECK(!find_part(cache.path(), spec_of()));
    REQUIRE(ensure_part(cache.path(), spec_of(), quiet, good));
    CHECK(!cache.has("mem-k1.tmp"));
}

TEST_CASE("cleaning removes what is not kept, staging of the dead, and nothing that is being built") {
    const Cache cache;
    REQUIRE(ensure_part(cache.path(), spec_of("k1"), quiet, good));
    REQUIRE(ensure_part(cache.path(), spec_of("k2"), quiet, good));
    for (const char* left : {"mem-k3.tmp", "gone-k4", "stray"})
        REQUIRE(make_directories(cache.path() / "kernel" / left));
    REQUIRE(make_directories(cache.path() / "kernel" / "race-k5.tmp"));
    const auto racing = FileLock::try_acquire(cache.path() / "locks" / "kernel-race.lock", FileLock::Mode::exclusive);
    REQUIRE(racing);
    const auto freed = remove_parts(cache.path(), "kernel", {"mem-"}, {"mem-k2"});
    REQUIRE(freed);
    CHECK(*freed > 0);
    CHECK(!cache.has("mem-k1"));
    CHECK(cache.has("mem-k2"));
    CHECK(!cache.has("mem-k3.tmp"));
    CHECK(!cache.has("gone-k4"));
    CHECK(!cache.has("stray"));
    CHECK(cache.has("race-k5.tmp"));
    CHECK(remove_parts(cache.path(), "toolchain", {""}, {}).value() == 0);
}

TEST_CASE("notes of a build stay with the part") {
    const Cache cache;
    REQUIRE(ensure_part(cache.path(), spec_of(), quiet, [](PartBuild& build) {
        build.notes = {"took linux-source-7.4"};
        return good(build);
    }));
    CHECK(find_part(cache.path(), spec_of())->notes == std::vector<std::string>{"took linux-source-7.4"});
}
