#include "lessons/reader/scaffold.hpp"

#include "lessons/reader/author_checks.hpp"
#include "lessons/reader/lesson_checks.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

namespace {

const std::vector<grader::Language> kBoth = {grader::Language::c, grader::Language::rust};

struct Made {
    Result<TempDir> dir = TempDir::make();
    fs::path folder = dir->path() / "acme";
    fs::path pattern = fs::path(FERRULE_SOURCE_ROOT) / "lessons" / "template";

    Made() { REQUIRE(new_course(folder, "acme", "At Acme")); }
    Catalogue catalogue() {
        auto loaded = load_courses({folder});
        INFO((loaded ? "" : loaded.error().message));
        REQUIRE(loaded);
        return std::move(*loaded);
    }
    Result<fs::path> lesson(const std::string& part, const std::string& name) {
        return new_lesson(catalogue().courses[0], part, name, pattern);
    }
    Result<fs::path> exercise(const std::string& id, const std::vector<grader::Language>& languages = kBoth) {
        const Catalogue all = catalogue();
        return new_exercise(all, all.courses[0], "ownership", "leaks", id, languages, pattern);
    }
};

}  // namespace

TEST_CASE("a new course, its lessons and exercises are what the checks want, but for the TODOs") {
    Made made;
    REQUIRE(made.lesson("ownership", "leaks"));
    REQUIRE(made.lesson("ownership", "lists"));
    REQUIRE(made.lesson("locks", "order"));
    const auto both = made.exercise("ring-buffer");
    INFO((both ? "" : both.error().message));
    REQUIRE(both);
    REQUIRE(made.exercise("slots", {grader::Language::c}));

    const Catalogue all = made.catalogue();
    REQUIRE(all.parts.size() == 2);
    CHECK(all.parts[0].lessons.size() == 2);
    REQUIRE(all.exercises().size() == 2);
    const grader::Exercise& ring = *all.exercises()[0];
    CHECK(ring.id == "acme.ring-buffer");
    CHECK(ring.module == "ring_buffer");
    CHECK(ring.languages == kBoth);
    CHECK(all.exercises()[1]->languages == std::vector{grader::Language::c});
    CHECK_FALSE(fs::exists(all.exercises()[1]->folder / "rust"));
    for (const grader::Exercise* one : all.exercises()) {
        const auto mutants = grader::load_mutants(*one);
        REQUIRE(mutants);
        CHECK(stray_files(*one, *mutants).empty());
        CHECK(missing_hints(*one, *mutants).empty());
    }
    CHECK(course_problems(all, all.courses[0]).empty());
    for (const Part& part : all.parts)
        for (const Lesson& lesson : part.lessons) {
            const auto text = read_file(lesson.text);
            REQUIRE(text);
            const auto problems = lesson_problems(all, lesson, *text, "/");
            INFO((problems.empty() ? "" : problems.front()));
            CHECK(problems.size() == 1);
            CHECK_THAT(problems.at(0), Contains("TODO"));
        }
}

TEST_CASE("a bad or a taken name is refused, and nothing is left of it") {
    Made made;
    REQUIRE(made.lesson("ownership", "leaks"));
    REQUIRE(made.exercise("ring"));
    const auto before = disk_usage(made.folder);
    for (const char* name :
         {"", "Ring", "1ring", "../ring", "ring/x", "ring-", "a-name-that-is-longer-than-a-module-s"}) {
        INFO(name);
        const auto refused = made.exercise(name);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == "new-name");
        CHECK_FALSE(made.lesson("ownership", name));
        CHECK_FALSE(made.lesson(name, "leaks"));
    }
    CHECK_THAT(made.exercise("ring").error().message, Contains("is taken by"));
    CHECK_THAT(made.lesson("ownership", "leaks").error().message, Contains("is there already"));
    CHECK_FALSE(new_course(made.folder, "acme", "Again"));
    // A list of ids that cannot be written takes back what was written before it.
    const std::string lesson = *read_file(made.folder / "ownership/leaks/lesson.md");
    std::error_code code;
    fs::rename(made.folder / "ids.txt", made.folder / "ids.kept", code);
    fs::create_directories(made.folder / "ids.txt/x", code);
    CHECK_FALSE(made.exercise("slots"));
    CHECK(*read_file(made.folder / "ownership/leaks/lesson.md") == lesson);
    CHECK_FALSE(fs::exists(made.folder / "ownership/leaks/slots"));
    fs::remove_all(made.folder / "ids.txt", code);
    fs::rename(made.folder / "ids.kept", made.folder / "ids.txt", code);
    CHECK(disk_usage(made.folder) == before);
    CHECK(made.catalogue().exercises().size() == 1);
}

TEST_CASE("a lesson is added to the list as it stands") {
    CHECK(with_lesson("[[part]] # x\nid = \"a\"\nlessons = [\"one\"] # y\n", "a", "two") ==
          "[[part]] # x\nid = \"a\"\nlessons = [\"one\", \"two\"] # y\n");
    CHECK(with_lesson("[[part]]\nid = \"a\"\nlessons = [\n    \"one\",\n]\n", "a", "two") ==
          "[[part]]\nid = \"a\"\nlessons = [\n    \"one\",\n    \"two\",\n]\n");
    CHECK(with_lesson("[[part]]\nid = \"a\"\nlessons = []\n", "a", "two") ==
          "[[part]]\nid = \"a\"\nlessons = [\"two\"]\n");
    CHECK(with_lesson("x = 1\n", "a", "two") ==
          "x = 1\n\n[[part]]\nid = \"a\"\ntitle = \"TODO: a\"\nlessons = [\"two\"]\n");
    CHECK(with_lesson("x = \n", "a", "two").empty());
}

TEST_CASE("the pattern's names become the exercise's") {
    CHECK(renamed("sample-device sample_device.c struct SampleDevice SAMPLE_DEVICE_MAX", "ring-buffer") ==
          "ring-buffer ring_buffer.c struct RingBuffer RING_BUFFER_MAX");
}
