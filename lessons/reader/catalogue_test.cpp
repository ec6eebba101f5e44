#include "lessons/reader/catalogue.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

namespace {

constexpr const char* kCourse =
    "format_version = 1\n\n[[part]]\nid = \"ownership\"\ntitle = \"Who frees what\"\nlessons = [\"leaks\"]\n";
constexpr const char* kExercise =
    "format = 1\nid = \"ring\"\ntitle = \"A ring\"\nlanguages = [\"c\"]\nminutes = 5\nmodule = \"ring\"\n"
    "[[scenario]]\nname = \"load\"\nsteps = [{ load = \"\" }]\n";

struct CourseFolder {
    Result<TempDir> dir = TempDir::make();
    CourseFolder() {
        put("course.toml", kCourse);
        put("ownership/leaks/lesson.md", "# Leaks\n\nText.\n");
        exercise("ring");
    }
    void put(const std::string& name, const std::string& text) {
        REQUIRE(make_directories((dir->path() / name).parent_path()));
        REQUIRE(write_file(dir->path() / name, text));
    }
    void exercise(const std::string& folder) {
        const std::string at = "ownership/leaks/" + folder;
        put(at + "/exercise.toml", kExercise);
        put(at + "/c/starter/ring.c", "");
        put(at + "/c/solution/ring.c", "");
    }
    std::string error() {
        const auto catalogue = load_catalogue(dir->path());
        REQUIRE_FALSE(catalogue);
        return catalogue.error().message;
    }
};

}  // namespace

TEST_CASE("the course is read in its order") {
    CourseFolder course;
    const auto catalogue = load_catalogue(course.dir->path());
    REQUIRE(catalogue);
    REQUIRE(catalogue->parts.size() == 1);
    CHECK(catalogue->parts[0].title == "Who frees what");
    REQUIRE(catalogue->parts[0].lessons.size() == 1);
    CHECK(catalogue->parts[0].lessons[0].id == "ownership/leaks");
    CHECK(catalogue->parts[0].lessons[0].title == "Leaks");
    const auto found = catalogue->find("ring");
    REQUIRE(found);
    CHECK((*found)->title == "A ring");
    CHECK(catalogue->lesson_of(**found) == &catalogue->parts[0].lessons[0]);
}

TEST_CASE("an unknown exercise is answered with the nearest") {
    CourseFolder course;
    const auto catalogue = load_catalogue(course.dir->path());
    REQUIRE(catalogue);
    const auto near = catalogue->find("rnig");
    REQUIRE_FALSE(near);
    CHECK(near.error().code == "no-exercise");
    CHECK_THAT(near.error().hint, Contains("\"ring\""));
    CHECK_THAT(catalogue->find("something-else").error().hint, !Contains("ring"));
    CHECK_FALSE(catalogue->find(""));
}

TEST_CASE("a driver of the corpus has no starter and no lesson, and may have several right answers") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    const auto put = [&](const std::string& name, const std::string& text) {
        REQUIRE(make_directories((dir->path() / name).parent_path()));
        REQUIRE(write_file(dir->path() / name, text));
    };
    CHECK(load_corpus(dir->path() / "none")->empty());
    put("README.md", "no driver\n");
    put("ring/exercise.toml", kExercise);
    CHECK_FALSE(load_corpus(dir->path()));
    put("ring/c/solution/ring.c", "");
    put("ring/c/variants/guards/ring.c", "");
    put("ring/c/variants/devm/ring.c", "");
    const auto corpus = load_corpus(dir->path());
    INFO((corpus ? "" : corpus.error().message));
    REQUIRE(corpus);
    REQUIRE(corpus->size() == 1);
    const grader::Exercise& ring = corpus->front();
    CHECK(ring.corpus);
    CHECK(ring.lesson.empty());
    REQUIRE(ring.variants(grader::Language::c).size() == 2);
    CHECK(ring.variants(grader::Language::c)[0].filename() == "devm");
    CHECK(ring.variants(grader::Language::rust).empty());
}

