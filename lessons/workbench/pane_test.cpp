#include "lessons/workbench/pane.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::workbench;

namespace {

std::string first_line(const Pane& pane, size_t back = 0) {
    const std::string text = pane.view(back).text();
    return text.substr(0, text.find('\n'));
}

Key letter(char32_t c, bool ctrl = false, bool alt = false) {
    Key key{Key::character, c};
    key.ctrl = ctrl;
    key.alt = alt;
    return key;
}

}  // namespace

TEST_CASE("what a program writes becomes cells") {
    Pane pane(3, 10);
    pane.write("one\r\n\x1b[1;31mtwo\x1b[0m 日e\xcc\x81");
    CHECK(pane.view().text() == "one\ntwo 日e\xcc\x81\n\n");
    CHECK(pane.view().at(1, 0).ink.bold);
    CHECK(pane.view().at(1, 0).ink.fore == 1);
    CHECK(pane.view().at(1, 4).text == "日");
    CHECK(pane.view().at(1, 5).text.empty());
    REQUIRE(pane.view().cursor);
    CHECK(pane.view().cursor->row == 1);
    CHECK(pane.view().cursor->column == 7);
    pane.write("\x1b[?25l");
    CHECK_FALSE(pane.view().cursor);
    pane.write("\x1b[38;2;255;0;0mx");
    CHECK(pane.view().at(1, 7).ink.fore == 196);
}

TEST_CASE("lines that scroll away are kept, up to a limit, and not those of a full-screen program") {
    Pane pane(2, 10);
    for (int i = 0; i < 5; ++i) pane.write("line " + std::to_string(i) + "\r\n");
    REQUIRE(pane.history() == 4);
    CHECK(first_line(pane, 4) == "line 0");
    CHECK(first_line(pane, 99) == "line 0");
    CHECK(pane.line_text(0) == "line 0");
    CHECK(pane.line_text(4) == "line 4");
    CHECK(pane.line_text(99).empty());
    CHECK_FALSE(pane.view(1).cursor);
    pane.write("\x1b[?1049h");
    for (int i = 0; i < 50; ++i) pane.write("x\r\n");
    CHECK(pane.history() == 4);
    pane.write("\x1b[?1049l");
    for (size_t i = 0; i < Pane::kHistoryCap + 100; ++i) pane.write("y\r\n");
    CHECK(pane.history() == Pane::kHistoryCap);
}

TEST_CASE("keys become what the program expects") {
    Pane pane(3, 10);
    const auto sent = [&](const Key& key) {
        pane.press(key);
        return pane.take_replies();
    };
    CHECK(sent(letter('a')) == "a");
    CHECK(sent(letter('c', true)) == "\x03");
    CHECK(sent(letter('x', false, true)) == "\x1bx");
    CHECK(sent(letter(U'é')) == "é");
    CHECK(sent({Key::enter}) == "\r");
    CHECK(sent({Key::backspace}) == "\x7f");
    CHECK(sent({Key::escape}) == "\x1b");
    CHECK(sent({Key::up}) == "\x1b[A");
    pane.write("\x1b[?1h");
    CHECK(sent({Key::up}) == "\x1bOA");
    CHECK(sent({Key::function, 5}) == "\x1b[15~");
    CHECK(sent({Key::wheel_up}).empty());
    Key paste{Key::paste};
    paste.text = "a\nb";
    CHECK(sent(paste) == "a\nb");
    pane.write("\x1b[?2004h");
    CHECK(sent(paste) == "\x1b[200~a\nb\x1b[201~");
}

