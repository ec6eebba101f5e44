#include "lessons/reader/marked_section.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;

TEST_CASE("what a program writes takes its place between the markers, or a file of its own") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    const fs::path file = dir->path() / "README.md";
    const std::string first = section_begin("table"), last = section_end("table");
    REQUIRE(write_section(file, "table", "early\n"));
    REQUIRE(write_section(file, "table", "later\n"));
    CHECK(*read_file(file) == first + "\nlater\n" + last + "\n");
    CHECK(*read_section(file, "table") == "later\n");
    REQUIRE(write_file(file, "# Text\n"));
    const auto refused = write_section(file, "table", "again\n");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "no-markers");
    const std::string before = "# Text\n\n" + first, after = last + "\nMore.\n";
    REQUIRE(write_file(file, before + "\nold\n" + after));
    REQUIRE(write_section(file, "table", "new\n"));
    REQUIRE(write_section(file, "table", "newer\n"));
    CHECK(*read_file(file) == before + "\nnewer\n" + after);
}
