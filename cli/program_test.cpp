// The real program as a process: exit statuses, what stands on which stream, the shape of JSON. A course and a home of
// its own; nothing here needs the image.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/program_process.hpp"

using namespace ferrule;
using namespace ferrule::cli;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

TEST_CASE("every command explains itself") {
    Program ferrule;
    for (const char* command : {"learn", "list", "start", "grade", "run", "hint", "reset", "solution", "check", "new",
                                "preview", "image", "doctor"}) {
        const auto result = ferrule({command, "--help"});
        INFO(command);
        CHECK(result.exit_code == 0);
        CHECK_THAT(result.out, Contains("--help"));
        CHECK(result.err.empty());
    }
    CHECK_THAT(ferrule({"--version"}).out, Contains("ferrule "));
}

TEST_CASE("bad input gets one line and status 2") {
    Program ferrule;
    check_one_line_error(ferrule({"frobnicate"}));
    check_one_line_error(ferrule({"grade"}));
    check_one_line_error(ferrule({"list", "--jsno"}));
    check_one_line_error(ferrule({"start", "ring", "--lang", "cobol"}));
    check_one_line_error(ferrule({"grade", "ring", "/nonexistent"}));
    check_one_line_error(ferrule({"run", "/nonexistent"}));
    check_one_line_error(ferrule({"image"}));
    check_one_line_error(ferrule({"check", "absent"}));
    const auto no_case = ferrule({"check", "ring/none"});
    check_one_line_error(no_case);
    CHECK_THAT(no_case.err, Contains("\"ring\" has no case \"none\"") && Contains("starter, solution"));
    check_one_line_error(ferrule({"check", "ring", "--all"}));
    check_one_line_error(ferrule({"check", "ring", "--table", "x"}));
    check_one_line_error(ferrule({"check", "ring", "--repeat", "0"}));
    const auto near = ferrule({"start", "rign"});
    check_one_line_error(near);
    CHECK_THAT(near.err, Contains("Did you mean \"ring\"?"));
    check_one_line_error(ferrule({"start", "a\nb\x1b[31m"}));
}

TEST_CASE("output that cannot be written is an error, one that nobody wants is none") {
    Program ferrule;
    const auto shell = [&](const std::string& command) {
        SpawnRequest request;
        request.argv = {"/bin/bash", "-c", command};
        request.environment = {"PATH=/usr/bin:/bin", "HOME=" + ferrule.path("home").string(),
                               "FERRULE_ROOT=" + ferrule.path("root").string(), "FERRULE=" FERRULE_PROGRAM};
        const auto result = run(std::move(request), {});
        REQUIRE(result);
        return *result;
    };
    const auto full = shell("$FERRULE list >/dev/full");
    check_one_line_error(full);
    CHECK_THAT(full.err, Contains("disk"));
    // The reader is gone before the first word.
    const auto unread = shell("{ sleep 0.2; $FERRULE list; echo status $? >&2; } | true");
    CHECK(unread.err == "status 0\n");
}

TEST_CASE("a broken course is reported with file and line") {
    Program ferrule;
    ferrule.put("root/lessons/course/course.toml", "format_version = 1\npart = 3\n");
    const auto result = ferrule({"list"});
    check_one_line_error(result);
    CHECK_THAT(result.err, Contains("course.toml:2:"));
}

TEST_CASE("errors are JSON, and nothing else is there, when JSON was asked for") {
    Program ferrule;
    for (const auto& arguments : std::vector<std::vector<std::string>>{{"grade", "absent", "--json"},
                                                                       {"grade", "ring", "/nonexistent", "--json"},
                                                                       {"grade", "--json"},
                                                                       {"check", "absent", "--json"}}) {
        const auto result = ferrule(arguments);
        CHECK(result.exit_code == 2);
        CHECK(result.err.empty());
        const Json json = Json::parse(result.out, nullptr, false);
        REQUIRE(json.is_object());
        CHECK(json["verdict"] == "error");
        CHECK(json["format"] == 1);
        CHECK(json["findings"].empty());
        for (const char* key : {"code", "message", "hint"}) CHECK(json["error"][key].is_string());
    }
}

