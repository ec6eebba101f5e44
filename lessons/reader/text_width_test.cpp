#include "lessons/reader/text_width.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::reader;

TEST_CASE("columns count wide, combining and bad bytes") {
    CHECK(columns("abc") == 3);
    CHECK(columns("") == 0);
    CHECK(columns("caf\xc3\xa9") == 4);
    CHECK(columns("cafe\xcc\x81") == 4);              // e and a combining acute
    CHECK(columns("\xe6\xbc\xa2\xe5\xad\x97") == 4);  // two ideographs
    CHECK(columns("a\xff"
                  "b") == 3);
    CHECK(columns("\xe6\xbc") == 2);      // cut short: each byte is bad
    CHECK(columns("\xc0\x80") == 2);      // overlong
    CHECK(columns("\xed\xa0\x80") == 3);  // a surrogate
}

TEST_CASE("cut keeps whole characters") {
    CHECK(cut("abcdef", 3) == "abc");
    CHECK(cut("a\xe6\xbc\xa2", 2) == "a");
    CHECK(cut("a\xe6\xbc\xa2", 3) == "a\xe6\xbc\xa2");
    CHECK(cut("e\xcc\x81x", 1) == "e\xcc\x81");
    CHECK(cut("abc", 0).empty());
}

TEST_CASE("escape sequences never pass") {
    CHECK(printable("a\x1b[31mb") == "a\xef\xbf\xbd[31mb");
    CHECK(printable("a\xc2\x9b"
                    "31m") ==
          "a\xef\xbf\xbd"
          "31m");  // the one-character CSI
    CHECK(printable("a\tb") == "a       b");
    CHECK(printable("\xe2\x80\xae"
                    "x") == "\xef\xbf\xbdx");  // right-to-left override
}
