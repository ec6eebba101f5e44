#include "lessons/reader/author_checks.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using grader::Language;

namespace {

grader::Mutant leak_at(std::vector<grader::MarkedLine> lines) {
    grader::Mutant mutant;
    mutant.name = "leak";
    mutant.language = Language::c;
    mutant.finding_class = "memory-leak";
    mutant.lines = std::move(lines);
    return mutant;
}

grader::Finding finding(const std::string& finding_class, const std::string& file, int line) {
    grader::Finding one;
    one.finding_class = finding_class;
    one.title = "title";
    one.file = file;
    one.line = line;
    return one;
}

grader::Verdict failed(std::vector<grader::Finding> findings) {
    grader::Verdict verdict;
    verdict.verdict = findings.empty() ? "pass" : "fail";
    verdict.findings = std::move(findings);
    return verdict;
}

}  // namespace

TEST_CASE("a mutant is found when the first finding has its class on one of its lines") {
    std::string expected, found;
    const auto mutant = leak_at({{"a.c", 3}, {"a.c", 9}});
    CHECK(is_as_declared(mutant, failed({finding("memory-leak", "a.c", 9)}), expected, found));
    CHECK(expected == "memory-leak at a.c:3 or a.c:9");
    CHECK(
        is_as_declared(mutant, failed({finding("memory-leak", "a.c", 3), finding("oops", "b.c", 1)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("memory-leak", "a.c", 4)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("memory-leak", "b.c", 3)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("oops", "a.c", 3)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({}), expected, found));
    CHECK(found == "pass");
    CHECK_FALSE(
        is_as_declared(mutant, failed({finding("oops", "a.c", 1), finding("memory-leak", "a.c", 3)}), expected, found));
    CHECK(found.rfind("found, but not first", 0) == 0);
}

TEST_CASE("a mutant without a line needs its class alone") {
    std::string expected, found;
    CHECK(is_as_declared(leak_at({}), failed({finding("memory-leak", "", 0)}), expected, found));
    CHECK_FALSE(is_as_declared(leak_at({}), failed({finding("hang", "", 0)}), expected, found));
}

TEST_CASE("stray files and missing hints are named") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    grader::Exercise exercise;
    exercise.id = "ring";
    exercise.languages = {Language::c};
    exercise.folder = dir->path();
    for (const fs::path& folder :
         {exercise.starter(Language::c), exercise.solution(Language::c), dir->path() / "c/mutants/leak"}) {
        REQUIRE(make_directories(folder));
        REQUIRE(write_file(folder / "ring.c", "x"));
    }
    REQUIRE(write_file(dir->path() / "exercise.toml", ""));
    const std::vector<grader::Mutant> mutants = {leak_at({})};
    CHECK(stray_files(exercise, mutants).empty());
    CHECK(missing_hints(exercise, mutants) ==
          std::vector<std::string>{"no hint for memory-leak, which a mutant declares"});
    exercise.hints.push_back({"memory-leak", {"look"}});
    CHECK(missing_hints(exercise, mutants).empty());

    REQUIRE(write_file(exercise.starter(Language::c) / "ring.o", "x"));
    REQUIRE(write_file(dir->path() / "notes.txt", "x"));
    REQUIRE(make_directories(dir->path() / "rust"));
    fs::create_symlink("ring.c", exercise.solution(Language::c) / "link.c");
    CHECK(stray_files(exercise, mutants) ==
          std::vector<std::string>{"empty folder rust", "stray file c/solution/link.c", "stray file c/starter/ring.o",
                                   "stray file notes.txt"});
}
