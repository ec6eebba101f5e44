// The real program in a terminal (a pty whose screen libvterm reads): the lesson, an editor and the guest's shell
// inside, and that it comes back where it was left.
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "lessons/reader/progress_store.hpp"
#include "lessons/workbench/pane.hpp"
#include "lessons/workbench/pty_child.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::workbench;
using Catch::Matchers::Contains;

namespace {

class Screen {
public:
    explicit Screen(const fs::path& home, const std::string& cache = {}, int rows = 30, int columns = 140,
                    const std::string& editor = "vim -u NONE -N")
        : pane_(rows, columns) {
        auto child = PtyChild::start({FERRULE_PROGRAM, "learn"}, home.string(),
                                     {{"HOME", home.string()},
                                      {"TERM", "xterm-256color"},
                                      {"LANG", "C.UTF-8"},
                                      {"VISUAL", ""},
                                      {"EDITOR", editor},
                                      {"FERRULE_WORKSPACE", (home / "work").string()},
                                      {"XDG_DATA_HOME", (home / "data").string()},
                                      {"XDG_CACHE_HOME", cache.empty() ? (home / "cache").string() : cache}},
                                     rows, columns);
        REQUIRE(child);
        child_.emplace(std::move(*child));
    }

    void type(const std::string& bytes) {
        for (size_t at = 0; at < bytes.size();) {
            at += child_->write(std::string_view(bytes).substr(at));
            serve();
        }
    }
    void resize(int rows, int columns) {
        pane_.resize(rows, columns);
        child_->resize(rows, columns);
    }
    // Until the words stand on the screen, or do not any more.
    void expect(const std::string& words, bool there = true, int seconds = 30) {
        const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        while ((pane_.view().text().find(words) != std::string::npos) != there) {
            if (std::chrono::steady_clock::now() > limit)
                FAIL((there ? "missing: " : "still there: ") << words << "\n" << pane_.view().text());
            serve();
        }
    }
    int wait() {
        for (int i = 0; i < 1000 && child_->running(); ++i) serve();
        REQUIRE_FALSE(child_->running());
        return WIFEXITED(child_->status()) ? WEXITSTATUS(child_->status()) : 1000 + child_->status();
    }
    void kill() { child_->kill(SIGKILL); }

private:
    void serve() {
        const auto bytes = child_->read(65536);
        if (!bytes || bytes->empty()) {
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
            return;
        }
        pane_.write(*bytes);
        const std::string replies = pane_.take_replies();
        if (!replies.empty()) child_->write(replies);
    }
    Pane pane_;
    std::optional<PtyChild> child_;
};

fs::path solution() {
    return fs::path(FERRULE_SOURCE_ROOT) / "lessons/course/ownership/leaks/keeper/c/solution/keeper.c";
}

}  // namespace

TEST_CASE("workbench: a lesson is read, searched, left, and found again where it was") {
    const auto home = TempDir::make();
    REQUIRE(home);
    {
        Screen screen(home->path());
        screen.expect("Leaks: who frees this?");
        screen.expect("no kernel yet");
        screen.type("t");
        screen.expect("Contents");
        screen.type("j\r");
        screen.expect("2 of 4");
        screen.type("/unlock\r");
        screen.expect("/unlock 1 of");
        screen.type("\x1b");
        screen.type(" ");
        screen.type("?");
        screen.expect("Keys");
        screen.resize(20, 60);
        screen.type("q");
        screen.expect("Keys", false);
        screen.type("q");
        CHECK(screen.wait() == 0);
    }
    Screen again(home->path());
    again.expect("2 of 4");
    again.type("\x03");
    CHECK(again.wait() == 0);
}

TEST_CASE("workbench: killed in the middle, nothing is lost") {
    const auto home = TempDir::make();
    REQUIRE(home);
    for (int i = 0; i < 3; ++i) {
        Screen screen(home->path());
        screen.expect("of 4");
        screen.type("g]");
        screen.expect(std::to_string(i + 2) + " of 4");
        screen.kill();
        screen.wait();
    }
    Screen screen(home->path());
    screen.expect("4 of 4");
}

