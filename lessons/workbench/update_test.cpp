#include "lessons/workbench/update.hpp"

#include <algorithm>

#include "sandbox/base/catch.hpp"

using namespace ferrule::workbench;
using ferrule::reader::Line;

namespace {

LessonEntry lesson(const std::string& id, const std::string& exercise) {
    LessonEntry entry{id, "Part", "Lesson " + id, "# " + id + "\n\n", 5, {}};
    for (int i = 0; i < 60; ++i) entry.text += "Paragraph " + std::to_string(i) + ".\n\n";
    entry.text += "See [the other](../../b/two/lesson.md), or [the web](https://x.example/).\n";
    if (!exercise.empty()) entry.exercises.push_back({exercise, "Title", 20, {"c", "rust"}, {}});
    return entry;
}

State begun() {
    State state;
    state.course = {lesson("a/one", "ring"), lesson("b/two", "slots"), lesson("b/three", "")};
    state.exercise = "ring";
    state.language = "c";
    state.image.ready = true;
    update(state, Resized{24, 80});
    return state;
}

Key letter(char32_t c, bool ctrl = false) {
    Key key{Key::character, c};
    key.ctrl = ctrl;
    return key;
}

std::vector<Request> type(State& state, const std::string& keys) {
    std::vector<Request> all;
    for (const char c : keys) {
        const auto some = update(state, letter(static_cast<unsigned char>(c)));
        all.insert(all.end(), some.begin(), some.end());
    }
    return all;
}

bool asks(const std::vector<Request>& requests, Request::Kind kind) {
    return std::any_of(requests.begin(), requests.end(), [&](const Request& one) { return one.kind == kind; });
}

}  // namespace

TEST_CASE("a lesson scrolls by lines and screens, and not beyond its ends") {
    State state = begun();
    type(state, "k");
    CHECK(state.page.top == 0);
    type(state, "jj");
    CHECK(state.page.top == 2);
    type(state, " ");
    CHECK(state.page.top == 2 + 21);
    type(state, "G");
    const int end = state.page.top;
    CHECK(end == static_cast<int>(state.page.lines.size()) - 22);
    type(state, " j");
    CHECK(state.page.top == end);
    type(state, "g");
    CHECK(state.page.top == 0);
}

TEST_CASE("a new size keeps the place in the lesson") {
    State state = begun();
    type(state, "G");
    update(state, Resized{10, 200});
    CHECK(state.page.top > static_cast<int>(state.page.lines.size()) / 2);
    for (const auto& [rows, columns] : {std::pair{1, 1}, {0, 0}, {3, 10}, {60, 300}, {24, 80}}) {
        update(state, Resized{rows, columns});
        type(state, "jk ");
    }
}

TEST_CASE("search finds, goes on around, and is given up") {
    State state = begun();
    type(state, "/");
    CHECK(state.search.typing);
    type(state, "graph 5");
    update(state, Key{Key::backspace});
    type(state, "5");
    update(state, Key{Key::enter});
    CHECK_FALSE(state.search.typing);
    REQUIRE(state.search.hits.size() == 11);  // 5 and 50 to 59
    const int first = state.page.top;
    type(state, "n");
    CHECK(state.search.at == 1);
    type(state, "N");
    type(state, "N");
    CHECK(state.search.at == 10);
    CHECK(state.page.top > first);
    update(state, Key{Key::escape});
    CHECK(state.search.hits.empty());
    type(state, "/nowhere");
    update(state, Key{Key::enter});
    CHECK(state.notice == "\"nowhere\" is not in this lesson");
}

TEST_CASE("links are followed, and the way back and forward is kept") {
    State state = begun();
    type(state, "Go");
    REQUIRE(state.link);
    update(state, Key{Key::enter});
    CHECK(state.lesson == 1);
    CHECK(state.exercise == "slots");
    update(state, Key{Key::left});
    CHECK(state.lesson == 0);
    CHECK(state.page.top > 0);
    update(state, Key{Key::right});
    CHECK(state.lesson == 1);
    type(state, "[Goo");
    update(state, Key{Key::enter});
    CHECK(state.lesson == 0);  // the second one leads out of the course
    CHECK(state.notice.find("https://x.example/") != std::string::npos);
}

