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
    folder.put("ownership/leaks/ring/c/starter/ring.c", "int x; /* TODO */\n");
    CHECK(folder.lesson(std::string(kLesson) + "\n```c\nint x; /* TODO: in a starter */\n```\n`ferrule grade --raw`\n")
              .empty());
    CHECK_THAT(folder.lesson(std::string(kLesson) + "\nTODO: more\n").at(0), Contains(":9: found TODO"));
    CHECK_THAT(folder.lesson("# Leaks\n").at(0), Contains("no word of the exercise ring"));
    CHECK_THAT(folder.lesson("## Leaks\n`ferrule start ring`\n").at(0),
               Contains(":1: found a section before the title"));
}

TEST_CASE("code in a lesson is an excerpt of what is compiled") {
    Folder folder;
    const auto problems = [&](const std::string& code) { return folder.lesson(kLesson + ("\n" + code)); };
    const std::string block = "```c\nring_init(ring);\n…\nreturn 0; /* done */\n```\n";
    REQUIRE(problems(block).size() == 1);
    CHECK_THAT(problems(block)[0], Contains("leaks/lesson.md:9: found code that nothing compiles"));
    folder.put("ownership/leaks/ring/c/solution/ring.c",
               "void f(void)\n{\n\tring_init(ring);\n\tg();\n\treturn 0;\n}\n");
    CHECK(problems(block).empty());
    CHECK(problems("```rust\nring_init(ring);\n```\n").size() == 1);

    const std::string other = "```rust\nlet a = b;\n```\n";
    CHECK(problems(other).size() == 1);
    folder.put("ownership/leaks/examples/x.rs", "fn c() { let a = b; }\n");
    CHECK(problems(other).empty());
    CHECK(folder.course().empty());

    // The kernel's, when the lesson says where it is from.
    folder.put("kernel/include/linux/slab.h", "#define kfree_it(p) kfree(p)\n");
    folder.put("kernel/rust/kernel/sync/arc.rs", "let d = e;\n");
    CHECK(problems("```c\n#define kfree_it(p) \\\n\tkfree(p)\n```\n").empty());
    CHECK(problems("```rust\nlet d = e;\n```\n").size() == 1);
    CHECK(problems("In `rust/kernel/sync/`:\n\n```rust\nlet d = e;\n```\n").empty());
    // A whole module is built itself.
    CHECK(problems("```c complete\nint y;\n```\n").empty());
}

TEST_CASE("a lesson's examples are modules, and one may be there to be refused") {
    Folder folder;
    folder.put("ownership/leaks/examples/first.c", "int x;\n");
    folder.put("ownership/leaks/examples/second.rs", "// refused: E0382\nmodule! { type: X, name: \"moved\", }\n");
    folder.put("ownership/leaks/examples/notes.txt", "");
    const auto catalogue = load_catalogue(folder.dir->path() / "course");
    REQUIRE(catalogue);
    const auto all = examples(catalogue->parts[0].lessons[0]);
    REQUIRE(all.size() == 2);
    CHECK(all[0].sources.module == "first");
    CHECK(all[0].refused.empty());
    CHECK(all[1].sources.files.at(0).name == "moved.rs");
    CHECK(all[1].refused == "E0382");
    CHECK_THAT(folder.course().at(0), Contains("notes.txt:1: found what nobody reads"));
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
        Lesson(),
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

TEST_CASE("an example that is not what it says is a problem", "[image]") {
    const auto image = image::find("mem");
    REQUIRE(image);
    Folder folder;
    const auto problems = [&](const std::string& code) {
        folder.put("ownership/leaks/examples/example.c", code);
        const auto catalogue = load_catalogue(folder.dir->path() / "course");
        REQUIRE(catalogue);
        const auto built = build_problems(catalogue->parts[0].lessons[0], "# T\n", *image);
        REQUIRE(built);
        return *built;
    };
    const std::string rest = "#include <linux/module.h>\nMODULE_DESCRIPTION(\"x\");\nMODULE_LICENSE(\"GPL\");\n";
    CHECK(problems(rest + "static int nobody_uses(void) { return 0; }\n").empty());
    CHECK_THAT(problems(rest + "int x = y;\n").at(0), Contains("example.c:4: ") && Contains("error"));
    CHECK(problems("// refused: undeclared\n" + rest + "int x = y;\n").empty());
    CHECK_THAT(problems("// refused: undeclared\n" + rest).at(0), Contains("found no error with \"undeclared\""));
}
