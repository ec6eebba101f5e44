// The real program in a terminal (a pty whose screen libvterm reads): the lesson, an editor and the guest's shell
// inside, and that it comes back where it was left.
#include <random>
#include <regex>
#include <set>

#include "lessons/reader/progress_store.hpp"
#include "lessons/workbench/program_screen.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"

using namespace ferrule;
using namespace ferrule::workbench;
using Catch::Matchers::Contains;

namespace {

class Screen : public ProgramScreen {
public:
    explicit Screen(const fs::path& home, const ScreenOptions& options = {})
        : ProgramScreen(FERRULE_PROGRAM, home, options) {}
};

std::vector<std::string> at_keeper() { return {"learn", "keeper"}; }

fs::path solution() {
    return fs::path(FERRULE_SOURCE_ROOT) / "lessons/course/ownership/leaks/keeper/c/solution/keeper.c";
}

// What the "select graphic rendition" sequences in these bytes ask for, each number once.
std::set<std::string> graphics_in(const std::string& bytes) {
    std::set<std::string> out;
    for (size_t at = 0; (at = bytes.find("\x1b[", at)) != std::string::npos;) {
        at += 2;
        const size_t end = bytes.find_first_not_of("0123456789;:", at);
        if (end == std::string::npos || bytes[end] != 'm') continue;
        const std::string all = bytes.substr(at, end - at) + ";";
        // "38;5;N": a colour of the 256, by its number.
        if (all.starts_with("38;5;") || all.starts_with("48;5;")) {
            out.insert(all);
            continue;
        }
        for (size_t from = 0; from < all.size();) {
            const size_t to = all.find(';', from);
            out.insert(all.substr(from, to - from));
            from = to + 1;
        }
    }
    return out;
}

bool any_of_range(const std::set<std::string>& graphics, int from, int to) {
    for (int i = from; i <= to; ++i)
        if (graphics.contains(std::to_string(i))) return true;
    return false;
}

}  // namespace

TEST_CASE("workbench: colours as the terminal has them, none with NO_COLOR, and the same words in all") {
    const auto home = TempDir::make();
    REQUIRE(home);
    const std::string terminals = (home->path() / "terminfo").string();
    REQUIRE(
        write_file(home->path() / "16.ti", "ferrule-16|16 colours,\n\tcolors#16, pairs#256, use=xterm-256color,\n"));
    const auto made = run({.argv = {"tic", "-x", "-o", terminals, (home->path() / "16.ti").string()}});
    REQUIRE((made && made->exit_code == 0));
    std::string words;
    struct Terminal {
        const char* name;
        bool no_color;
        int colours;
    };
    for (const auto& [name, no_color, colours] : {Terminal{"xterm-256color", false, 256},
                                                  {"ferrule-16", false, 16},
                                                  {"linux", false, 8},
                                                  {"vt100", false, 0},
                                                  {"xterm-256color", true, 0}}) {
        const auto own = TempDir::make();
        REQUIRE(own);
        std::string bytes;
        ScreenOptions options;
        options.environment = {{"TERM", name},
                               {"TERMINFO_DIRS", terminals + ":/etc/terminfo:/lib/terminfo:/usr/share/terminfo"}};
        options.arguments = at_keeper();
        if (no_color) options.environment.emplace_back("NO_COLOR", "1");
        options.on_output = [&](std::string_view more) { bytes += more; };
        Screen screen(own->path(), options);
        screen.expect("Leaks: who frees this?");
        screen.type("/kfree(\r");  // to where there is code
        screen.expect("/kfree( 1 of");
        screen.serve_for(0.3);
        INFO(name);
        if (words.empty()) words = screen.text();
        CHECK(screen.text() == words);
        const auto graphics = graphics_in(bytes);
        for (const std::string& one : graphics) UNSCOPED_INFO(one);
        const bool coloured = any_of_range(graphics, 30, 37) || any_of_range(graphics, 90, 97);
        CHECK(coloured == (colours > 0));
        // What is behind the text is the terminal's own, whether that is dark or light.
        CHECK_FALSE((any_of_range(graphics, 40, 47) || any_of_range(graphics, 100, 107)));
        for (const std::string& one : graphics) CHECK_FALSE(one.starts_with("48;5;"));
        if (colours < 256)
            for (const std::string& one : graphics) CHECK_FALSE(one.starts_with("38;5;"));
    }
}

