#include "lessons/reader/highlight.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::reader;

namespace {

// "keyword[int] code[ x;]"
std::string roles(std::string_view text, std::string_view language) {
    static const char* const names[] = {"text",    "heading", "code",   "link",   "quote", "mark",
                                        "comment", "keyword", "string", "number", "added", "removed"};
    std::string out;
    for (const Line& line : highlight(text, language)) {
        for (const Span& span : line) {
            if (span.style.role == Role::code)
                out += span.text;
            else
                out += std::string(names[static_cast<int>(span.style.role)]) + "[" + span.text + "]";
        }
        out += "\n";
    }
    return out;
}

}  // namespace

TEST_CASE("C") {
    CHECK(roles("int x = 0x1f; // why", "c") == "keyword[int] x = number[0x1f]; comment[// why]\n");
    CHECK(roles("a /* b\nc */ d", "c") == "a comment[/* b]\ncomment[c */] d\n");
    CHECK(roles("f(\"a\\\"b\", 'c');", "c") == "f(string[\"a\\\"b\"], string['c']);\n");
    CHECK(roles("#include <linux/slab.h>", "c") == "keyword[#include] <linux/slab.h>\n");
    CHECK(roles("printer = interned;", "c") == "printer = interned;\n");
}

TEST_CASE("Rust: lifetimes are no characters, comments nest") {
    CHECK(roles("fn f<'a>(x: &'a str) {}", "rust") == "keyword[fn] f<keyword['a]>(x: &keyword['a] keyword[str]) {}\n");
    CHECK(roles("let c = 'x';", "rust") == "keyword[let] c = string['x'];\n");
    CHECK(roles("/* a /* b */ c */ d", "rust") == "comment[/* a /* b */ c */] d\n");
    CHECK(roles("#[pin_data]", "rust") == "comment[#[pin_data]]\n");
}

TEST_CASE("diff, shell, console, and what nobody knows") {
    CHECK(roles("@@ -1 +1 @@\n-a\n+b\n c", "diff") == "comment[@@ -1 +1 @@]\nremoved[-a]\nadded[+b]\n c\n");
    CHECK(roles("$ ls\nx", "sh") == "comment[$ ]keyword[ls]\nx\n");
    CHECK(roles("BUG: KASAN: x in f+0x1/0x2 [m]\n f+0x1/0x2 [m]\n g+0x1/0x2", "console") ==
          "removed[BUG: KASAN: x in f+0x1/0x2 [m]]\nstring[ f+0x1/0x2 [m]]\n g+0x1/0x2\n");
    CHECK(roles("a = 1", "toml") == "a = 1\n");
}

TEST_CASE("what is cut, open or hostile is no trouble") {
    for (const char* language : {"c", "rust", "diff", "sh", "console", ""})
        for (const char* text : {"\"", "'", "/*", "*/", "'\\", "#", "\n\n", "\x1b[31m", "\"\\", "é'é"})
            for (const Line& line : highlight(text, language))
                for (const Span& span : line) CHECK(span.text.find('\x1b') == std::string::npos);
    CHECK(highlight("", "c").empty());
}