TEST_CASE("lessons follow each other, and the contents open any") {
    State state = begun();
    CHECK(asks(type(state, "]"), Request::remember));
    CHECK(state.lesson == 1);
    type(state, "]]]");
    CHECK(state.lesson == 2);
    type(state, "tg");
    CHECK(state.choice == 0);
    update(state, Key{Key::enter});
    CHECK(state.lesson == 0);
    CHECK(state.overlay == Overlay::none);
}

TEST_CASE("saving grades, and so does r; a lesson without an exercise says so") {
    State state = begun();
    CHECK(asks(update(state, Saved{"ring", "c"}), Request::grade));
    CHECK(state.grading.running);
    CHECK(state.side_open);
    CHECK(update(state, Saved{"other", "c"}).empty());
    update(state, Stage{"building"});
    CHECK(state.grading.stage == "building");
    CHECK(asks(update(state, Key{Key::escape}), Request::cancel));
    update(state, Graded{"fail", {{{"memory-leak", {}}}, {{"  --> ", {}}}}, {{1, "ring.c", 7}}});
    CHECK_FALSE(state.grading.running);
    CHECK(state.tab == Tab::verdict);
    // From the finding to its line.
    type(state, "v");
    update(state, Key{Key::enter});
    state = begun();
    state.exercise.clear();
    CHECK(type(state, "r").empty());
    CHECK_FALSE(state.notice.empty());
}

TEST_CASE("Enter on a finding opens the editor at its line") {
    State state = begun();
    update(state, Graded{"fail", {{{"a", {}}}, {{"b", {}}}}, {{0, "ring.c", 7}, {1, "list.c", 9}}});
    type(state, "vnn");
    const auto requests = update(state, Key{Key::enter});
    REQUIRE(asks(requests, Request::edit));
    CHECK(requests.back().text == "list.c");
    CHECK(requests.back().number == 9);
    CHECK(state.tab == Tab::editor);
}

TEST_CASE("without a kernel nothing is graded, and B builds it") {
    State state = begun();
    state.image.ready = false;
    CHECK_FALSE(asks(type(state, "r"), Request::grade));
    CHECK_FALSE(asks(update(state, Saved{"ring", "c"}), Request::grade));
    CHECK(asks(type(state, "B"), Request::build_image));
    Image ready;
    ready.ready = true;
    CHECK(asks(update(state, ImageChanged{ready}), Request::grade));  // what was saved meanwhile
    CHECK_FALSE(asks(update(state, ImageChanged{ready}), Request::grade));
    CHECK(asks(type(state, "r"), Request::grade));
}

TEST_CASE("inside a program every key is its own but Ctrl-]") {
    State state = begun();
    update(state, PaneChanged{Tab::editor, true, Surface(21, 80), 0});
    state.side_open = true;
    state.tab = Tab::editor;
    state.focus = Focus::side;
    for (const Key& key : {letter('q'), letter('c', true), letter('?'), Key{Key::tab}, Key{Key::escape}}) {
        const auto requests = update(state, key);
        REQUIRE(requests.size() == 1);
        CHECK(requests[0].kind == Request::press);
        CHECK(requests[0].key == key);
    }
    update(state, letter(']', true));
    CHECK(state.focus == Focus::lesson);
    CHECK_FALSE(state.quitting);
    // A verdict that comes while one types takes nothing away.
    state.focus = Focus::side;
    update(state, Graded{"pass", {}, {}});
    CHECK(state.tab == Tab::editor);
    update(state, PaneChanged{Tab::editor, false, Surface(21, 80), 0});
    CHECK(state.focus == Focus::lesson);
}