TEST_CASE("start, list, reset and solution work together and keep work") {
    Program ferrule;
    Json list = Json::parse(ferrule({"list", "--json"}).out);
    CHECK(list["format"] == 1);
    Json exercise = list["parts"][0]["lessons"][0]["exercises"][0];
    CHECK(exercise["id"] == "ring");
    CHECK(exercise["progress"]["c"] ==
          Json({{"started", false}, {"attempts", 0}, {"passed", false}, {"last", nullptr}, {"hints", 0}}));

    const auto started = ferrule({"start", "ring"});
    CHECK(started.exit_code == 0);
    CHECK_THAT(started.out, Contains((ferrule.path("work") / "ring" / "c").string()));
    ferrule.put("work/ring/c/ring.c", "my work\n");
    const auto again = ferrule({"start", "ring"});
    CHECK(again.exit_code == 0);
    CHECK_THAT(again.out, Contains("is kept"));
    CHECK(read_file(ferrule.path("work/ring/c/ring.c")) == "my work\n");
    list = Json::parse(ferrule({"list", "--json"}).out);
    CHECK(list["parts"][0]["lessons"][0]["exercises"][0]["progress"]["c"]["started"] == true);

    const auto reset = ferrule({"reset", "ring"});
    CHECK(reset.exit_code == 0);
    CHECK(read_file(ferrule.path("work/ring/kept/c-1/ring.c")) == "my work\n");
    CHECK(read_file(ferrule.path("work/ring/c/ring.c")) == "/* starter */\n");

    CHECK(ferrule({"solution", "ring"}).out == "/* solution */\n");
    CHECK(ferrule({"solution", "ring", "--lang", "rust"}).out == "// solution\n");

    REQUIRE(ferrule({"start", "ring", "--lang", "rust"}).exit_code == 0);
    const auto which = ferrule({"reset", "ring"});
    check_one_line_error(which);
    CHECK_THAT(which.err, Contains("--lang c or --lang rust"));
}

TEST_CASE("a submission with a link fails as a verdict, without an image, and is hinted at") {
    Program ferrule;
    REQUIRE(make_directories(ferrule.path("sub")));
    fs::create_symlink("/etc/passwd", ferrule.path("sub/ring.c"));
    const auto result = ferrule({"grade", "ring", ferrule.path("sub").string(), "--lang", "c", "--json"});
    CHECK(result.exit_code == 1);
    const Json json = Json::parse(result.out, nullptr, false);
    REQUIRE(json.is_object());
    CHECK(json["verdict"] == "fail");
    CHECK(json["exercise"] == "ring");
    CHECK(json["language"] == "c");
    REQUIRE(json["findings"].size() == 1);
    CHECK(json["findings"][0]["class"] == "build-error");
    CHECK(json["error"].is_null());

    CHECK_THAT(ferrule({"hint", "ring", "--lang", "rust"}).out, Contains("First: ferrule grade ring"));
    const auto first = ferrule({"hint", "ring"});
    CHECK(first.exit_code == 0);
    CHECK_THAT(first.out, Contains("1 of 2  Look at the first line."));
    CHECK_THAT(first.out, !Contains("second"));
    CHECK_THAT(ferrule({"hint", "ring"}).out, Contains("2 of 2  Look at the second."));
    CHECK_THAT(ferrule({"hint", "ring"}).out, Contains("ferrule solution ring"));
    const Json progress =
        Json::parse(ferrule({"list", "--json"}).out)["parts"][0]["lessons"][0]["exercises"][0]["progress"]["c"];
    CHECK(progress["attempts"] == 1);
    CHECK(progress["last"] == "fail");
    CHECK(progress["hints"] == 2);
}

TEST_CASE("without a terminal learn prints the course and how to go on, without escapes") {
    Program ferrule;
    const auto course = ferrule({"learn"});
    CHECK(course.exit_code == 0);
    CHECK_THAT(course.out, Contains("ring: A ring (5 min, new)") && Contains("ferrule image build"));
    const auto lesson = ferrule({"learn", "ring"});
    CHECK(lesson.exit_code == 0);
    CHECK_THAT(lesson.out, Catch::Matchers::StartsWith("Leaks\n") && Contains("A driver that forgets."));
    CHECK_THAT(lesson.out, Contains("ferrule start ring"));
    CHECK(lesson.out.find('\x1b') == std::string::npos);
}

TEST_CASE(
    "without a command the image is built first; when that fails, it says why and the course opens all the same") {
    Program ferrule;
    ferrule.extra = {"FERRULE_MIRROR=http://127.0.0.1:9/debian"};
    const auto course = ferrule({});
    CHECK(course.exit_code == 0);
    CHECK_THAT(course.err, Contains("building the kernel") && Contains("127.0.0.1:9"));
    CHECK_THAT(course.out, Contains("ring: A ring (5 min, new)") && Contains("ferrule image build"));
}

