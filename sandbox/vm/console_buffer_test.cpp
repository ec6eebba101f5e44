#include "sandbox/vm/console_buffer.hpp"

#include "sandbox/base/catch.hpp"

using ferrule::vm::ConsoleBuffer;

TEST_CASE("what fits is kept as it came") {
    ConsoleBuffer buffer(100);
    buffer.append("one\n");
    buffer.append("");
    buffer.append("two\n");
    CHECK(buffer.text() == "one\ntwo\n");
    CHECK_FALSE(buffer.truncated());
    CHECK(buffer.total() == 8);
    buffer.append(std::string(92, 'x'));
    CHECK(buffer.text().size() == 100);
    CHECK_FALSE(buffer.truncated());
}

TEST_CASE("of a flood the beginning and the end are kept, and how much is missing is said") {
    ConsoleBuffer buffer(1000);
    buffer.append("first words\n");
    const size_t piece = GENERATE(1, 7, 499, 500, 501, 5000, 100'000);
    for (size_t fed = 0; fed < 200'000; fed += piece) buffer.append(std::string(piece, 'f'));
    buffer.append("last words\n");
    const std::string text = buffer.text();
    CHECK(buffer.truncated());
    CHECK(text.size() < 1100);
    CHECK(text.starts_with("first words\n"));
    CHECK(text.ends_with("last words\n"));
    const std::string missing = std::to_string(buffer.total() - 1000);
    CHECK(text.find("[ferrule: " + missing + " bytes of console output left out here]") != std::string::npos);
    CHECK(buffer.text() == text);  // asking again changes nothing
}

TEST_CASE("the last lines") {
    ConsoleBuffer buffer(1000);
    CHECK(buffer.last_lines(3).empty());
    buffer.append("one");
    CHECK(buffer.last_lines(3) == "one");
    buffer.append("\ntwo\r\nthree\r\n\n");
    CHECK(buffer.last_lines(2) == "two\r\nthree");
    CHECK(buffer.last_lines(9) == "one\ntwo\r\nthree");
}
