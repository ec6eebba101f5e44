// What instructors use, as a process: a course of their own, what `new` makes, `preview`, and what `check` says of
// texts.
#include "cli/program_process.hpp"
#include "lessons/workbench/program_screen.hpp"

using namespace ferrule;
using namespace ferrule::cli;
using Catch::Matchers::Contains;

namespace {

// A checkout whose template is the real one.
struct Authors : Program {
    Authors() {
        std::error_code code;
        fs::copy(fs::path(FERRULE_SOURCE_ROOT) / "lessons" / "template", path("root/lessons/template"),
                 fs::copy_options::recursive, code);
        REQUIRE_FALSE(code);
    }
    std::string course() const { return path("acme").string(); }
    void make() {
        Program& ferrule = *this;
        REQUIRE(ferrule({"new", "course", course(), "--title", "At Acme"}).exit_code == 0);
        REQUIRE(ferrule({"--course", course(), "new", "lesson", "locks/order"}).exit_code == 0);
        const auto made = ferrule({"new", "exercise", "locks/order/wall-clock", "--course", course()});
        INFO(made.err);
        REQUIRE(made.exit_code == 0);
        CHECK_THAT(made.out, Contains("ferrule check acme.wall-clock"));
    }
};

}  // namespace

TEST_CASE("authors: a course of one's own is used like Ferrule's, by option and by environment") {
    Authors ferrule;
    ferrule.make();
    const auto listed = ferrule({"list", "--course", ferrule.course()});
    CHECK(listed.exit_code == 0);
    CHECK_THAT(listed.out, Contains("acme.wall-clock") && !Contains("ring"));
    ferrule.extra = {"FERRULE_COURSE=" + ferrule.course()};
    CHECK(ferrule({"list", "--ids"}).out == "acme.wall-clock\n");
    CHECK(ferrule({"start", "acme.wall-clock", "--lang", "rust"}).exit_code == 0);
    CHECK(fs::exists(ferrule.path("work/acme.wall-clock/rust/wall_clock.rs")));
    // Both, side by side.
    ferrule.extra = {"FERRULE_COURSE=" + ferrule.course() + ":" + ferrule.path("root/lessons/course").string()};
    CHECK(ferrule({"list", "--ids"}).out == "acme.wall-clock\nring\n");
    CHECK_THAT(ferrule({"list"}).out, Contains("At Acme: ") && Contains("Who frees what"));
    const auto which = ferrule({"new", "lesson", "locks/more"});
    check_one_line_error(which);
    CHECK_THAT(which.err, Contains("--course DIR"));
}

TEST_CASE("authors: bad names get one line, and a course that is not there too") {
    Authors ferrule;
    check_one_line_error(ferrule({"--course", ferrule.path("nowhere").string(), "list"}));
    check_one_line_error(ferrule({"new"}));
    check_one_line_error(ferrule({"new", "lesson", "order"}));
    check_one_line_error(ferrule({"new", "lesson", "Locks/order"}));
    check_one_line_error(ferrule({"new", "exercise", "wall-clock"}));
    check_one_line_error(ferrule({"new", "exercise", "ownership/nowhere/wall-clock"}));
    const auto taken = ferrule({"new", "exercise", "ownership/leaks/ring"});
    check_one_line_error(taken);
    CHECK_THAT(taken.err, Contains("is taken by"));
    check_one_line_error(ferrule({"new", "course", ferrule.path("root").string()}));
    check_one_line_error(ferrule({"preview", "nothing"}));
    check_one_line_error(ferrule({"check", "--changed"}));  // no git there
    ferrule.extra = {"FERRULE_COURSE=" + ferrule.path("root").string()};
    check_one_line_error(ferrule({"list"}));
}

TEST_CASE("authors: preview shows a lesson and what is wrong with its text") {
    Authors ferrule;
    const auto shown = ferrule({"preview", "ownership/leaks"});
    CHECK(shown.exit_code == 1);
    CHECK_THAT(shown.out, Contains("A driver that forgets."));
    CHECK_THAT(shown.err, Contains("leaks/lesson.md:") && Contains("no word of the exercise"));
    const std::string file = ferrule.path("root/lessons/course/ownership/leaks/lesson.md").string();
    ferrule.put("root/lessons/course/ownership/leaks/lesson.md", "# Leaks\n\n`ferrule start ring`\n");
    const auto right = ferrule({"preview", file});
    CHECK(right.exit_code == 0);
    CHECK(right.err.empty());
    CHECK(ferrule({"preview", "ring"}).out == right.out);
}

