// What touches the world outside: the editor's pty, the watch over files, what is read of the course.
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "lessons/workbench/course.hpp"
#include "lessons/workbench/pty_child.hpp"
#include "lessons/workbench/update.hpp"
#include "lessons/workbench/watch.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::workbench;

namespace {

std::string read_until(PtyChild& child, const std::string& words) {
    std::string seen;
    for (int i = 0; i < 500 && seen.find(words) == std::string::npos; ++i) {
        const auto some = child.read(4096);
        if (!some) break;
        seen += *some;
        if (some->empty()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return seen;
}

bool ended(PtyChild& child) {
    for (int i = 0; i < 500 && child.running(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return !child.running();
}

}  // namespace

TEST_CASE("a program has a terminal of its own, with a size, and ends with it") {
    auto child = PtyChild::start({"/bin/sh", "-c", "stty size; echo $WORD; pwd; read x; stty size; exit 3"}, "/tmp",
                                 {{"WORD", "passed on"}}, 12, 34);
    REQUIRE(child);
    const std::string seen = read_until(*child, "/tmp");
    CHECK(seen.find("12 34") != std::string::npos);
    CHECK(seen.find("passed on") != std::string::npos);
    child->resize(20, 40);
    CHECK(child->write("\n") == 1);
    CHECK(read_until(*child, "20 40").find("20 40") != std::string::npos);
    CHECK(ended(*child));
    CHECK(WEXITSTATUS(child->status()) == 3);

    const auto dir = TempDir::make();
    REQUIRE(dir);
    const fs::path mark = dir->path() / "hung-up";
    {
        auto stubborn = PtyChild::start(
            {"/bin/sh", "-c", "trap 'echo x > " + mark.string() + "; exit' HUP; echo up; while :; do sleep 0.1; done"}, "",
            {}, 5, 20);
        REQUIRE(stubborn);
        read_until(*stubborn, "up");
    }
    CHECK(fs::exists(mark));
    CHECK_FALSE(PtyChild::start({"/no/such/program"}, "", {}, 5, 20));
    CHECK_FALSE(PtyChild::start({"/bin/true"}, "/no/such/folder", {}, 5, 20));
}

TEST_CASE("a save in place and a save by rename are seen, swap files and backups are not") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    Watch watch;
    watch.follow(dir->path());
    CHECK_FALSE(watch.saved());
    REQUIRE(write_file(dir->path() / "ring.c", "1"));  // by rename
    CHECK(watch.saved());
    CHECK_FALSE(watch.saved());
    std::ofstream(dir->path() / "ring.c") << "2";
    CHECK(watch.saved());
    std::ofstream(dir->path() / ".ring.c.swp") << "x";
    std::ofstream(dir->path() / "ring.c~") << "x";
    std::ofstream(dir->path() / "4913") << "x";
    CHECK_FALSE(watch.saved());
    const auto other = TempDir::make();
    REQUIRE(other);
    watch.follow(other->path());
    std::ofstream(dir->path() / "ring.c") << "3";
    CHECK_FALSE(watch.saved());
    std::ofstream(other->path() / "order.rs") << "3";
    CHECK(watch.saved());
}

TEST_CASE("where one stopped is found again, in another width too") {
    State state;
    for (const char* id : {"a/one", "b/two"}) {
        LessonEntry lesson{id, "Part", id, "", 3, {}};
        for (int i = 0; i < 100; ++i) lesson.text += "Words enough for more than one line at eighty columns, " +
                                                     std::string("so that the width decides how many lines.\n\n");
        lesson.exercises.push_back({std::string(id).substr(2), "t", 5, {"c", "rust"}, {}});
        state.course.push_back(lesson);
    }
    State later = state;
    state.lesson = 1;
    state.exercise = "two";
    state.language = "rust";
    update(state, Resized{24, 80});
    state.page.top = static_cast<int>(state.page.lines.size()) / 2;
    restore_place(later, place_note(state));
    update(later, Resized{40, 60});
    CHECK(later.lesson == 1);
    CHECK(later.exercise == "two");
    CHECK(later.language == "rust");
    CHECK(std::abs(later.page.top - static_cast<int>(later.page.lines.size()) / 2) < 5);
    for (const char* note : {"", "no/lesson 3 x c", "b/two", "b/two x y z", "b/two 99999999 gone c"}) {
        State other = state;
        restore_place(other, note);
        update(other, Resized{24, 80});
        CHECK(other.lesson == 1);
    }
}
