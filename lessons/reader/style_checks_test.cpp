#include "lessons/reader/style_checks.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

TEST_CASE("what checkpatch and rustfmt remark has its file and line", "[image]") {
    const auto image = image::find("mem");
    REQUIRE(image);
    const auto dir = TempDir::make();
    REQUIRE(dir);
    std::error_code code;
    fs::copy(fs::path(FERRULE_SOURCE_ROOT) / "lessons/template/exercise", dir->path(), fs::copy_options::recursive,
             code);
    REQUIRE_FALSE(code);
    const auto load = [&] {
        auto exercise = grader::load_exercise(dir->path());
        REQUIRE(exercise);
        return std::move(*exercise);
    };
    const auto none = style_problems(load(), *image);
    REQUIRE(none);
    CHECK(*none == std::vector<std::string>());

    const auto edit = [&](const std::string& name, const std::string& from, const std::string& to) {
        std::string text = *read_file(dir->path() / name);
        const size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        REQUIRE(write_file(dir->path() / name, text.replace(at, from.size(), to)));
    };
    edit("c/solution/sample_device.c", "if (len > ", "if(len > ");
    edit("rust/solution/sample_device.rs", "let len = ", "let  len = ");
    const auto some = style_problems(load(), *image);
    REQUIRE(some);
    REQUIRE(some->size() == 2);
    CHECK_THAT(some->at(0), Contains("c/solution/sample_device.c:29: ERROR: space required"));
    CHECK_THAT(some->at(1), Contains("rust/solution/sample_device.rs:"));
}
