#include "lessons/reader/markdown.hpp"

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::reader;

namespace {

std::string plain(std::string_view markdown, int width = 60) {
    std::string out;
    for (const Line& line : render_markdown(markdown, width)) out += to_text(line, Look::plain) + "\n";
    return out;
}

const char* const kLesson = R"(# Who frees what

A driver that *forgets* to free loses memory **for ever**: see [the `kfree` page](../x/lesson.md) and words
that run on.

- one
- two, which is long enough that it has to be wrapped in a narrow terminal, twice perhaps
  1. inner

> quoted text

| term | what it is |
|------|-----------|
| `GFP_KERNEL` | may sleep, so not with a spinlock held and not in an interrupt |

```c
int x = 1;	/* tab */
```
)";

}  // namespace

TEST_CASE("blocks are laid out") {
    CHECK(plain("# Title\n\ntext") == "Title\n═════\n\ntext\n");
    CHECK(plain("- a\n- b") == "• a\n• b\n");
    CHECK(plain("3. a\n4. b") == "3. a\n4. b\n");
    CHECK(plain("> q\n> r") == "│ q r\n");
    CHECK(plain("```c\nint x;\n\n  y;\n```") == "    int x;\n\n      y;\n");
    CHECK(plain("a\\\nb") == "a\nb\n");
    CHECK(plain("<!-- note -->\n\ntext").find("note") == std::string::npos);
    CHECK(plain("") == "");
}

TEST_CASE("text is wrapped at blanks, and no line is too wide at any width") {
    CHECK(plain("aaaa bbbb cccc dddd eeee ffff", 20) == "aaaa bbbb cccc dddd\neeee ffff\n");
    for (int width = 20; width <= 200; width += 7)
        for (const Line& line : render_markdown(kLesson, width)) {
            int used = 0;
            for (const Span& span : line) used += columns(span.text);
            INFO("width " << width);
            CHECK(used <= width);
        }
    CHECK(plain(std::string(50, 'x'), 20) ==
          std::string(20, 'x') + "\n" + std::string(20, 'x') + "\n" + std::string(10, 'x') + "\n");
}

TEST_CASE("a table is as wide as it needs to be, wraps where it must, and is a list where even that is too wide") {
    const char* const table =
        "| class | what it is |\n|---|---|\n| `oops` | the kernel stopped |\n| leak | not freed |\n";
    CHECK(plain(table) ==
          "class  what it is\n─────────────────────────\noops   the kernel stopped\nleak   not freed\n");
    CHECK(plain(table, 20) ==
          "class  what it is\n────────────────────\noops   the kernel\n       stopped\nleak   not freed\n");
    CHECK(plain("| a | b | c |\n|--|--|--|\n| one thing | another one | a third one |\n", 20) ==
          "a: one thing\nb: another one\nc: a third one\n");
    CHECK(plain("a | b\n") == "a | b\n");
}

TEST_CASE("styles follow the text") {
    const auto lines = render_markdown("a **b** `c`", 60);
    REQUIRE(lines.size() == 1);
    CHECK(to_text(lines[0], Look::colour) == "a \x1b[1mb\x1b[0m \x1b[36mc\x1b[0m");
    CHECK(to_text(lines[0], Look::attributes) == "a \x1b[1mb\x1b[0m c");
}

TEST_CASE("a lesson cannot write escape sequences to the terminal") {
    CHECK(plain("a \x1b[31m b `\x1b]0;t\x07`\n\n    \x1b[2J").find('\x1b') == std::string::npos);
}

TEST_CASE("the title is the first heading") {
    CHECK(markdown_title(kLesson) == "Who frees what");
    CHECK(markdown_title("text\n\n## The `kfree` call\n") == "The kfree call");
    CHECK(markdown_title("text") == "");
}