TEST_CASE("mistakes are reported with file and line") {
    CourseFolder course;
    SECTION("syntax") {
        course.put("course.toml", "format_version = 1\n[[part]\n");
        CHECK_THAT(course.error(), Contains("course.toml:2: found what is not TOML"));
    }
    SECTION("format") {
        course.put("course.toml", "format_version = 7\n");
        CHECK_THAT(course.error(), Contains("course.toml:1: format_version = 1"));
    }
    SECTION("unknown key") {
        course.put("course.toml", std::string(kCourse) + "lesons = []\n");
        CHECK_THAT(course.error(), Contains("course.toml:7: unknown key `lesons`"));
    }
    SECTION("a lesson that is not there") {
        course.put(
            "course.toml",
            "format_version = 1\n[[part]]\nid = \"ownership\"\ntitle = \"x\"\nlessons = [\n\"leaks\",\n\"laeks\"]\n");
        CHECK_THAT(course.error(), Contains("course.toml:7: no ownership/laeks/lesson.md"));
    }
    SECTION("a way out of the course") {
        course.put("course.toml", "format_version = 1\n[[part]]\nid = \"../x\"\ntitle = \"x\"\nlessons = []\n");
        CHECK_THAT(course.error(), Contains("course.toml:3: `id` must be a folder's name"));
    }
    SECTION("a lesson without a title") {
        course.put("ownership/leaks/lesson.md", "text\n");
        CHECK_THAT(course.error(), Contains("lesson.md:1: no heading"));
    }
    SECTION("two exercises with one id") {
        course.exercise("second");
        CHECK_THAT(course.error(), Contains("second/exercise.toml:1: id \"ring\" is taken"));
    }
    SECTION("an exercise with a mistake") {
        course.put("ownership/leaks/ring/exercise.toml", "format = 1\nid = 5\n");
        CHECK_THAT(course.error(), Contains("exercise.toml:2"));
    }
}

TEST_CASE("no course is an error with a way out") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    const auto catalogue = load_catalogue(dir->path());
    REQUIRE_FALSE(catalogue);
    CHECK(catalogue.error().code == "course-missing");
    CHECK_FALSE(catalogue.error().hint.empty());
}

TEST_CASE("a lesson's exercises stand in the order in which its text starts them") {
    CHECK(mention_of("ferrule start ring-buffer, ferrule start ring.", "ring") ==
          std::string("ferrule start ring-buffer, ").size());
    CHECK(mention_of("ferrule start ring-buffer", "ring") == std::string::npos);
    CourseFolder course;
    course.put("ownership/leaks/another/exercise.toml",
               std::string(kExercise).replace(std::string(kExercise).find("ring"), 4, "pair"));
    course.put("ownership/leaks/another/c/starter/ring.c", "");
    course.put("ownership/leaks/another/c/solution/ring.c", "");
    course.put("ownership/leaks/lesson.md", "# Leaks\n\n    ferrule start ring\n\nThen `ferrule start pair`.\n");
    const auto catalogue = load_catalogue(course.dir->path());
    REQUIRE(catalogue);
    REQUIRE(catalogue->exercises().size() == 2);
    CHECK(catalogue->exercises()[0]->id == "ring");
    CHECK(catalogue->exercises()[1]->id == "pair");
}

TEST_CASE("several courses side by side: ids begin with the course's") {
    CourseFolder one, two;
    const std::string head = "title = \"At Acme\"\nid = \"acme\"\n";
    one.put("course.toml", head + kCourse);
    two.put("course.toml", "title = \"Other\"\nid = \"other\"\n" + std::string(kCourse));
    const auto both = load_courses({one.dir->path(), two.dir->path()});
    INFO((both ? "" : both.error().message));
    REQUIRE(both);
    REQUIRE(both->parts.size() == 2);
    CHECK(both->parts[0].id == "acme.ownership");
    CHECK(both->parts[0].title == "At Acme: Who frees what");
    CHECK(both->parts[0].lessons[0].id == "acme.ownership/leaks");
    REQUIRE(both->find("other.ring"));
    CHECK((*both->find("other.ring"))->lesson == "other.ownership/leaks");
    CHECK(both->find_lesson("acme.ownership/leaks") == &both->parts[0].lessons[0]);
    CHECK(both->find_lesson("ownership/leaks") == nullptr);
    CHECK_FALSE(both->find("ring"));
    CHECK(load_courses({one.dir->path()})->parts[0].title == "Who frees what");

    const auto twice = load_courses({one.dir->path(), one.dir->path()});
    REQUIRE_FALSE(twice);
    CHECK_THAT(twice.error().message, Contains("\"acme\" is that of the course in"));
    one.put("course.toml", kCourse);
    const auto nameless = load_courses({one.dir->path()});
    REQUIRE_FALSE(nameless);
    CHECK_THAT(nameless.error().message, Contains("course.toml:1: the course has no `id`"));
}