TEST_CASE("lines of a program are marked and copied") {
    State state = begun();
    update(state, PaneChanged{Tab::console, true, Surface(20, 80), 100});
    state.side_open = true;
    state.tab = Tab::console;
    type(state, "y");
    REQUIRE(state.console.copying);
    CHECK(state.console.cursor == 119);
    update(state, Key{Key::page_up});
    CHECK(state.console.cursor == 100);
    type(state, "vkk");
    CHECK(state.console.back == 2);
    const auto requests = type(state, "y");
    REQUIRE(asks(requests, Request::copy));
    CHECK(requests[0].number == 98);
    CHECK(requests[0].number2 == 100);
    CHECK_FALSE(state.console.copying);
    CHECK(state.console.back == 0);
}

TEST_CASE("q leaves and remembers; no key at random is a trap") {
    State state = begun();
    const auto requests = type(state, "q");
    CHECK(asks(requests, Request::remember));
    CHECK(asks(requests, Request::quit));
    CHECK(state.quitting);
    state = begun();
    unsigned random = 1;
    for (int i = 0; i < 20'000; ++i) {
        random = random * 1664525 + 1013904223;
        Key key = letter(U' ' + (random >> 16) % 95, (random >> 8) % 7 == 0);
        if (random % 3 == 0) key = {static_cast<Key::Code>((random >> 20) % Key::paste)};
        update(state, key);
        if (random % 97 == 0) update(state, Resized{static_cast<int>(random >> 8) % 70, static_cast<int>(random >> 16) % 220});
        REQUIRE(state.lesson < state.course.size());
        REQUIRE(state.page.top >= 0);
    }
}

TEST_CASE("a click on a link follows it, one beside it does not") {
    State state = begun();
    type(state, "G");
    int row = -1, column = -1;
    for (int i = 0; i < state.rows - 2; ++i) {
        const size_t line = static_cast<size_t>(state.page.top) + static_cast<size_t>(i);
        if (line >= state.page.lines.size()) break;
        int at = 1;
        for (const auto& span : state.page.lines[line]) {
            if (row < 0 && !span.link.empty()) {
                row = i + 1;
                column = at;
            }
            at += static_cast<int>(span.text.size());
        }
    }
    REQUIRE(row > 0);
    Key click{Key::click};
    click.row = row;
    click.column = column - 1;
    update(state, click);
    CHECK(state.lesson == 0);
    click.column = column;
    update(state, click);
    CHECK(state.lesson == 1);
}

TEST_CASE("both languages: asked for with the screen's width, laid out anew for another, closed by any key") {
    State state = begun();
    const auto asked = type(state, "d");
    REQUIRE(asked.size() == 1);
    CHECK(asked[0].kind == Request::compare);
    CHECK(asked[0].number == 78);
    CHECK(state.overlay == Overlay::none);  // it may be refused
    update(state, Compared{std::vector<Line>(100)});
    CHECK(state.overlay == Overlay::compare);
    type(state, "  ");
    const int top = state.compared.top;
    CHECK(top > 0);
    const auto again = update(state, Resized{24, 120});
    CHECK(asks(again, Request::compare));
    update(state, Compared{std::vector<Line>(90)});
    CHECK(state.compared.top == top);
    type(state, "q");
    CHECK(state.overlay == Overlay::none);
    CHECK_FALSE(state.quitting);
}

TEST_CASE("the kernel is ready: what was saved before is graded, and no notice hides that") {
    State state = begun();
    state.image.ready = false;
    update(state, Saved{"ring", "c"});
    Image image;
    image.ready = true;
    CHECK(asks(update(state, ImageChanged{image}), Request::grade));
    CHECK(state.grading.running);
    CHECK(state.notice.find("ready") == std::string::npos);
}

TEST_CASE("a narrow screen: the lesson has its width again after a new size under the other side") {
    State state = begun();
    type(state, "v");
    REQUIRE(state.focus == Focus::side);
    update(state, Resized{24, 100});
    update(state, Key{Key::tab});
    CHECK(state.focus == Focus::lesson);
    CHECK(state.page.columns == 98);
}
