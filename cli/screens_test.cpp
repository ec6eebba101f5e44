// Every view of the real program at four sizes, in a terminal whose screen libvterm reads, against the screens in
// testdata/: FERRULE_GOLDEN=update writes them anew, git diff shows what has changed. The guest's shell has screens of
// its own, which need the image.
#include <fmt/format.h>

#include <cstdlib>
#include <regex>
#include <utility>

#include "cli/ring_checkout.hpp"
#include "lessons/workbench/program_screen.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using workbench::ProgramScreen;
using workbench::ScreenOptions;

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

struct View {
    const char *name, *keys, *words;
};

// Each after the other, and the screen once its words are there.
std::string views_of(ProgramScreen& screen, const std::vector<View>& views) {
    std::string all;
    for (const View& view : views) {
        screen.type_with_pauses(view.keys);
        all += fmt::format("=== {}\n{}", view.name, settled(screen, view.words));
    }
    return all;
}

std::string after_two_new_sizes(ProgramScreen& screen, int rows, int columns, const std::string& words) {
    screen.resize(rows + 1, columns + 1);
    settled(screen, words);
    screen.resize(rows, columns);
    return "=== after two new sizes\n" + settled(screen, words);
}

ScreenOptions options_for(const Root& root, int rows, int columns) {
    ScreenOptions options;
    options.rows = rows;
    options.columns = columns;
    options.environment = {{"FERRULE_ROOT", root.folder->path().string()}};
    return options;
}

std::string every_view(const Root& root, int rows, int columns) {
    const auto home = TempDir::make();
    REQUIRE(home);
    ProgramScreen screen(FERRULE_PROGRAM, home->path(), options_for(root, rows, columns));
    std::string all = views_of(screen, {{"lesson", "", "1 of 2"},
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
                                        {"wide", "w", "Who frees it?"}});
    all += after_two_new_sizes(screen, rows, columns, "Who frees it?");
    screen.type("q");
    CHECK(screen.wait() == 0);
    return all;
}

// The live guest: what it says is always the same, as long as nobody asks it for an address or a time.
std::string every_view_of_the_guest(const Root& root, int rows, int columns) {
    const auto home = TempDir::make();
    REQUIRE(home);
    ScreenOptions options = options_for(root, rows, columns);
    options.cache = cache_dir().parent_path().string();
    const auto module = read_file(fs::path(FERRULE_SOURCE_ROOT) / "cli/testdata/ring.c");
    REQUIRE(module);
    cli::put_file(home->path() / "work/ring/c/ring.c", *module);
    ProgramScreen screen(FERRULE_PROGRAM, home->path(), options);
    screen.expect("1 of 2");
    // The module is built first, and a clone restored.
    screen.type("c");
    screen.expect("insmod /run/ring.ko", true, 120);
    std::string all = views_of(
        screen,
        {{"shell", "", "~ #"},
         {"module loaded", "insmod /run/ring.ko && ls /sys/module/ring\r", "refcnt"},
         {"colours, wide and combining", "clear; printf '\\033[1;31mred\\033[0m 漢字 e\\314\\201 \\t|\\n'\r", "red"},
         {"what a terminal must not be told",
          "printf '\\033]0;title\\007\\033]52;c;YQ==\\007\\033[?1049hother screen\\n'; echo do''ne\r", "done"},
         {"long lines", "printf '\\033[?1049l'; clear; seq -s ' ' 100; echo e''nd\r", "end"},
         {"left", "\x1d", "Tab goes back in"},
         {"copy mode", "y", "y copies"},
         {"back inside", "q\t", "end"}});
    all += after_two_new_sizes(screen, rows, columns, "end");
    screen.type("\x1d");
    screen.type("q");
    CHECK(screen.wait() == 0);
    return std::regex_replace(all, std::regex("BusyBox v[^)]*\\)"), "BusyBox (…)");  // Debian moves on
}

void compare(const std::string& got, const std::string& name) {
    const fs::path file = fs::path(FERRULE_SOURCE_ROOT) / "cli/testdata" / name;
    const char* wanted = std::getenv("FERRULE_GOLDEN");
    if (wanted && std::string(wanted) == "update") REQUIRE(write_file(file, got));
    const auto expected = read_file(file);
    REQUIRE(expected);
    INFO(file);
    CHECK(got == *expected);
}

constexpr std::pair<int, int> kSizes[] = {{24, 80}, {40, 120}, {60, 200}, {20, 60}};

}  // namespace

TEST_CASE("screens: every view of the real program at every size") {
    const Root root;
    for (const auto& [rows, columns] : kSizes)
        compare(every_view(root, rows, columns), fmt::format("{}x{}.txt", columns, rows));
}

TEST_CASE("screens: the guest's shell at every size", "[image]") {
    const Root root;
    for (const auto& [rows, columns] : kSizes)
        compare(every_view_of_the_guest(root, rows, columns), fmt::format("guest-{}x{}.txt", columns, rows));
}
