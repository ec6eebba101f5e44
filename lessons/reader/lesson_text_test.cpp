#include "lessons/reader/lesson_text.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::reader;

TEST_CASE("a lesson's headings, blocks, links and code, with their lines") {
    const LessonText lesson = read_lesson(
        "# Leaks: who *frees* `this`?\n"  // 1
        "\n"
        "See [locks](../../locks/x/lesson.md)\n"  // 3
        "and `kfree` in\n"
        "**the [web](https://x.example/)**.\n"  // 5
        "\n"
        "```c complete\n"
        "int x;\n"  // 8
        "```\n"
        "\n"
        "- one\n"
        "- in `include/linux/slab.h`\n"  // 12
        "\n"
        "```\n"
        "a splat\n"  // 15
        "```\n"
        "\n"
        "## In C\n"
        "\n"
        "| a | b |\n|---|---|\n| `x` | y |\n");  // 22
    REQUIRE(lesson.headings.size() == 2);
    CHECK(lesson.headings[0].text == "Leaks: who frees this?");
    CHECK(lesson.headings[1].level == 2);
    CHECK(lesson.headings[1].line == 18);
    REQUIRE(lesson.links.size() == 2);
    CHECK(lesson.links[0].text == "../../locks/x/lesson.md");
    CHECK(lesson.links[0].line == 3);
    CHECK(lesson.links[1].line == 5);
    REQUIRE(lesson.blocks.size() == 2);
    CHECK(lesson.blocks[0].language == "c");
    CHECK(lesson.blocks[0].complete);
    CHECK(lesson.blocks[0].line == 8);
    CHECK(lesson.blocks[0].text == "int x;\n");
    CHECK(lesson.blocks[1].language.empty());
    CHECK_FALSE(lesson.blocks[1].complete);
    CHECK(lesson.blocks[1].line == 15);
    REQUIRE(lesson.code.size() == 4);
    CHECK(lesson.code[0].text == "this");
    CHECK(lesson.code[1].line == 4);
    CHECK(lesson.code[2].text == "include/linux/slab.h");
    CHECK(lesson.code[2].line == 12);
    CHECK(lesson.code[3].line == 22);
}

TEST_CASE("a heading's anchor is what GitHub makes of it") {
    CHECK(anchor_of("In C: guards") == "in-c-guards");
    CHECK(anchor_of("What `kfree` does, and not") == "what-kfree-does-and-not");
}
