#include "sandbox/image/script.hpp"

#include <string>
#include <vector>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/interrupt.hpp"

using namespace ferrule;
using namespace ferrule::image;

namespace {

class Recorder final : public Progress {
public:
    void begin(std::string_view, double) override {}
    void update(double fraction, std::string_view detail) override {
        fractions.push_back(fraction);
        details.emplace_back(detail);
    }
    void end(bool) override {}
    std::vector<double> fractions;
    std::vector<std::string> details;
};

Error error_of(const std::string& output) {
    Recorder progress;
    ScriptOutput script(progress, 0, 1, 0);
    script.feed(output);
    script.finish();
    return script.error("toolchain", "/cache/logs/toolchain.log");
}

struct Scratch {
    TempDir dir = std::move(*TempDir::make());
    Recorder progress;
    PartBuild build{dir.path(), dir.path() / "log", false, 0, progress, {}, 0};
};

}  // namespace

TEST_CASE("a script's words become progress, in pieces of any size") {
    Recorder progress;
    ScriptOutput script(progress, 0.2, 0.8, 4);
    const std::string output =
        "@when 0.1 I: downloading\n@progress 0.05 begin here\nnoise\nI: downloading packages\n  CC      mm/slub.o\n"
        "  CC [M]  a.o\n    indented noise\n  RUSTC L rust/core.o\n@note took another\n  LD      vmlinux\n  AR      "
        "more.a\n";
    for (const char byte : output) script.feed(std::string_view(&byte, 1));
    CHECK(progress.details == std::vector<std::string>{"begin here", "downloading packages", "CC mm/slub.o",
                                                       "CC [M] a.o", "RUSTC L rust/core.o", "LD vmlinux", "AR more.a"});
    REQUIRE(progress.fractions.size() == 7);
    CHECK(progress.fractions[0] == Approx(0.05));
    CHECK(progress.fractions[1] == Approx(0.1));
    CHECK(progress.fractions[2] == Approx(0.35));
    CHECK(progress.fractions[6] == Approx(0.2 + 0.6 * 0.99));  // more lines than expected: never past the end
    CHECK(script.lines() == 5);
    CHECK(script.notes() == std::vector<std::string>{"took another"});
}

TEST_CASE("a full disk is told from every other failure, whoever says it") {
    for (const char* line :
         {"tar: usr/bin/x: Cannot write: No space left on device", "E: You don't have enough free space in /x/.",
          "fatal error: error in backend: IO failure on output stream: No space left on device",
          "cp: error writing 'x': Disk quota exceeded"}) {
        const Error error = error_of(std::string("  CC      a.o\n") + line + "\nmake: *** [Makefile:1: all] Error 2\n");
        INFO(line);
        CHECK(error.code == "disk-full");
        CHECK(error.message.find('\n') == std::string::npos);
    }
}

TEST_CASE("a mirror that does not answer is told from every other failure") {
    for (const char* line :
         {"Err:1 http://mirror.invalid/debian trixie InRelease\n  Could not resolve 'mirror.invalid'",
          "  Could not connect to 127.0.0.1:9 (127.0.0.1). - connect (111: Connection refused)",
          "E: Failed to fetch http://mirror.invalid/debian/dists/trixie/InRelease  404  Not Found",
          "E: The repository 'http://mirror.invalid/debian trixie Release' does not have a Release file."}) {
        const Error error =
            error_of(std::string("I: running apt-get update...\n") + line + "\nE: mmdebstrap failed to run\n");
        INFO(line);
        CHECK(error.code == "mirror-unreachable");
        CHECK(error.hint.find("FERRULE_MIRROR") != std::string::npos);
    }
}

TEST_CASE("what the script itself says comes before what a tool said, and the log is named") {
    const Error error = error_of("x.c:1: error: bad\n@failed the kernel patch 0001.patch does not apply\nlast\n");
    CHECK(error.code == "image-build-failed");
    CHECK(error.message ==
          "cannot build the toolchain: the kernel patch 0001.patch does not apply; log: /cache/logs/toolchain.log");
}

TEST_CASE("otherwise it is the first error line, or the last line of all") {
    CHECK(error_of("fine\na.c:3:1: error: expected ';'\nmake: *** [all] Error 1\n").message ==
          "cannot build the toolchain: a.c:3:1: error: expected ';'; log: /cache/logs/toolchain.log");
    CHECK(error_of("one\ntwo\n\n").message == "cannot build the toolchain: two; log: /cache/logs/toolchain.log");
    CHECK(error_of("").message == "cannot build the toolchain: it said nothing; log: /cache/logs/toolchain.log");
    CHECK(error_of("E: a key: NO_PUBKEY 0000\nE: Failed to fetch x\n").code == "unsupported-host");
}

TEST_CASE("a real script runs: lines and notes are taken over, the log holds all of it") {
    Scratch scratch;
    REQUIRE(run_script(scratch.build, "x", {"sh", "-c", "echo '@note a'; echo '  CC      a.o'; echo err >&2"}, 0, 1));
    CHECK(scratch.build.notes == std::vector<std::string>{"a"});
    CHECK(scratch.build.lines == 1);
    CHECK(read_file(scratch.build.log).value() == "@note a\n  CC      a.o\nerr\n");
    REQUIRE(run_script(scratch.build, "x", {"sh", "-c", "echo \"$ONLY\" \"${TERM-none}\""}, 0, 1, {"ONLY=this"}));
    CHECK(read_file(scratch.build.log).value() == "@note a\n  CC      a.o\nerr\nthis none\n");
}

TEST_CASE("a script that fails for want of space, for a reason of its own, or by a signal") {
    Scratch scratch;
    CHECK(run_script(scratch.build, "x", {"sh", "-c", "echo 'tar: Cannot write: No space left on device' >&2; exit 2"},
                     0, 1)
              .error()
              .code == "disk-full");
    CHECK(run_script(scratch.build, "x", {"sh", "-c", "echo '@failed because'; exit 1"}, 0, 1)
              .error()
              .message.find("cannot build the x: because") == 0);
    CHECK(run_script(scratch.build, "x", {"sh", "-c", "kill -9 $$"}, 0, 1).error().code == "image-build-failed");
}

TEST_CASE("an interrupt ends a script at once") {
    Scratch scratch;
    interrupt_now();
    const auto result = run_script(scratch.build, "x", {"sleep", "100"}, 0, 1);
    clear_interrupt();
    REQUIRE(!result);
    CHECK(result.error().code == "cancelled");
}
