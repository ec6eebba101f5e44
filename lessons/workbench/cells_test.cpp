#include "lessons/workbench/cells.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::workbench;

TEST_CASE("text is cut where the room ends, wide characters whole") {
    Surface out(1, 6);
    CHECK(out.put(0, 0, "abcdefgh", {}) == 6);
    CHECK(out.text() == "abcdef\n");
    Surface wide(1, 5);
    wide.put(0, 0, "日本語", {});
    CHECK(wide.text() == "日本\n");  // the third one would be cut in two
    CHECK(wide.at(0, 1).text.empty());
    Surface accents(1, 3);
    accents.put(0, 0, "e\u0301x", {});
    CHECK(accents.at(0, 0).text == "e\u0301");
    CHECK(accents.at(0, 1).text == "x");
    std::string many = "e";
    for (int i = 0; i < 100; ++i) many += "\u0301";
    accents.put(0, 0, many, {});
    CHECK(accents.at(0, 0).text.size() < 40);
}

TEST_CASE("nothing is drawn outside, and no control character inside") {
    Surface out(2, 4);
    out.put(-1, 0, "x", {});
    out.put(2, 0, "x", {});
    out.put(0, -2, "abcd", {});
    out.fill({-5, -5, 100, 6}, {"#", {}});
    CHECK(out.text() == "#d\n#\n");
    out.put(1, 0, "a\x1b[\n", {});
    CHECK(out.text().find('\x1b') == std::string::npos);
}

TEST_CASE("a surface is pasted as far as there is room") {
    Surface from(2, 4), out(2, 5);
    from.put(0, 0, "a日b", {});
    out.paste({0, 1, 2, 2}, from);
    CHECK(out.text() == " a\n\n");  // half of a wide one is a blank
    out.paste({0, 1, 2, 4}, from);
    CHECK(out.text() == " a日b\n\n");
}
