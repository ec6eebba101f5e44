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

}  // namespace

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
