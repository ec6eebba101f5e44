#include "lessons/reader/workspace.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using grader::Language;

namespace {

// An exercise with a starter in C, in a folder of its own.
struct Course {
    Course() {
        exercise.id = "ring";
        exercise.languages = {Language::c};
        exercise.folder = dir->path() / "course" / "ring";
        REQUIRE(make_directories(exercise.starter(Language::c)));
        REQUIRE(write_file(exercise.starter(Language::c) / "ring.c", "starter\n"));
    }
    Result<TempDir> dir = TempDir::make();
    grader::Exercise exercise;
    Workspace workspace{dir->path() / "work"};
};

}  // namespace

TEST_CASE("start puts the starter there once and keeps work") {
    Course course;
    CHECK_FALSE(course.workspace.started(course.exercise, Language::c));
    const auto first = course.workspace.start(course.exercise, Language::c);
    REQUIRE(first);
    CHECK_FALSE(first->kept);
    CHECK(read_file(first->folder / "ring.c") == "starter\n");

    REQUIRE(write_file(first->folder / "ring.c", "work\n"));
    const auto second = course.workspace.start(course.exercise, Language::c);
    REQUIRE(second);
    CHECK(second->kept);
    CHECK(read_file(first->folder / "ring.c") == "work\n");
    CHECK(course.workspace.started_languages(course.exercise) == std::vector<Language>{Language::c});
}

TEST_CASE("a language the exercise does not have is an error") {
    Course course;
    const auto started = course.workspace.start(course.exercise, Language::rust);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == "no-language");
}

TEST_CASE("reset keeps every copy of the work under a number") {
    Course course;
    for (int round = 1; round <= 2; ++round) {
        const auto started = course.workspace.start(course.exercise, Language::c);
        REQUIRE(started);
        REQUIRE(write_file(started->folder / "ring.c", "work " + std::to_string(round)));
        const auto reset = course.workspace.reset(course.exercise, Language::c);
        REQUIRE(reset);
        CHECK(reset->kept.filename() == "c-" + std::to_string(round));
        CHECK(read_file(reset->kept / "ring.c") == "work " + std::to_string(round));
        CHECK(read_file(reset->folder / "ring.c") == "starter\n");
    }
}

TEST_CASE("reset without work only starts") {
    Course course;
    const auto reset = course.workspace.reset(course.exercise, Language::c);
    REQUIRE(reset);
    CHECK(reset->kept.empty());
    CHECK(fs::exists(reset->folder / "ring.c"));
}

TEST_CASE("the language is told by the files") {
    Course course;
    const fs::path folder = course.dir->path() / "sub";
    REQUIRE(make_directories(folder));
    CHECK_FALSE(language_of(folder));
    CHECK_FALSE(language_of(folder / "absent"));
    REQUIRE(write_file(folder / "a.rs", ""));
    CHECK(language_of(folder) == Language::rust);
    CHECK(language_of(folder / "a.rs") == Language::rust);
    REQUIRE(write_file(folder / "b.c", ""));
    CHECK_FALSE(language_of(folder));
    CHECK(language_of(folder / "b.c") == Language::c);
}
