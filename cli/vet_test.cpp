// ferrule vet as a process, on modules as their authors keep them.
#include <nlohmann/json.hpp>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"

using namespace ferrule;
using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

constexpr const char* kMain = R"(#include <linux/module.h>
#include <linux/slab.h>
#include "parts.h"

static int count = 1;
module_param(count, int, 0444);
static char *first;

static int __init parts_init(void)
{
	if (count > 8)
		return -EINVAL;
	first = kmalloc(count, GFP_KERNEL);
	if (!first)
		return -ENOMEM;
	return parts_more(count);
}
module_init(parts_init);

static void __exit parts_exit(void)
{
	parts_less();
	kfree(first);
}
module_exit(parts_exit);

MODULE_DESCRIPTION("two files");
MODULE_LICENSE("GPL");
)";
constexpr const char* kPart = R"(#include <linux/slab.h>
#include "parts.h"

static char *second;

int parts_more(int count)
{
	second = kmalloc(count, GFP_KERNEL);
	return second ? 0 : -ENOMEM;
}

void parts_less(void)
{
	kfree(second);
}
)";

struct Driver {
    TempDir dir = *TempDir::make();
    fs::path path = dir.path() / "some-parts";
    Driver() {
        fs::create_directories(path / "lib");
        put("main.c", kMain);
        put("lib/more.c", kPart);
        put("parts.h", "int parts_more(int count);\nvoid parts_less(void);\n");
        put("unused.c", "#error not of this module\n");
        put("README", "not a source\n");
        put("Kbuild", "obj-m += parts.o\nparts-y := main.o lib/more.o\nccflags-y := -I$(src)\n");
    }
    void put(const std::string& name, const std::string& text) const { REQUIRE(write_file(path / name, text)); }

    RunResult vet(std::vector<std::string> arguments) const {
        std::vector<std::string> argv = {FERRULE_PROGRAM, "vet", "--no-cache"};
        argv.insert(argv.end(), arguments.begin(), arguments.end());
        RunOptions options;
        options.timeout = std::chrono::minutes(25);
        auto result = run({.argv = argv}, options);
        REQUIRE(result);
        INFO(result->err);
        return *result;
    }
};

}  // namespace

TEST_CASE("vet: what cannot be vetted is one line and status 2") {
    const Driver driver;
    for (const auto& [arguments, words] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"/nowhere.c"}, "/nowhere.c"},
             {{driver.path / "README"}, "--lang"},
             {{driver.path, "--module", "other"}, "lists no module"},
             {{driver.path, "--scenario", "/nowhere.toml"}, "/nowhere.toml"},
             {{driver.path, "--format", "yaml"}, "yaml"},
             {{driver.path, "--deadline", "500"}, "--deadline"},
             {{}, "PATH"}}) {
        const RunResult result = driver.vet(arguments);
        INFO(result.err);
        CHECK(result.exit_code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err, Contains(words));
        const auto last = result.err.rfind("ferrule: ");
        REQUIRE(last != std::string::npos);
        CHECK(std::count(result.err.begin() + static_cast<long>(last), result.err.end(), '\n') == 1);
    }
    const RunResult json = driver.vet({"/nowhere.c", "--json"});
    CHECK(json.exit_code == 2);
    CHECK(Json::parse(json.out)["verdict"] == "error");
}

TEST_CASE("vet: a driver of several files, its leak under a failing allocation, its parameters", "[image]") {
    const Driver driver;
    const RunResult leaky = driver.vet({driver.path, "--json"});
    INFO(leaky.err << leaky.out);
    CHECK(leaky.exit_code == 1);
    CHECK_THAT(leaky.err, Contains("ccflags-y"));
    const Json verdict = Json::parse(leaky.out);
    CHECK(verdict["exercise"] == "parts");
    REQUIRE(verdict["findings"].size() == 1);
    const Json& leak = verdict["findings"][0];
    CHECK(leak["class"] == "memory-leak");
    CHECK(leak["file"] == "main.c");
    CHECK(leak["line"] == 13);
    CHECK(leak["fault"] == "allocation 2 failed");

    std::string mended = kMain;
    mended.replace(mended.find("return parts_more(count);"), 25,
                   "if (parts_more(count)) {\n\t\tkfree(first);\n\t\treturn -ENOMEM;\n\t}\n\treturn 0;");
    driver.put("main.c", mended);
    const RunResult clean = driver.vet({driver.path, "--params", "count=3"});
    INFO(clean.err << clean.out);
    CHECK(clean.exit_code == 0);
    CHECK_THAT(clean.out, Contains("PASS parts (c)"));
    CHECK_THAT(clean.out, Contains("2 of its allocations made to fail"));

    const RunResult refused = driver.vet({driver.path, "--params", "count=9", "--format", "junit"});
    CHECK(refused.exit_code == 1);
    CHECK_THAT(refused.out, Contains("load-failed"));

    driver.put("more.toml",
               "[[scenario]]\nname = \"the parameter is there\"\nsteps = [{ load = \"count=5\" }, { read_file = "
               "\"/sys/module/parts/parameters/count\", out = \"text 6\\n\" }]\n");
    const RunResult wrong = driver.vet({driver.path, "--scenario", driver.path / "more.toml"});
    INFO(wrong.err << wrong.out);
    CHECK(wrong.exit_code == 1);
    CHECK_THAT(wrong.out, Contains("wrong-result"));
    CHECK_THAT(wrong.out, Contains("the parameter is there"));
}

TEST_CASE("vet: a load has as long as is said", "[image]") {
    const Driver driver;
    std::string slow = kMain;
    slow.replace(slow.find("	if (count > 8)"), 0, "	msleep(3000);\n");
    slow.replace(slow.find("#include <linux/module.h>"), 0, "#include <linux/delay.h>\n");
    driver.put("main.c", slow);
    driver.put("lib/more.c",
               "#include \"parts.h\"\nint parts_more(int count) { return 0; }\nvoid parts_less(void) {}\n");
    const RunResult hurried = driver.vet({driver.path, "--deadline", "1"});
    CHECK(hurried.exit_code == 1);
    CHECK_THAT(hurried.out, Contains("hang"));
    const RunResult patient = driver.vet({driver.path, "--deadline", "30"});
    INFO(patient.err << patient.out);
    CHECK(patient.exit_code == 0);
}
