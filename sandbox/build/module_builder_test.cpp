#include "sandbox/build/module_builder.hpp"

#include <algorithm>
#include <thread>

#include "sandbox/build/builder_fixture.hpp"
#include "sandbox/build/elf_fixture.hpp"

namespace ferrule::build {

TEST_CASE("a C module is built, with line tables for the host and none for the guest", "[image]") {
    const BuildOutcome outcome = build(c_set({{"ring.c", fresh(kRing)}}));
    REQUIRE(outcome.ok);
    CHECK(outcome.diagnostics.empty());
    const auto imports = outcome.module.imports;
    CHECK(std::count(imports.begin(), imports.end(), "kfree") == 1);
    CHECK(std::is_sorted(imports.begin(), imports.end()));
    const auto full = Elf(outcome.module.ko).sections(false), stripped = Elf(outcome.module.stripped).sections(false);
    CHECK(full.count(".debug_line") == 1);
    CHECK(full.at(".debug_str").find("ring.c") != std::string::npos);
    CHECK(full.at(".debug_str").find("/work") != std::string::npos);
    CHECK(stripped.count(".debug_line") == 0);
    CHECK(stripped.count(".gnu.linkonce.this_module") == 1);
    CHECK(full.at(".text") == stripped.at(".text"));
}

TEST_CASE("a Rust module is built, of several files too", "[image]") {
    const std::string root =
        fresh(std::string(kRust) + "mod part;\n#[allow(dead_code)]\nfn f() -> u32 { part::answer() }\n");
    const BuildOutcome outcome =
        build(rust_set({{"part.rs", "pub(crate) fn answer() -> u32 { 42 }\n"}, {"ring.rs", root}}));
    REQUIRE(outcome.ok);
    const auto full = Elf(outcome.module.ko).sections(false);
    CHECK(full.at(".debug_str").find("/work") != std::string::npos);
    CHECK(full.at(".debug_line").find("ring.rs") != std::string::npos);
    CHECK(build(rust_set({{"some-other.rs", fresh(kRust)}})).ok);
}

TEST_CASE("the same again comes from the cache, at once", "[image]") {
    const SourceSet set = c_set({{"ring.c", fresh(kRing)}});
    const BuildOutcome first = build(set);
    const auto start = Clock::now();
    const BuildOutcome again = build(set);
    CHECK(std::chrono::duration<double>(Clock::now() - start).count() < 0.3);
    CHECK(again.module.ko == first.module.ko);
    CHECK(again.module.key == first.module.key);
    CHECK(build(c_set({{"ring.c", set.files[0].text + " "}})).module.key != first.module.key);
}

TEST_CASE("two builds of the same at once give one module", "[image]") {
    const SourceSet set = c_set({{"ring.c", fresh(kRing)}});
    const image::Image& image = the_image();
    Result<BuildOutcome> outcomes[2];
    std::thread threads[2];
    for (int i = 0; i < 2; ++i) threads[i] = std::thread([&, i] { outcomes[i] = build_module(image, set); });
    for (std::thread& thread : threads) thread.join();
    for (const auto& outcome : outcomes) {
        REQUIRE(outcome);
        REQUIRE(outcome->ok);
        CHECK(fs::is_regular_file(outcome->module.stripped));
    }
    CHECK(outcomes[0]->module.ko == outcomes[1]->module.ko);
}

TEST_CASE("errors and warnings are at the learner's line", "[image]") {
    std::string text = kRing;
    text.replace(text.find("return 0;"), 9, "return 0");
    const BuildOutcome syntax = build(c_set({{"ring.c", fresh(text)}}));
    CHECK(!syntax.ok);
    CHECK(has(syntax, "error", "ring.c", 16, "expected ';'"));
    CHECK(syntax.log.find("ring.c:16:") != std::string::npos);

    const BuildOutcome warned =
        build(c_set({{"ring.c", fresh(std::string(kRing) + "static int unused(void) { return 1; }\n")}}));
    CHECK(warned.ok);
    CHECK(has(warned, "warning", "ring.c", 28, "unused function"));

    const BuildOutcome types =
        build(rust_set({{"ring.rs", fresh(std::string(kRust) + "const N: u32 = \"three\";\n")}}));
    CHECK(!types.ok);
    CHECK(has(types, "error", "ring.rs", 29, "mismatched types"));
    CHECK(types.log.find("error[E0308]") != std::string::npos);

    const BuildOutcome part =
        build(rust_set({{"ring.rs", fresh(std::string(kRust) + "mod part;\n")}, {"part.rs", "\n\nfn x( {}\n"}}));
    CHECK(!part.ok);
    CHECK(has(part, "error", "part.rs", 3, ""));
}

TEST_CASE("what only the linker or modpost sees is at the learner's line", "[image]") {
    std::string text = kRing;
    text.replace(text.find("kfree(buffer);"), 14, "gone(buffer);");
    text.insert(text.find("static void *buffer;"), "extern void gone(void *p);\n");
    const BuildOutcome undefined = build(c_set({{"ring.c", fresh(text)}}));
    CHECK(!undefined.ok);
    CHECK(has(undefined, "error", "ring.c", 22, "'gone' undefined"));

    text = kRing;
    text.erase(text.find("MODULE_LICENSE"));
    const BuildOutcome license = build(c_set({{"ring.c", fresh(text)}}));
    CHECK(!license.ok);
    CHECK(has(license, "error", "", 0, "missing MODULE_LICENSE"));

    const BuildOutcome twice =
        build(c_set({{"ring.c", fresh(std::string(kRing) + "int x(void);\nint x(void) { return 1; }\n")},
                     {"two.c", "int x(void);\nint x(void) { return 2; }\n"}}));
    CHECK(!twice.ok);
    CHECK(has(twice, "error", "two.c", 2, "duplicate symbol: x"));

    const BuildOutcome rust =
        build(rust_set({{"ring.rs", fresh(std::string(kRust) +
                                          "#[no_mangle]\npub fn probe(n: usize) {\n    build_assert!(n > 4);\n}\n")}}));
    CHECK(!rust.ok);
    CHECK(has(rust, "error", "ring.rs", 31, "build_assert"));

    const BuildOutcome copy =
        build(c_set({{"ring.c", fresh("#include <linux/uaccess.h>\nstatic char tiny[4];\nint take(char __user "
                                      "*p);\nint take(char __user *p)\n{\n\treturn copy_from_user(tiny, p, 64);\n}\n" +
                                      std::string(kRing))}}));
    CHECK(!copy.ok);
    CHECK(has(copy, "error", "ring.c", 6, "copy destination size is too small"));
}

TEST_CASE("a test program is built static, and its author hears of mistakes", "[image]") {
    const SourceFile source{"race.c", fresh("#include <pthread.h>\n#include <stdio.h>\n#include "
                                            "<linux/ioctl.h>\nstatic void *f(void *p) { return p; }\n"
                                            "int main(void) { pthread_t t; if (pthread_create(&t, 0, f, 0)) return 1; "
                                            "pthread_join(t, 0); puts(\"ran\"); return 7; }\n")};
    const auto program = build_program(the_image(), source);
    if (!program) FAIL(program.error().message);
    SpawnRequest request;
    request.argv = {program->string()};
    const auto result = run(request);
    REQUIRE(result);
    CHECK(result->exit_code == 7);
    CHECK(result->out == "ran\n");
    CHECK(*build_program(the_image(), source) == *program);
    const auto wrong = build_program(the_image(), {"race.c", fresh("int main(void) { return nothing; }\n")});
    REQUIRE(!wrong);
    CHECK(wrong.error().code == "bad-program");
    CHECK(wrong.error().message == "race.c:1: use of undeclared identifier 'nothing'");
}

}  // namespace ferrule::build
