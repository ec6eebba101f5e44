#include "lessons/reader/compare.hpp"

#include <algorithm>

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Catch::Matchers::Contains;

namespace {

struct Pair {
    Result<TempDir> folder = TempDir::make();
    grader::Exercise exercise;
    std::vector<grader::Mutant> mutants;

    Pair() {
        REQUIRE(folder);
        exercise.id = "ring";
        exercise.folder = folder->path();
        exercise.languages = {grader::Language::c, grader::Language::rust};
        for (const auto& [path, text] : {std::pair{"c/solution/ring.c", "int ring;\nint second;\n"},
                                         {"rust/solution/ring.rs", "static RING: u32 = 0;\n"}}) {
            REQUIRE(make_directories((folder->path() / path).parent_path()));
            REQUIRE(write_file(folder->path() / path, text));
        }
        add(grader::Language::c, "use-after-free", "It is freed and read.");
        add(grader::Language::rust, "build-error", "It is dropped and read.");
        add(grader::Language::rust, "memory-leak", "It is forgotten.");
    }
    void add(grader::Language language, const char* finding_class, const char* note) {
        grader::Mutant mutant;
        mutant.language = language;
        mutant.finding_class = finding_class;
        mutant.note = note;
        mutants.push_back(mutant);
    }
    std::string at(int width) const {
        const auto lines = compare_languages(exercise, mutants, width);
        REQUIRE(lines);
        std::string out;
        for (const Line& line : *lines) {
            const std::string text = to_text(line, Look::plain);
            CHECK(columns(text) <= width);
            out += text + "\n";
        }
        return out;
    }
};

}  // namespace

TEST_CASE("the mistakes that each compiler refuses, and those it does not") {
    const std::string text = Pair().at(120);
    const size_t refused = text.find("Rust's compiler refuses:"), found = text.find("Rust compiles, and it is wrong:");
    REQUIRE(refused != std::string::npos);
    REQUIRE(found != std::string::npos);
    CHECK(text.find("C compiles, and it is wrong:") < refused);
    CHECK(text.find("C's compiler refuses") == std::string::npos);
    const size_t dropped = text.find("It is dropped and read.");
    CHECK(refused < dropped);
    CHECK(dropped < found);
    CHECK_THAT(text.substr(found), Contains("It is forgotten. memory-leak"));
}

TEST_CASE("the sources stand side by side where there is room") {
    const Pair pair;
    CHECK_THAT(pair.at(120), Contains("int ring;") && Contains("│ static RING: u32 = 0;"));
    const std::string narrow = pair.at(80);
    CHECK_THAT(narrow, !Contains("│"));
    CHECK(narrow.find("int second;") < narrow.find("static RING"));
}

TEST_CASE("a line that is too long goes on below, and a wide character is not cut in two") {
    Pair pair;
    REQUIRE(write_file(pair.folder->path() / "c/solution/ring.c",
                       "/* " + std::string(200, 'x') + " */\n// " + std::string(52, 'y') + "漢字漢字漢字\n"));
    const std::string text = pair.at(117);  // 57 columns each
    CHECK_THAT(text, Contains(std::string(54, 'x') + " │ ") && Contains("漢字"));
    CHECK(static_cast<size_t>(std::count(text.begin(), text.end(), 'x')) == 200);
}