TEST_CASE("workbench: vim writes the exercise, inside, and at any size") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path());
    screen.expect("no kernel yet");
    screen.type("e");
    screen.expect("SPDX-License-Identifier");
    screen.expect("Ctrl-] leaves");
    screen.type("ggO// by me\x1b");
    screen.expect("// by me");
    screen.resize(50, 200);
    screen.expect("// by me");
    screen.resize(24, 80);
    screen.expect("// by me");
    screen.type(":w\r");
    screen.expect("saved; it is graded when the kernel is built");
    CHECK_THAT(*read_file(home->path() / "work" / "keeper" / "c" / "keeper.c"), Contains("// by me"));
    screen.type("\x1d");  // Ctrl-]
    screen.expect("? help");
    screen.type("\t");
    screen.expect("Ctrl-] leaves");
    screen.type(":q\r");
    screen.expect("? help");
    screen.type("q");
    CHECK(screen.wait() == 0);
}

TEST_CASE("workbench: an editor that is not there is named") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path(), {}, 30, 140, "no-such-editor");
    screen.expect("no kernel yet");
    screen.type("e");
    screen.expect("the editor ended: ");
    screen.expect("no-such-editor");
}

TEST_CASE("workbench: saving grades, Enter leads to the line, a hint answers, and the solution comes last", "[image]") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path(), cache_dir().parent_path().string());
    screen.expect("Leaks: who frees this?");
    screen.expect("no kernel", false);
    screen.type("e");
    screen.expect("SPDX-License-Identifier");
    screen.type(":w\r");
    screen.expect("fail in", true, 120);
    screen.type("\x1dv");
    screen.expect("--> keeper.c:");
    screen.type("s");
    screen.expect("not passed yet");
    screen.type("h");
    screen.expect("1 of ");
    screen.type("e");
    screen.expect("Ctrl-] leaves");
    screen.type(":%d\r:r " + solution().string() + "\r:1d\r:w\r");
    screen.expect("pass in", true, 120);
    screen.type("\x1d");
    screen.expect("? help");
    screen.type("s");
    screen.expect("keeper.c");
    screen.type("q");
    CHECK(screen.wait() == 0);
    auto store = reader::ProgressStore::open(home->path() / "data" / "ferrule" / "progress.db");
    REQUIRE(store);
    CHECK(store->progress("keeper", "c")->passed);
    CHECK(store->progress("keeper", "c")->attempts == 2);
}

TEST_CASE("workbench: a shell in the guest, its flood, its escape sequences, and the way out", "[image]") {
    const auto home = TempDir::make();
    REQUIRE(home);
    REQUIRE(make_directories(home->path() / "work" / "keeper" / "c"));
    REQUIRE(write_file(home->path() / "work" / "keeper" / "c" / "keeper.c", *read_file(solution())));
    Screen screen(home->path(), cache_dir().parent_path().string());
    screen.expect("Leaks: who frees this?");
    screen.type("c");
    screen.expect("insmod /run/keeper.ko", true, 120);
    screen.expect("~ #", true, 60);
    screen.type("insmod /run/keeper.ko && ls /dev/keeper && echo in$((1+1))\r");
    screen.expect("in2", true, 60);
    screen.type("stty size\r");
    screen.expect("27 6", true, 60);
    screen.resize(40, 160);
    screen.type("clear; stty size\r");
    screen.expect("37 7", true, 60);
    screen.type("printf '\\033]0;evil\\007\\033[2J\\033]52;c;YQ==\\007bad'; echo do''ne\r");
    screen.expect("done", true, 60);
    screen.type("yes flood\r");
    screen.expect("flood", true, 60);
    screen.type("\x1d");
    screen.type("t");
    screen.expect("Contents");
    screen.type("q");
    screen.expect("Contents", false);
    screen.type("y");
    screen.expect("y copies");
    screen.type("q");
    screen.type("\x1d");
    screen.type("q");
    CHECK(screen.wait() == 0);
}