TEST_CASE("authors: a lesson that is saved is shown anew, and the last line says what is wrong with it") {
    Authors ferrule;
    const auto lesson = [&](const std::string& text) {
        ferrule.put("root/lessons/course/ownership/leaks/lesson.md", text);
    };
    lesson("# Leaks\n\nThe first words.\n\n`ferrule start ring`\n");
    REQUIRE(make_directories(ferrule.path("home")));
    workbench::ScreenOptions options;
    options.environment = {{"FERRULE_ROOT", ferrule.path("root").string()}};
    options.arguments = {"preview", "ownership/leaks"};
    workbench::ProgramScreen screen(FERRULE_PROGRAM, ferrule.path("home"), options);
    screen.expect("The first words.");
    lesson("# Leaks\n\nOther words, and `TODO`.\n\n`ferrule start ring`\n");
    screen.expect("Other words");
    screen.expect("line 3: found TODO");
    lesson("# Leaks\n\nThe last words.\n\n`ferrule start ring`\n");
    screen.expect("The last words.");
    screen.expect("nothing is wrong with this text");
    screen.type("q");
}

TEST_CASE("authors: what new makes passes check but for its TODOs, and --changed finds it", "[image]") {
    Authors ferrule;
    ferrule.make();
    const std::string cache = cache_dir().string();
    const std::string above = fs::path(cache).parent_path().string();
    const auto checked = ferrule({"--course", ferrule.course(), "check"}, {}, above);
    INFO(checked.out << checked.err);
    CHECK(checked.exit_code == 1);
    CHECK_THAT(checked.out, Contains("ok acme: ids and files"));
    CHECK_THAT(checked.out, Contains("FAILED acme.locks/order: text") && Contains("found TODO"));
    CHECK_THAT(checked.out, Contains("FAILED acme.wall-clock: files"));
    for (const char* one : {"c starter", "c solution", "c mutant old-text-lost", "rust starter", "rust solution",
                            "rust mutant old-text-lost", "rust mutant used-after-move"})
        CHECK_THAT(checked.out, Contains(std::string("ok acme.wall-clock: ") + one));

    // Compiled, and not run: the double free of a mutant is none of a compiler's business, a move is.
    const auto built = ferrule({"--course", ferrule.course(), "check", "acme.wall-clock", "--build-only"}, {}, above);
    INFO(built.out << built.err);
    CHECK_THAT(built.out, Contains("ok acme.wall-clock: c solution") &&
                              Contains("ok acme.wall-clock: c mutant old-text") &&
                              Contains("ok acme.wall-clock: rust mutant used-after-move"));
    const std::string mutant = "acme/locks/order/wall-clock/c/mutants/old-text-lost/wall_clock.c";
    const auto right = read_file(ferrule.path(mutant));
    REQUIRE(right);
    ferrule.put(mutant, *right + "int x = y; // FERRULE: here\n");
    const auto broken =
        ferrule({"--course", ferrule.course(), "check", "acme.wall-clock/old-text-lost", "--lang", "c", "--build-only"},
                {}, above);
    CHECK(broken.exit_code == 1);
    CHECK_THAT(broken.out, Contains("does not build: wall_clock.c:") && Contains("undeclared"));
    ferrule.put(mutant, *right);

    // Nothing has changed, then one file has.
    const auto git = [&](std::vector<std::string> arguments) {
        SpawnRequest request;
        request.argv = {"git", "-c", "user.name=x", "-c", "user.email=x@x.example"};
        request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
        request.directory = ferrule.course();
        const auto done = run(std::move(request), {});
        REQUIRE(done);
        REQUIRE(done->exit_code == 0);
    };
    git({"init", "-q"});
    git({"add", "."});
    git({"commit", "-q", "-m", "x"});
    const auto none = ferrule({"--course", ferrule.course(), "check", "--changed"}, {}, above);
    INFO(none.err);
    CHECK(none.exit_code == 0);
    CHECK_THAT(none.out, Contains("0 cases"));
    ferrule.put("acme/locks/order/wall-clock/c/tests.txt", "stray");
    const auto some = ferrule({"--course", ferrule.course(), "check", "--changed"}, {}, above);
    CHECK(some.exit_code == 1);
    CHECK_THAT(some.out, Contains("stray file c/tests.txt"));

    // What was recorded is judged again, but nothing fails by it: the case is run once more.
    ferrule.put("acme/locks/order/wall-clock/c/mutants/old-text-lost/mutant.toml",
                "class = \"double-free\"\nnote = \"x\"\n");
    const auto anew =
        ferrule({"--course", ferrule.course(), "check", "acme.wall-clock/old-text-lost", "--lang", "c"}, {}, above);
    CHECK(anew.exit_code == 1);
    CHECK_THAT(anew.out,
               Contains("FAILED acme.wall-clock: c mutant old-text-lost") && Contains("found:    memory-leak"));
    CHECK_THAT(anew.out, !Contains("had been run before"));
}