TEST_CASE("image status and doctor answer without an image") {
    Program ferrule;
    const auto doctor = ferrule({"doctor", "--json"});
    const Json json = Json::parse(doctor.out, nullptr, false);
    REQUIRE(json.is_object());
    CHECK(doctor.exit_code == (json["ok"] == true ? 0 : 1));
    CHECK(json["lines"].size() >= 6);
}

namespace {

constexpr const char* kModule =
    "#include <linux/module.h>\n#include <linux/slab.h>\nstatic void *p;\n"
    "static int __init ring_init(void)\n{\n\tp = kmalloc(24, GFP_KERNEL);\n\treturn p ? 0 : -ENOMEM;\n}\n"
    "static void __exit ring_exit(void)\n{\n\tkfree(p);\n}\n"
    "module_init(ring_init);\nmodule_exit(ring_exit);\nMODULE_LICENSE(\"GPL\");\n";

std::string host_cache() { return cache_dir().parent_path().string(); }

}  // namespace

TEST_CASE("grade: a module that passes, one that leaks, one that does not compile", "[image]") {
    Program ferrule;
    REQUIRE(ferrule({"start", "ring"}).exit_code == 0);
    std::string text = kModule;
    ferrule.put("work/ring/c/ring.c", text);
    const auto good = ferrule({"grade", "ring", "--json", "--no-cache"}, "", host_cache());
    INFO(good.out << good.err);
    CHECK(good.exit_code == 0);
    Json json = Json::parse(good.out, nullptr, false);
    REQUIRE(json.is_object());
    CHECK(json["verdict"] == "pass");
    CHECK(json["findings"].empty());
    CHECK(json["environment"]["kernel"].get<std::string>().size() > 2);
    CHECK_THAT(ferrule({"hint", "ring"}).out, Contains("It passed"));
    CHECK_THAT(ferrule({"list"}).out, Contains("passed"));

    text.replace(text.find("\tkfree(p);\n"), 11, "");
    ferrule.put("work/ring/c/ring.c", text);
    const auto leak = ferrule({"grade", "ring", "--json", "--no-cache"}, "", host_cache());
    CHECK(leak.exit_code == 1);
    json = Json::parse(leak.out, nullptr, false);
    REQUIRE(json.is_object());
    REQUIRE_FALSE(json["findings"].empty());
    CHECK(json["findings"][0]["class"] == "memory-leak");
    CHECK(json["findings"][0]["file"] == "ring.c");
    CHECK(json["findings"][0]["line"] == 6);
    const auto again =
        Json::parse(ferrule({"grade", "ring", "--json", "--no-cache"}, "", host_cache()).out, nullptr, false);
    CHECK(again["findings"] == json["findings"]);

    // From the cache: nothing is built or run, and the verdict is the same.
    const auto first = ferrule({"grade", "ring", "--json"}, "", host_cache());
    const auto cached = ferrule({"grade", "ring", "--json"}, "", host_cache());
    const Json kept = Json::parse(cached.out, nullptr, false);
    CHECK(kept["findings"] == json["findings"]);
    CHECK(kept["scenarios"] == Json::parse(first.out, nullptr, false)["scenarios"]);
    CHECK(kept["timing"]["total_seconds"] < kept["timing"]["run_seconds"]);
    CHECK_THAT(ferrule({"grade", "ring"}, "", host_cache()).out, Contains("--no-cache"));
    CHECK_THAT(ferrule({"grade", "ring", "--format", "junit"}, "", host_cache()).out,
               Contains("<failure type=\"memory-leak\""));

    ferrule.put("work/ring/c/ring.c", "int x = ;\n");
    const auto broken = ferrule({"grade", "ring"}, "", host_cache());
    CHECK(broken.exit_code == 1);
    CHECK_THAT(broken.out, Contains("build-error") && Contains("ring.c:1"));
    CHECK(broken.out.find('\x1b') == std::string::npos);
}

TEST_CASE("run: a script on standard input is run in the guest, to its end", "[image]") {
    Program ferrule;
    ferrule.put("ring.c", kModule);
    const auto result = ferrule({"run", ferrule.path("ring.c").string()},
                                "insmod /run/ring.ko && lsmod\necho $((6 * 7))\n", host_cache());
    INFO(result.out << result.err);
    CHECK(result.exit_code == 0);
    CHECK_THAT(result.out, Contains("ring ") && Contains("42"));

    ferrule.put("ring.c", "int x = ;\n");
    const auto broken = ferrule({"run", ferrule.path("ring.c").string()}, "", host_cache());
    CHECK(broken.exit_code == 2);
    CHECK_THAT(broken.err, Contains("ring.c:1: error:") && Contains("does not compile"));
}