TEST_CASE("workbench: a lesson is read, searched, left, and found again where it was") {
    const auto home = TempDir::make();
    REQUIRE(home);
    {
        Screen screen(home->path());
        screen.expect("Your first module");
        screen.expect("no kernel yet");
        screen.type("t");
        screen.expect("Contents");
        screen.type("j\r");
        screen.expect("2 of ");
        screen.type("/lockdep\r");
        screen.expect("/lockdep 1 of");
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
    again.expect("2 of ");
    again.type("\x03");
    CHECK(again.wait() == 0);
}

TEST_CASE("workbench: killed in the middle, nothing is lost") {
    const auto home = TempDir::make();
    REQUIRE(home);
    for (int i = 0; i < 3; ++i) {
        Screen screen(home->path());
        screen.expect(std::to_string(i + 1) + " of ");
        screen.type("g]");
        screen.expect(std::to_string(i + 2) + " of ");
        screen.kill();
        screen.wait();
    }
    Screen screen(home->path());
    screen.expect("4 of ");
}

TEST_CASE("workbench: killed at any moment, one comes back to where one was or was going") {
    const auto home = TempDir::make();
    REQUIRE(home);
    std::mt19937 random(Catch::rngSeed());
    INFO("--rng-seed " << Catch::rngSeed());
    int before = 1, after = 1;
    for (int i = 0; i < 8; ++i) {
        Screen screen(home->path());
        screen.expect(" of ");
        std::smatch place;
        const std::string text = screen.text();
        REQUIRE(std::regex_search(text, place, std::regex("([0-9]+) of [0-9]+")));
        const int here = std::stoi(place[1]);
        INFO("lesson " << here << " after " << before << " and " << after);
        CHECK((here == before || here == after));
        before = here;
        after = here + 1;
        // Its way to the next lesson takes a few milliseconds.
        screen.serve_for(std::uniform_real_distribution(0.0, 0.1)(random));
        screen.type("g]");
        screen.serve_for(std::uniform_real_distribution(0.0, 0.02)(random));
        screen.kill();
        screen.wait();
    }
}

namespace {

// `write`: keys that put a line "// by me" on top, then those that save. `leave`: out of the editor.
void edit_in(const std::string& editor, const std::string& write, const std::string& save, const std::string& leave) {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path(), {.editor = editor, .arguments = at_keeper()});
    screen.expect("no kernel yet");
    screen.type("e");
    screen.expect("SPDX-License-Identifier");
    screen.expect("Ctrl-] leaves");
    screen.type_with_pauses(write);
    screen.expect("// by me");
    screen.resize(50, 200);
    screen.expect("// by me");
    screen.resize(24, 80);
    screen.expect("// by me");
    screen.serve_for(0.5);  // nano drops what is typed while it finds its new size
    screen.type_with_pauses(save);
    screen.expect("saved; it is graded when the kernel is built");
    CHECK_THAT(*read_file(home->path() / "work" / "keeper" / "c" / "keeper.c"), Contains("// by me\n"));
    screen.type("\x1d");  // Ctrl-]
    screen.expect("? help");
    screen.type("\t");
    screen.expect("Ctrl-] leaves");
    screen.type(leave);
    screen.expect("? help");
    screen.type("q");
    CHECK(screen.wait() == 0);
}

}  // namespace

TEST_CASE("workbench: vim writes the exercise, inside, and at any size") {
    edit_in("vim -u NONE -N", "ggO// by me\x1b|", ":w\r", ":q\r");
}

TEST_CASE("workbench: nano writes the exercise, inside, and at any size") {
    edit_in("nano --ignorercfiles", "\x1b\\|// by me\r", "\x0f|\r", "\x18");
}

// Debian 12 has no helix: FERRULE_HELIX is the command of one (ferrule_cli_test "[.helix]").
TEST_CASE("workbench: helix writes the exercise, inside, and at any size", "[.helix]") {
    const char* helix = std::getenv("FERRULE_HELIX");
    REQUIRE(helix);
    edit_in(helix, "gg|O// by me|\x1b|", ":w\r", ":q\r");
}

TEST_CASE("workbench: an editor that is not there is named") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path(), {.editor = "no-such-editor", .arguments = at_keeper()});
    screen.expect("no kernel yet");
    screen.type("e");
    screen.expect("the editor ended: ");
    screen.expect("no-such-editor");
}

TEST_CASE("workbench: saving grades, Enter leads to the line, a hint answers, and the solution comes last", "[image]") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Screen screen(home->path(), {.cache = cache_dir().parent_path().string(), .arguments = at_keeper()});
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
    Screen screen(home->path(), {.cache = cache_dir().parent_path().string(), .arguments = at_keeper()});
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
