// The replayed build against the real Kbuild.
#include "sandbox/build/kbuild_reference.hpp"

#include <algorithm>

#include "sandbox/build/builder_fixture.hpp"
#include "sandbox/build/elf_fixture.hpp"

namespace ferrule::build {
namespace {

void check_equals_kbuild(const SourceSet& set, const BuildOutcome& outcome) {
    INFO(set.module);
    REQUIRE(outcome.ok);
    const auto reference = build_by_kbuild(the_image(), set);
    if (!reference) FAIL(reference.error().message);
    const auto ours = Elf(outcome.module.ko).sections(true), theirs = Elf(reference->ko).sections(true);
    REQUIRE(!ours.empty());
    for (const auto& [name, bytes] : theirs) {
        INFO(name);
        REQUIRE(ours.count(name) == 1);
        const auto [mine, other] =
            std::mismatch(ours.at(name).begin(), ours.at(name).end(), bytes.begin(), bytes.end());
        INFO("differs at " << mine - ours.at(name).begin() << " of " << ours.at(name).size() << " and "
                           << bytes.size());
        REQUIRE((mine == ours.at(name).end() && other == bytes.end()));
    }
    REQUIRE(ours.size() == theirs.size());
}

void check_equals_kbuild(const SourceSet& set) { check_equals_kbuild(set, build(set)); }

// Kbuild takes three seconds for each, so what was found equal is not compared again: an empty file in the cache, named
// by the module's key (sources, image) and what was made of them.
fs::path mark_of(const BuildOutcome& outcome) {
    REQUIRE(outcome.ok);
    const auto ko = read_file(outcome.module.ko);
    REQUIRE(ko);
    return cache_dir() / "compared" / Hash().add(outcome.module.key).add(*ko).hex();
}

}  // namespace

TEST_CASE("replay equals Kbuild", "[image]") {
    check_equals_kbuild(c_set({{"ring.c", fresh(kRing)}}));
    check_equals_kbuild(rust_set({{"ring.rs", fresh(kRust)}}));
    // Several sources: a subfolder, a name with a dash, __FILE__ and a version; and the module's own name among them.
    check_equals_kbuild(c_set(
        {{"main.c",
          fresh(std::string(kRing) +
                "MODULE_VERSION(\"1\");\nint a(void);\nint c(void);\nint c(void) { WARN_ON(a() > 3); return a(); }\n")},
         {"part-a.c",
          "#include <linux/bug.h>\n#include \"sub/b.h\"\nint a(void);\nint a(void) { pr_warn(\"%s %s\\n\", "
          "KBUILD_MODNAME, __FILE__); return b(1); }\n"},
         {"sub/b.c", "#include \"b.h\"\nint b(int x) { return x / 3; }\n"},
         {"sub/b.h", "#include <linux/printk.h>\nint b(int x);\n"}}));
    check_equals_kbuild(
        c_set({{"ring.c", fresh(kRing)}, {"other.c", "int b(int x);\nint b(int x) { return x / 3; }\n"}}));
}

TEST_CASE("replay equals Kbuild for the solutions of the course", "[image]") {
    const auto root = source_root();
    REQUIRE(root);
    int seen = 0, known = 0;
    std::error_code error;
    for (fs::recursive_directory_iterator it(*root / "lessons" / "course", error), end; !error && it != end;
         it.increment(error)) {
        if (!it->is_directory() || it->path().filename() != "solution") continue;
        const Language language = it->path().parent_path().filename() == "rust" ? Language::rust : Language::c;
        // The module has the name of the first source; only the code is compared.
        std::string module;
        for (const fs::directory_entry& file : fs::directory_iterator(it->path()))
            if (file.path().extension() == (language == Language::rust ? ".rs" : ".c") &&
                (module.empty() || file.path().stem() < module))
                module = file.path().stem();
        std::replace(module.begin(), module.end(), '-', '_');
        INFO(it->path().string());
        const auto set = read_sources(it->path(), language, module);
        REQUIRE(set);
        ++seen;
        const BuildOutcome outcome = build(*set);
        const fs::path mark = mark_of(outcome);
        if (fs::exists(mark)) {
            ++known;
            continue;
        }
        check_equals_kbuild(*set, outcome);
        REQUIRE(make_directories(mark.parent_path()));
        REQUIRE(write_file(mark, ""));
    }
    if (seen == 0) WARN("no exercise has a solution yet");
    if (known > 0) WARN(known << " of " << seen << " modules were found equal before");
}

}  // namespace ferrule::build