TEST_CASE("questions are answered, but not without end") {
    Pane pane(3, 10);
    pane.write("\x1b[6n");
    CHECK(pane.take_replies() == "\x1b[1;1R");
    for (int i = 0; i < 100'000; ++i) pane.write("\x1b[6n");
    CHECK(pane.take_replies().size() <= Pane::kRepliesCap);
}

TEST_CASE("nothing hostile gets through to the cells") {
    Pane pane(4, 20);
    for (const char* attack :
         {"\x1b]0;title\x07", "\x1b]52;c;YQ==\x07", "\x1bP+q544e\x1b\\", "\x1b[21t", "\x1b]4;1;rgb:ff/00/00\x1b\\",
          "\xc2\x9b" "31m", "\x1b_payload\x1b\\", "\x1b[?1000h", "\x1b%G", "\x1b[99999;99999H", "\x1b[2147483648C",
          "\xff\xfe\xc0\x80\xf5", "\x1b[", "\x1b]0;never ends", "\xe2\x80\xae" "evil", "\x0e\x0f\x07\x08"})
        pane.write(attack);
    pane.write("\x1b\\done");
    const Surface seen = pane.view();
    for (int row = 0; row < seen.rows(); ++row)
        for (int column = 0; column < seen.columns(); ++column)
            for (const char c : seen.at(row, column).text) CHECK(static_cast<unsigned char>(c) >= 0x20);
    CHECK(seen.text().find("\xe2\x80\xae") == std::string::npos);
    CHECK(seen.text().find("title") == std::string::npos);
}

TEST_CASE("a pane is resized in the middle of everything, down to almost nothing") {
    Pane pane(24, 80);
    pane.write("\x1b[?1049h\x1b[24;80Hx\x1b[1;5r");
    for (const auto& [rows, columns] : {std::pair{1, 1}, {60, 200}, {3, 7}, {0, -4}, {24, 80}}) {
        pane.resize(rows, columns);
        pane.write("日本語\r\nabc\x1b[2;2H\x1b[J");
        CHECK(pane.rows() == std::max(rows, Pane::kFewest));
        CHECK(pane.view().columns() == std::max(columns, Pane::kFewest));
    }
}

TEST_CASE("what stands on the screen survives a new size, and the cursor stays with it") {
    Pane pane(6, 20);
    for (int i = 0; i < 5; ++i) pane.write("line " + std::to_string(i) + "\r\n");
    pane.write("prompt # ");
    pane.resize(3, 20);
    CHECK(pane.view().text() == "line 3\nline 4\nprompt #\n");
    REQUIRE(pane.view().cursor);
    CHECK(pane.view().cursor->row == 2);
    CHECK(pane.view().cursor->column == 9);
    CHECK(pane.line_text(0) == "line 0");
    pane.resize(6, 30);
    pane.write("ls");
    CHECK_THAT(pane.view().text(), Catch::Matchers::Contains("prompt # ls\n"));
}

TEST_CASE("bytes at random, at random sizes, bring nothing down") {
    Pane pane(24, 80);
    const std::string_view pieces[] = {"\x1b[", "?", ";", "1", "25", "9999", "H", "J", "K", "r", "h", "l", "m", "L", "M",
                                       "S", "T", "@", "P", "X", "\x1b" "D", "\x1b" "M", "\x1b" "c", "\x1b" "7",
                                       "\x1b" "8", "\x1b#8", "\x1b(0", "\r", "\n", "\t", "\b", "日本", "e\xcc\x81", "abc",
                                       "\x1b[?1049h", "\x1b[?1049l", "\x1b[?6h", "\x1b[?7l", "\x1b[?69h", "\x1b[2;70s",
                                       "\x1b#6", "\x1b]0;", "\x07", "\xff", "\x1b[4:3m", "\x1b[38:2:1:2:3m"};
    unsigned random = 7;
    const auto next = [&] { return (random = random * 1664525 + 1013904223) >> 8; };
    for (int i = 0; i < 200'000; ++i) {
        pane.write(pieces[next() % std::size(pieces)]);
        if (next() % 400 == 0) pane.resize(static_cast<int>(next() % 60), static_cast<int>(next() % 200));
        if (next() % 5000 == 0) (void)pane.view(next() % 50);
    }
}
