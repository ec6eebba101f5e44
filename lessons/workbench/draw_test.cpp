// Every view at three sizes, as text (testdata/*.txt). FERRULE_GOLDEN=update writes them anew: read the difference.
#include "lessons/workbench/draw.hpp"

#include <cstdlib>

#include "lessons/workbench/update.hpp"
#include "lessons/workbench/verdict_page.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::workbench;
using ferrule::reader::Line;

namespace {

State begun(int rows, int columns) {
    State state;
    LessonEntry leaks{"ownership/leaks", "Ownership", "Leaks: who frees this?", "", 9, {}};
    leaks.text =
        "# Leaks: who frees this?\n\nA driver that *forgets* to free loses memory **for ever**. Wide: 日本語, "
        "combining: e\u0301. See [locks](../../locks/unlock/lesson.md).\n\n"
        "| class | what it is |\n|---|---|\n| `memory-leak` | allocated, and pointed to by nobody |\n\n"
        "```c\n\tif (!p)\n\t\treturn -ENOMEM; /* why */\n```\n\n```console\nBUG: KASAN: use-after-free in "
        "ring_read+0x5a/0xc0 [ring]\n```\n\n";
    for (int i = 1; i < 40; ++i) leaks.text += "- point " + std::to_string(i) + "\n";
    leaks.exercises.push_back({"keeper", "A device that keeps messages", 30, {"c", "rust"}, {{"c", "tried 2x"}}});
    LessonEntry locks{"locks/unlock", "Locks", "Unlock on every path", "# Unlock\n", 7, {}};
    locks.exercises.push_back({"event-queue", "A queue", 25, {"c"}, {{"c", "passed"}}});
    state.course = {leaks, locks};
    state.exercise = "keeper";
    state.language = "c";
    state.image.ready = true;
    update(state, Resized{rows, columns});
    return state;
}

void failed(State& state) {
    update(state, Tick{100});
    update(state, Saved{"keeper", "c"});
    update(state, Tick{103.4});
    update(state, Graded{"fail",
                         styled_lines("\x1b[1;31mmemory-leak\x1b[0m: \x1b[1m96 bytes still allocated after "
                                      "unload\x1b[0m\n  \x1b[1;34m--> \x1b[0mkeeper.c:57 in keeper_put\n"
                                      " \x1b[1;31m>\x1b[0m \x1b[1;34m57 |\x1b[0m message = memdup_user(arg, 96);\n"),
                         {{1, "keeper.c", 57}}});
}

}  // namespace

TEST_CASE("every view, at every size", "[golden]") {
    const fs::path folder = fs::path(FERRULE_SOURCE_ROOT) / "lessons/workbench/testdata";
    const char* wanted = std::getenv("FERRULE_GOLDEN");
    for (const auto& size : {std::pair{24, 80}, {40, 120}, {60, 200}, {20, 60}}) {
        const int rows = size.first, columns = size.second;
        std::vector<std::pair<std::string, State>> views;
        const auto view = [&](const std::string& name) -> State& {
            return views.emplace_back(name, begun(rows, columns)).second;
        };
        view("lesson");
        update(view("contents"), Key{Key::character, U't'});
        update(view("help"), Key{Key::character, U'?'});
        update(view("exercises"), Key{Key::character, U'x'});
        failed(view("verdict"));
        {
            State& state = view("verdict-alone");
            failed(state);
            update(state, Key{Key::character, U'v'});
            update(state, Key{Key::character, U'n'});
        }
        {
            State& state = view("compared");
            std::vector<Line> lines;
            for (int i = 0; i < 70; ++i) lines.push_back({{"line " + std::to_string(i) + " of both languages", {}}});
            update(state, Compared{lines});
            update(state, Key{Key::character, U' '});
        }
        {
            State& state = view("grading");
            update(state, Tick{100});
            update(state, Saved{"keeper", "c"});
            update(state, Stage{"scenario 2 of 5: what is refused"});
            update(state, Tick{102});
        }
        {
            State& state = view("search");
            for (const char c : std::string("/point 1")) update(state, Key{Key::character, static_cast<char32_t>(c)});
            update(state, Key{Key::enter});
        }
        {
            State& state = view("link");
            update(state, Key{Key::character, U'o'});
        }
        {
            State& state = view("console");
            const Area area = pane_area(state);
            Surface shell(area.rows, area.columns);
            shell.put(0, 0, "~ # insmod keeper.ko", {});
            shell.cursor = Surface::Cursor{1, 4};
            update(state, PaneChanged{Tab::console, true, shell, 3});
            state.side_open = true;
            state.tab = Tab::console;
            state.focus = Focus::side;
        }
        {
            State& state = view("no-kernel");
            Image image;
            image.building = true;
            image.step = "kernel mem";
            image.fraction = 0.42;
            state.image = {};
            update(state, ImageChanged{image});
        }
        std::string got;
        for (const auto& [name, state] : views) {
            const Surface screen = draw(state);
            CHECK(screen.rows() == rows);
            CHECK(screen.columns() == columns);
            got += "=== " + name + "\n" + screen.text();
        }
        const fs::path file = folder / (std::to_string(columns) + "x" + std::to_string(rows) + ".txt");
        if (wanted && std::string(wanted) == "update") REQUIRE(write_file(file, got));
        const auto expected = read_file(file);
        REQUIRE(expected);
        CHECK(got == *expected);
    }
}

TEST_CASE("no size is too small to draw") {
    for (int rows = 0; rows < 8; ++rows)
        for (int columns = 0; columns < 30; columns += 3) {
            State state = begun(rows, columns);
            failed(state);
            for (const char key : {'t', '?', 'x', 'v'}) {
                update(state, Key{Key::character, static_cast<char32_t>(key)});
                CHECK(draw(state).rows() == rows);
                update(state, Key{Key::escape});
            }
        }
}
