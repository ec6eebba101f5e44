// Every view of the real program at four sizes, in a terminal whose screen libvterm reads, against the screens in
// testdata/: FERRULE_GOLDEN=update writes them anew, git diff shows what has changed. No image is needed; what a guest
// says is different each time, see workbench_test.cpp.
#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "cli/ring_checkout.hpp"
#include "lessons/workbench/program_screen.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using workbench::ProgramScreen;

namespace {

constexpr const char* kLesson = R"(# Who frees it?

A *driver* that forgets `kfree()`, and what **nobody** points to any more. 漢字 and é stay whole.

| call | gives |
|---|---|
| `kmalloc` | memory, or NULL |
| `memdup_user` | memory, or an `ERR_PTR` |

```c
ring = kmalloc(size, GFP_KERNEL);   /* who frees it? */
if (!ring)
        return -ENOMEM;
```

- first, [the other lesson](../../locks/order/lesson.md)
- then the exercise

```diff
-	return -EINVAL;
+	goto free_ring;
```
)";

// A checkout with a course of two lessons.
struct Root {
    Result<TempDir> folder = TempDir::make();

    Root() {
        REQUIRE(folder);
        cli::put_ring_checkout(folder->path());
        put("course.toml",
            "format_version = 1\n[[part]]\nid = \"ownership\"\ntitle = \"Ownership\"\nlessons = [\"leaks\"]\n"
            "[[part]]\nid = \"locks\"\ntitle = \"Locks\"\nlessons = [\"order\"]\n");
        put("ownership/leaks/lesson.md", kLesson);
        put("locks/order/lesson.md", "# Which lock first?\n\nAlways the same one.\n");
        put("ownership/leaks/ring/c/starter/ring.c", "/* starter */\nint ring;\n");
    }
    void put(const std::string& name, const std::string& text) const {
        cli::put_file(folder->path() / "lessons/course" / name, text);
    }
};

// Once the words are there and nothing more comes.
std::string settled(ProgramScreen& screen, const std::string& words) {
    screen.expect(words);
    std::string before;
    for (int i = 0; i < 50 && before != screen.text(); ++i) {
        before = screen.text();
        screen.serve_for(0.25);
    }
    return before;
}

std::string every_view(const Root& root, int rows, int columns) {
    const auto home = TempDir::make();
    REQUIRE(home);
    workbench::ScreenOptions options;
    options.rows = rows;
    options.columns = columns;
    options.environment = {{"FERRULE_ROOT", root.folder->path().string()}};
    ProgramScreen screen(FERRULE_PROGRAM, home->path(), options);
    std::string all;
    struct Step {
        const char *name, *keys, *words;
    };
    for (const Step& step : {Step{"lesson", "", "1 of 2"},
                             {"end of the lesson", "G", "goto free_ring"},
                             {"link", "go", "no kernel yet"},
                             {"search", "\x1b|/kmalloc\r", "/kmalloc 1 of 2"},
                             {"contents", "\x1b|t", "Contents"},
                             {"another lesson", "j\r", "Always the same one"},
                             {"back", "\x7f", "Who frees it?"},
                             {"help", "?", "Keys"},
                             {"exercises", "qx", "Exercises"},
                             {"verdict", "qv", "A ring"},
                             {"nothing to grade with", "r", "the kernel is not built yet"},
                             {"solution refused", "s", "not passed yet"},
                             {"other language", "l", "in Rust"},
                             {"editor", "le", "/* starter */"},
                             {"insert", "osaved", "saved"},
                             {"saved before there is a kernel", "\x1b|:w\r", "it is graded when"},
                             {"left", "\x1d", "Tab goes back in"},
                             {"wide", "w", "Who frees it?"}}) {
        // A bar: a pause. Escape is a key of its own only when nothing follows at once.
        std::string keys;
        for (const char c : std::string(step.keys)) {
            if (c != '|') {
                keys += c;
                continue;
            }
            screen.type(std::exchange(keys, {}));
            screen.serve_for(0.3);
        }
        screen.type(keys);
        all += fmt::format("=== {}\n{}", step.name, settled(screen, step.words));
    }
    screen.resize(rows + 1, columns + 1);
    settled(screen, "Who frees it?");
    screen.resize(rows, columns);
    all += "=== after two new sizes\n" + settled(screen, "Who frees it?");
    screen.type("q");
    CHECK(screen.wait() == 0);
    return all;
}

}  // namespace

TEST_CASE("screens: every view of the real program at every size") {
    const Root root;
    const char* wanted = std::getenv("FERRULE_GOLDEN");
    for (const auto& size : {std::pair{24, 80}, {40, 120}, {60, 200}, {20, 60}}) {
        const std::string got = every_view(root, size.first, size.second);
        const fs::path file =
            fs::path(FERRULE_SOURCE_ROOT) / fmt::format("cli/testdata/{}x{}.txt", size.second, size.first);
        if (wanted && std::string(wanted) == "update") REQUIRE(write_file(file, got));
        const auto expected = read_file(file);
        REQUIRE(expected);
        INFO(file);
        CHECK(got == *expected);
    }
}
