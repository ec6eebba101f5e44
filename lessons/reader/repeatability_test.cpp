#include "lessons/reader/repeatability.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;

namespace {

grader::Finding finding(const std::string& finding_class, const std::string& file, int line) {
    grader::Finding one;
    one.finding_class = finding_class;
    one.file = file;
    one.line = line;
    return one;
}

grader::Verdict verdict(std::vector<grader::Finding> findings) {
    grader::Verdict one;
    one.verdict = findings.empty() ? "pass" : "fail";
    one.findings = std::move(findings);
    return one;
}

}  // namespace

TEST_CASE("equal verdicts have every finding's class, file and line in common") {
    const auto one = verdict({finding("memory-leak", "a.c", 3), finding("oops", "", 0)});
    CHECK(fingerprint(one) == "fail: memory-leak a.c:3; oops");
    CHECK(fingerprint(verdict({})) == "pass");
    CHECK(fingerprint(one) != fingerprint(verdict({finding("memory-leak", "a.c", 3)})));
    CHECK(fingerprint(one) != fingerprint(verdict({finding("memory-leak", "a.c", 4), finding("oops", "", 0)})));
    CHECK(fingerprint(one) != fingerprint(verdict({finding("oops", "", 0), finding("memory-leak", "a.c", 3)})));
    auto other_words = one;
    other_words.findings[0].title = "16 bytes";
    CHECK(fingerprint(one) == fingerprint(other_words));
}

TEST_CASE("a row counts what was equal and what was declared") {
    grader::Exercise ring;
    ring.id = "ring";
    RepeatRow row{&ring, {CaseKind::mutant, grader::Language::c, "leak"}, 0, 0, {}, {}};
    const auto leak = verdict({finding("memory-leak", "a.c", 3)});
    row.add(leak, true, 3);
    row.add(leak, true, 1);
    CHECK(row.steady());
    CHECK(row.median() == 2);
    row.add(verdict({}), false, 9);
    CHECK_FALSE(row.steady());
    CHECK(row.equal() == 2);
    CHECK(row.usual() == "fail: memory-leak a.c:3");
    CHECK(row.median() == 3);
    const std::string table = repeat_table({row}, "here");
    CHECK_THAT(table,
               Catch::Matchers::Contains("here: 1 cases, 3 times each, 3 runs in all. 1 cases were not steady."));
    CHECK_THAT(table,
               Catch::Matchers::Contains("| ring | c mutant leak | fail: memory-leak a.c:3 | 2 of 3 | 2 | 3.0 s |\n"));
}

TEST_CASE("the table takes its place between the markers, or a file of its own") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    const fs::path file = dir->path() / "README.md";
    REQUIRE(write_repeat_table(file, "table\n"));
    REQUIRE(write_repeat_table(file, "later\n"));
    CHECK(*read_file(file) == std::string(kTableBegin) + "\nlater\n" + kTableEnd + "\n");
    REQUIRE(write_file(file, "# Text\n"));
    const auto refused = write_repeat_table(file, "again\n");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "no-markers");
    const std::string before = std::string("# Text\n\n") + kTableBegin, after = std::string(kTableEnd) + "\nMore.\n";
    REQUIRE(write_file(file, before + "\nold\n" + after));
    REQUIRE(write_repeat_table(file, "new\n"));
    REQUIRE(write_repeat_table(file, "newer\n"));
    CHECK(*read_file(file) == before + "\nnewer\n" + after);
}
