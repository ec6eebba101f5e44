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

TEST_CASE("what is written into a table is read out of it again") {
    const std::string leak = fingerprint(verdict({finding("memory-leak", "a.c", 3), finding("oops", "", 0)}));
    const RepeatRow steady{"ring", "c mutant leak", "0123456789ab", 20, 20, {{leak, 20}}, 1.5};
    const RepeatRow shaky{"ring", "rust solution", "ba9876543210", 20, 17, {{leak, 2}, {"pass", 17}, {"fail", 1}}, 2};
    CHECK(steady.steady());
    CHECK_FALSE(shaky.steady());
    CHECK(shaky.equal() == 17);
    const std::string table = repeat_table({steady, RepeatRow{}, shaky}, "here");
    CHECK_THAT(table, Catch::Matchers::Contains(
                          "here: 2 of 3 cases, 20 times each, 40 runs in all. 1 cases were not steady.\n"));
    CHECK_THAT(table, Catch::Matchers::Contains("| ring | c mutant leak | fail: memory-leak a.c:3; oops | 20 of 20 | "
                                                "yes | 1.5 s | 0123456789ab |\n"));
    const auto rows = rows_of("# Text\n\n| a | b |\n" + table);
    REQUIRE(rows.size() == 2);
    CHECK(repeat_table({rows[0], RepeatRow{}, rows[1]}, "here") == table);
    CHECK(rows[1].verdicts == shaky.verdicts);
}

TEST_CASE("a row that does not add up is none") {
    const std::string good = "| ring | c solution | pass | 20 of 20 | yes | 1.5 s | 0123456789ab |";
    CHECK(rows_of(good).size() == 1);
    for (const std::string bad :
         {"| ring | c solution | pass | 19 of 20 | yes | 1.5 s | 0123456789ab |",
          "| ring | c solution | 19 x pass<br>2 x fail | 19 of 20 | 19 | 1.5 s | 0123456789ab |",
          "| ring | c solution | pass<br>fail | 19 of 20 | 19 | 1.5 s | 0123456789ab |",
          "| ring | c solution | pass | 20 of 20 | 21 | 1.5 s | 0123456789ab |",
          "| ring | c solution | pass | 20 of 20 | yes | 1.5 | 0123456789ab |",
          "| ring | c solution | pass | 20 of 20 | yes | 1.5 s |", "| ring |", "|", ""})
        CHECK(rows_of(bad).empty());
    CHECK(fingerprint(verdict({finding("oops", "a|b<br>.c", 1)})) == "fail: oops a/b(br>.c:1");
}
