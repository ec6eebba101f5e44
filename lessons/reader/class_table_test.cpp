#include "lessons/reader/class_table.hpp"

#include "grader/class_lessons.hpp"
#include "grader/classes.hpp"
#include "lessons/reader/marked_section.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

TEST_CASE("the table of a course's classes counts what its mutants declare") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    const auto put = [&](const std::string& name, const std::string& text) {
        REQUIRE(make_directories((dir->path() / name).parent_path()));
        REQUIRE(write_file(dir->path() / name, text));
    };
    put("course.toml", "format_version = 1\n[[part]]\nid = \"p\"\ntitle = \"x\"\nlessons = [\"l\"]\n");
    put("p/l/lesson.md", "# L\n");
    put("p/l/ring/exercise.toml",
        "format = 1\nid = \"ring\"\ntitle = \"A ring\"\nlanguages = [\"c\"]\nminutes = 5\nmodule = \"ring\"\n"
        "[[scenario]]\nname = \"load\"\nsteps = [{ load = \"\" }]\n");
    put("p/l/ring/c/starter/ring.c", "");
    put("p/l/ring/c/solution/ring.c", "");
    for (const char* name : {"one", "two"}) {
        put(std::string("p/l/ring/c/mutants/") + name + "/mutant.toml", "class = \"oops\"\nnote = \"x\"\n");
        put(std::string("p/l/ring/c/mutants/") + name + "/ring.c", "int x; // FERRULE: here\n");
    }
    put("p/l/ring/c/mutants/three/mutant.toml", "class = \"memory-leak\"\nnote = \"x\"\n");
    put("p/l/ring/c/mutants/three/ring.c", "int x; // FERRULE: here\n");
    const auto catalogue = load_catalogue(dir->path());
    REQUIRE(catalogue);
    const auto table = class_table(*catalogue);
    REQUIRE(table);
    CHECK_THAT(*table, Contains("1 exercises, 0 of them in C and in Rust, with 3 mutants."));
    CHECK_THAT(*table, Contains("| p/l | ring | oops, memory-leak | – |\n"));
    CHECK_THAT(*table, Contains("| oops | 1 | 2 | 0 |\n"));
    CHECK_THAT(*table, Contains("| hang | 0 | 0 | 0 |\n"));
}

TEST_CASE("the lesson about each class is in the course") {
    const auto catalogue = load_catalogue(fs::path(FERRULE_SOURCE_ROOT) / "lessons" / "course");
    REQUIRE(catalogue);
    for (const std::string& one : grader::finding_classes()) {
        const std::string lesson(grader::lesson_about(one));
        INFO(one << ": " << lesson);
        CHECK((lesson.empty() || catalogue->find_lesson(lesson) != nullptr));
    }
}

// `ferrule check --classes lessons/README.md` writes it.
TEST_CASE("the table in lessons/README.md is the course's") {
    const fs::path root = FERRULE_SOURCE_ROOT;
    const auto catalogue = load_catalogue(root / "lessons" / "course");
    INFO((catalogue ? "" : catalogue.error().message));
    REQUIRE(catalogue);
    const auto written = read_section(root / "lessons" / "README.md", kClassSection);
    REQUIRE(written);
    CHECK(*written == *class_table(*catalogue));
}
