// What a hostile source may try on the compilers.
#include <cstdlib>

#include "sandbox/build/builder_fixture.hpp"

namespace ferrule::build {
namespace {

bool contains(const fs::path& file, const std::string& words) {
    return read_file(file)->find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("a source cannot read the host or the environment", "[image]") {
    const TempDir host = *TempDir::make();
    const std::string secret = "ferrule_secret_" + std::to_string(Clock::now().time_since_epoch().count());
    const std::string path = (host.path() / "secret.h").string();
    REQUIRE(write_file(path, "int " + secret + ";\n#error " + secret + "\n"));
    setenv("FERRULE_TEST_SECRET", secret.c_str(), 1);
    const auto innocent = [&](const SourceSet& set, bool may_build) {
        const BuildOutcome outcome = build(set);
        INFO(outcome.log);
        CHECK(outcome.log.find(secret) == std::string::npos);
        CHECK((may_build || !outcome.ok));
        if (outcome.ok) CHECK(!contains(outcome.module.ko, secret));
    };
    for (const std::string& file :
         {path, "/proc/self/root" + path, "/proc/1/root" + path, "/proc/1/cwd" + path, std::string("/proc/1/environ"),
          std::string("/proc/self/environ"), "../../../../../../.." + path}) {
        INFO(file);
        // What is the jail's own (its environment, which is empty) may be read.
        innocent(c_set({{"ring.c", fresh("#include \"" + file + "\"\n" + kRing)}}), file.ends_with("environ"));
        innocent(c_set({{"ring.c", fresh(std::string(kRing) + "asm(\".section .rodata\\n.incbin \\\"" + file +
                                         "\\\"\\n\");\n")}}),
                 true);
        innocent(rust_set({{"ring.rs", fresh(std::string(kRust) + "#[used]\nstatic LEAK: &[u8] = include_bytes!(\"" +
                                             file + "\");\n")}}),
                 true);
    }
    CHECK(build(c_set({{"ring.c", fresh(std::string(kRing) + "#if __has_include(\"" + path +
                                        "\")\n#error it is there\n#endif\n")}}))
              .ok);
    const BuildOutcome variable =
        build(rust_set({{"ring.rs", fresh(std::string(kRust) + "const S: &str = env!(\"FERRULE_TEST_SECRET\");\n")}}));
    CHECK(!variable.ok);
    CHECK(has(variable, "error", "ring.rs", 29, "not defined at compile time"));
    unsetenv("FERRULE_TEST_SECRET");
}

TEST_CASE("a source cannot run code at compile time or widen what the kernel allows", "[image]") {
    const BuildOutcome feature =
        build(rust_set({{"ring.rs", fresh("#![feature(rustc_private)]\n" + std::string(kRust))}}));
    CHECK(!feature.ok);
    const BuildOutcome macro = build(rust_set(
        {{"ring.rs", fresh("#![crate_type = \"proc-macro\"]\nextern crate proc_macro;\n" + std::string(kRust))}}));
    CHECK(!macro.ok);
    CHECK(has(macro, "error", "ring.rs", 2, "can't find crate"));
}

TEST_CASE("a compiler that does not end is stopped", "[image]") {
    Limits limits;
    limits.cpu_seconds = 2;
    const std::string endless = "#![allow(long_running_const_eval)]\n" + std::string(kRust) +
                                "const N: usize = { let mut n = 0usize; loop { n = n.wrapping_add(1); if n == 5 && "
                                "false { break } } n };\n#[used]\nstatic X: usize = N;\n";
    const BuildOutcome rust = build(rust_set({{"ring.rs", fresh(endless)}}), limits);
    CHECK(!rust.ok);
    CHECK(has(rust, "error", "ring.rs", 0, "more than 2 s of processor time"));

    limits.cpu_seconds = 100;
    limits.wall_seconds = 3;
    const auto start = Clock::now();
    const BuildOutcome wall = build(rust_set({{"ring.rs", fresh(endless)}}), limits);
    CHECK(!wall.ok);
    CHECK(has(wall, "error", "ring.rs", 0, "longer than 3 s"));
    CHECK(Clock::now() - start < std::chrono::seconds(8));
}

TEST_CASE("a compiler that wants too much memory, disk or words is stopped", "[image]") {
    std::string bomb;
    for (char c = 'A'; c < 'K'; ++c) {
        bomb += fmt::format("#define {0}(x)", c);
        for (int i = 0; i < 8; ++i) bomb += fmt::format(" {}(x)", static_cast<char>(c + 1));
        bomb += "\n";
    }
    Limits small;
    small.memory = 600ull << 20;
    const BuildOutcome memory = build(c_set({{"ring.c", fresh(bomb + "#define K(x) x +\nint a = A(1) 0;\n")}}), small);
    CHECK(!memory.ok);
    CHECK(has(memory, "error", "ring.c", 0, "more than 600 MiB of memory"));

    Limits narrow;
    narrow.file_bytes = 2ull << 20;
    const BuildOutcome disk =
        build(c_set({{"ring.c", fresh(std::string(kRing) + "char big[4 << 20] = { 1 };\n")}}), narrow);
    CHECK(!disk.ok);
    CHECK(has(disk, "error", "ring.c", 0, "wrote more than 2 MiB"));

    Limits quiet;
    quiet.output_bytes = 20'000;
    std::string loud = kRing;
    for (int i = 0; i < 2000; ++i) loud += "#warning again and again\n";
    const BuildOutcome words = build(c_set({{"ring.c", fresh(loud)}}), quiet);
    CHECK(!words.ok);
    CHECK(has(words, "error", "", 0, "said more than 19 KiB"));
    CHECK(words.diagnostics.size() <= 202);
}

TEST_CASE("a broken image is our error, never the learner's", "[image]") {
    const SourceSet set = c_set({{"ring.c", fresh(kRing)}});
    image::Image image = the_image();
    image.toolchain.root = "/nowhere";
    const auto no_root = build_module(image, set);
    REQUIRE(!no_root);
    CHECK(no_root.error().code == "jail");
    image = the_image();
    image.kernel.recipe = "/nowhere";
    const auto no_recipe = build_module(image, set);
    REQUIRE(!no_recipe);
    CHECK(no_recipe.error().code == "build-broken");
    const auto bad = build_module(the_image(), c_set({{"../ring.c", ""}}));
    REQUIRE(!bad);
    CHECK(bad.error().code == "bad-submission");
}

}  // namespace ferrule::build
