#include "lessons/reader/grading.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using grader::Language;

namespace {

grader::Exercise ring() {
    grader::Exercise exercise;
    exercise.id = "ring";
    exercise.module = "ring";
    exercise.languages = {Language::c};
    exercise.kernels = {"mem"};
    exercise.source_hash = "abc";
    return exercise;
}

}  // namespace

TEST_CASE("the seed depends on the sources and the exercise, and on nothing else") {
    grader::Exercise exercise = ring();
    build::SourceSet sources{Language::c, "ring", {{"ring.c", "int x;\n"}}};
    const auto seed = seed_of(exercise, sources);
    REQUIRE(seed);
    CHECK(*seed_of(exercise, sources) == *seed);
    sources.files[0].text += "\n";
    CHECK(*seed_of(exercise, sources) != *seed);
    sources.files[0].text = "int x;\n";
    exercise.source_hash = "abd";
    CHECK(*seed_of(exercise, sources) != *seed);
}

TEST_CASE("no path is an error, a link is the learner's build error") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    NoProgress progress;
    const auto absent = grade(ring(), Language::c, dir->path() / "absent", false, progress);
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code == "no-submission");

    fs::create_symlink("/etc/passwd", dir->path() / "ring.c");
    const auto link = grade(ring(), Language::c, dir->path(), false, progress);
    REQUIRE(link);
    CHECK(link->verdict.verdict == "fail");
    REQUIRE_FALSE(link->verdict.findings.empty());
    CHECK(link->verdict.findings[0].finding_class == "build-error");
}
