#include "lessons/reader/lesson_checks.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kLesson =
    "# Leaks\n\nSee [locks](../../ownership/locks/lesson.md) and `include/linux/slab.h`.\n\n"
    "```sh\nferrule start ring\n```\n";

struct Folder {
    Result<TempDir> dir = TempDir::make();
    Folder() {
        put("course.toml",
            "format_version = 1\n[[part]]\nid = \"ownership\"\ntitle = \"x\"\nlessons = [\"leaks\", \"locks\"]\n");
        put("ids.txt", "# for ever\nring\n");
        put("ownership/leaks/lesson.md", kLesson);
        put("ownership/locks/lesson.md", "# Locks\n\n## Which lock first?\n");
        const std::string at = "ownership/leaks/ring/";
        put(at + "exercise.toml",
            "format = 1\nid = \"ring\"\ntitle = \"A ring\"\nlanguages = [\"c\"]\nminutes = 5\nmodule = \"ring\"\n"
            "[[scenario]]\nname = \"load\"\nsteps = [{ load = \"\" }]\n");
        put(at + "c/starter/ring.c", "");
        put(at + "c/solution/ring.c", "");
        put("kernel/include/linux/slab.h", "");
    }
    void put(const std::string& name, const std::string& text) {
        const fs::path root = name.starts_with("kernel/") ? dir->path() : dir->path() / "course";
        REQUIRE(make_directories((root / name).parent_path()));
        REQUIRE(write_file(root / name, text));
    }
    std::vector<std::string> lesson(const std::string& text) {
        const auto catalogue = load_catalogue(dir->path() / "course");
        REQUIRE(catalogue);
        return lesson_problems(*catalogue, catalogue->parts[0].lessons[0], text, dir->path() / "kernel");
    }
    std::vector<std::string> course() {
        const auto catalogue = load_catalogue(dir->path() / "course");
        REQUIRE(catalogue);
        return course_problems(*catalogue, catalogue->courses[0]);
    }
};

}  // namespace

TEST_CASE("a lesson in order has no problem") {
    Folder folder;
    CHECK(folder.lesson(kLesson).empty());
    CHECK(folder.course().empty());
}

TEST_CASE("what is wrong in a lesson is said with its line") {
    Folder folder;
    struct Case {
        std::string added, line, words;
    };
    const Case cases[] = {
        {"# Again\n", "9", "second title"},
        {"```\nx\n```\n", "9", "no language"},
        {"```python\nx\n```\n", "9", "\"python\""},
        {"```sh complete\nx\n```\n", "9", "not c or rust"},
        {"[a](../nowhere/lesson.md)\n", "9", "../nowhere/lesson.md"},
        {"[a](ftp://x.example)\n", "9", "ftp://x.example"},
        {"[a](#nothing)\n", "9", "#nothing"},
        {"[a](../locks/lesson.md#nothing)\n", "9", "heading of ownership/locks"},
        {"Text\nand `include/linux/slub.h`.\n", "10", "include/linux/slub.h"},
        {"```sh\nferrule grade rnig\n```\n", "10", "ferrule grade rnig"},
    };
    for (const Case& one : cases) {
        const auto problems = folder.lesson(std::string(kLesson) + "\n" + one.added);
        INFO(one.added);
        REQUIRE(problems.size() == 1);
        CHECK_THAT(problems[0], Contains("leaks/lesson.md:" + one.line + ": ") && Contains(one.words));
    }
    CHECK(folder.lesson(std::string(kLesson) + "[a](#leaks) [b](../locks/lesson.md#which-lock-first)\n").empty());
    CHECK(
        folder.lesson(std::string(kLesson) + "\n```c\n/* TODO: in a starter */\n```\n`ferrule grade --raw`\n").empty());
    CHECK_THAT(folder.lesson(std::string(kLesson) + "\nTODO: more\n").at(0), Contains(":9: found TODO"));
    CHECK_THAT(folder.lesson("# Leaks\n").at(0), Contains("no word of the exercise ring"));
    CHECK_THAT(folder.lesson("## Leaks\n`ferrule start ring`\n").at(0),
               Contains(":1: found a section before the title"));
}

TEST_CASE("a course's stray files and lost ids are found") {
    Folder folder;
    folder.put("ownership/notes.txt", "");
    folder.put("ownership/forgotten/lesson.md", "# Forgotten\n");
    folder.put("ids.txt", "ring\nring\nslots\n");
    const auto problems = folder.course();
    REQUIRE(problems.size() == 4);
    CHECK_THAT(problems[0], Contains("ids.txt:2: found \"ring\" twice"));
    CHECK_THAT(problems[1], Contains("ids.txt:3: found \"slots\", and no exercise"));
    CHECK_THAT(problems[2], Contains("ownership/forgotten:1"));
    CHECK_THAT(problems[3], Contains("ownership/notes.txt:1"));
    folder.put("ids.txt", "");
    CHECK_THAT(folder.course().at(0), Contains("found no \"ring\""));
}

TEST_CASE("complete blocks are modules with a name and a place") {
    const auto blocks = complete_blocks(
        "# T\n\n```c\nint half;\n```\n```c complete\nint whole;\n```\n\n```rust complete\nmodule! {\n    type: X,\n    "
        "name: "
        "\"greeter\",\n}\n```\n");
    REQUIRE(blocks.size() == 2);
    CHECK(blocks[0].line == 7);
    CHECK(blocks[0].sources.module == "example");
    CHECK(blocks[0].sources.files.at(0).name == "example.c");
    CHECK(blocks[1].line == 11);
    CHECK(blocks[1].sources.language == build::Language::rust);
    CHECK(blocks[1].sources.files.at(0).name == "greeter.rs");
}

TEST_CASE("a complete block that does not build is a problem at its line", "[image]") {
    const auto image = image::find("mem");
    REQUIRE(image);
    Lesson lesson;
    lesson.text = "lesson.md";
    const std::string good =
        "# T\n\n```c complete\n#include "
        "<linux/module.h>\n\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n```\n";
    const auto none = build_problems(lesson, good, *image);
    REQUIRE(none);
    CHECK(none->empty());
    const auto some =
        build_problems(lesson, good + "\n```c complete\n#include <linux/module.h>\nint x = y;\n```\n", *image);
    REQUIRE(some);
    REQUIRE_FALSE(some->empty());
    CHECK_THAT(some->at(0), Contains("lesson.md:12: ") && Contains("error"));
}
