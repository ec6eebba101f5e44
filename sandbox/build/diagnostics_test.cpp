#include "sandbox/build/diagnostics.hpp"

#include <random>

#include "sandbox/base/catch.hpp"
#include "sandbox/build/late_places.hpp"

// testdata/ holds what the tools of the toolchain root really said (clang 19, rustc 1.96, lld 19, kernel 7.3.4).
namespace ferrule::build {
namespace {

std::string recorded(const std::string& name) {
    const auto text = read_file(fs::path(FERRULE_SOURCE_ROOT) / "sandbox/build/testdata" / name);
    REQUIRE(text);
    return *text;
}

SourceSet c_set(std::vector<SourceFile> files, const std::string& module = "ring") {
    return {Language::c, module, std::move(files)};
}

std::vector<Diagnostic> read(const SourceSet& set, const std::string& tool, const std::string& text, int status = 1,
                             int source = 0) {
    return read_diagnostics(set, {{"stage", tool, source}, status, text}, Limits{});
}

std::string shown(const Diagnostic& d) {
    return d.severity + " " + d.file + ":" + std::to_string(d.line) + ":" + std::to_string(d.column) + " " + d.message +
           " [" + d.tool + "]";
}

}  // namespace

TEST_CASE("clang: errors inside the kernel's macros are at the learner's line") {
    const SourceSet set = c_set({{"bad.h", ""}, {"bad2.c", ""}});
    const auto found = read(set, "clang", recorded("macros.clang"), 1, 1);
    REQUIRE(found.size() == 9);  // of 13: two of the macros repeat an argument
    CHECK(shown(found[0]) == "error bad2.c:9:50 no member named 'nothere' in 'struct thing' [clang]");
    CHECK(shown(found[4]) == "error bad2.c:11:36 use of undeclared identifier 'undeclared' [clang]");
    CHECK(shown(found.back()) == "error bad2.c:15:15 expected ';' after return statement [clang]");
    for (const Diagnostic& diagnostic : found) CHECK(diagnostic.file == "bad2.c");
}

TEST_CASE("clang: errors in the learner's header are at the header's line") {
    const SourceSet set = c_set({{"ring.c", ""}, {"ring.h", ""}, {"sub/a.c", ""}});
    const auto found =
        read(set, "clang",
             "In file included from ring.c:5:\n./ring.h:1:34: error: use of undeclared identifier 'x'\n    1 | static "
             "int helper(void) { return x; }\n"
             "In file included from sub/a.c:1:\nsub/../ring.h:3:1: warning: unused function 'y' [-Wunused-function]\n"
             "/work/sub/a.c:7:2: fatal error: too bad\n1 warning and 2 errors generated.\n");
    REQUIRE(found.size() == 3);
    CHECK(shown(found[0]) == "error ring.h:1:34 use of undeclared identifier 'x' [clang]");
    CHECK(shown(found[1]) == "warning ring.h:3:1 unused function 'y' [-Wunused-function] [clang]");
    CHECK(shown(found[2]) == "error sub/a.c:7:2 too bad [clang]");
}

TEST_CASE("clang: an error in a kernel header is at the #include, or better at the note in the learner's file") {
    const SourceSet set = c_set({{"ring.c", ""}});
    const auto found =
        read(set, "clang",
             "In file included from ring.c:2:\nIn file included from /usr/src/linux/include/linux/a.h:11:\n"
             "/usr/src/linux/include/linux/b.h:54:4: error: unknown type name 'u99'\n"
             "/usr/src/linux/include/linux/b.h:60:4: error: and another\nring.c:9:3: note: in instantiation\n");
    REQUIRE(found.size() == 2);
    CHECK(shown(found[0]) ==
          "error ring.c:2:0 unknown type name 'u99' (in /usr/src/linux/include/linux/b.h:54) [clang]");
    CHECK(found[1].line == 9);
}

TEST_CASE("clang: names given by #line are not believed") {
    const SourceSet set = c_set({{"ring.c", ""}});
    const auto found =
        read(set, "clang", "/etc/passwd:3:1: error: x\n../../host.c:3:1: error: y\n<inline asm>:2:9: error: z\n");
    REQUIRE(found.size() == 3);
    for (const Diagnostic& diagnostic : found) {
        CHECK(diagnostic.file == "ring.c");
        CHECK(diagnostic.line == 0);
    }
}

TEST_CASE("clang: what it finds after inlining is led back through the IR") {
    const SourceSet set = c_set({{"bad.c", ""}, {"bad.h", ""}}, "bad");
    auto found = read(set, "clang", recorded("attribute_call.clang"));
    REQUIRE(found.size() == 2);
    CHECK(found[1].line == 2);  // no better than the #include
    place_attribute_calls(set, recorded("attribute_call.ll"), found);
    CHECK(
        shown(found[1]) ==
        "error bad.c:10:6 call to '__bad_copy_to' declared with 'error' attribute: copy destination size is too small "
        "(in /usr/src/linux/include/linux/ucopysize.h:54) [clang]");
    CHECK(found[0].line == 1);
}

TEST_CASE("rustc: JSON to file, line and code; the rendered text is the log") {
    const SourceSet set{Language::rust, "e1", {{"e1.rs", ""}}};
    const StageLog log{{"rust", "rustc", 0}, 1, recorded("types.rustc")};
    const auto found = read_diagnostics(set, log, Limits{});
    REQUIRE(found.size() == 2);
    CHECK(shown(found[0]) == "error e1.rs:9:26 cannot find value `nothere` in this scope [E0425] [rustc]");
    CHECK(shown(found[1]) == "error e1.rs:8:22 mismatched types [E0308] [rustc]");
    const std::string text = readable_log(log);
    CHECK(text.find("error[E0308]: mismatched types\n --> e1.rs:8:22\n") != std::string::npos);
    CHECK(text.find("message_type") == std::string::npos);
}

TEST_CASE("rustc: a span in a macro of the kernel crate is followed to the learner's call") {
    const SourceSet set{Language::rust, "ring", {{"ring.rs", ""}}};
    const auto found = read(
        set, "rustc",
        R"({"message":"boom","code":null,"level":"error","spans":[{"file_name":"/usr/src/linux/rust/kernel/print.rs","line_start":3,"column_start":4,"is_primary":true,)"
        R"("expansion":{"span":{"file_name":"ring.rs","line_start":12,"column_start":9,"expansion":null}}}],"children":[]})"
        "\n"
        R"({"message":"only a help","level":"help","spans":[]})"
        "\n"
        R"({"message":"2 warnings emitted","level":"warning","spans":[]})"
        "\n");
    REQUIRE(found.size() == 1);
    CHECK(shown(found[0]) == "error ring.rs:12:9 boom [rustc]");
}

TEST_CASE("modpost: a symbol is looked for in the source, past comments, strings and declarations") {
    const SourceSet set = c_set(
        {{"ring.c",
          "extern int gone(int);\n/* gone() */\n// gone\nstatic int __init "
          "ring_init(void)\n{\n\tpr_info(\"gone(\");\n\treturn gone(2);\n}\nstatic void ring_exit(void)\n{\n}\n"}});
    const auto found = read(
        set, "modpost",
        "WARNING: modpost: ring.ko: missing MODULE_DESCRIPTION()\nERROR: modpost: ring.ko: symbol 'gone' undefined!\n"
        "WARNING: modpost: ring.ko: section mismatch in reference: ring_exit+0x4 (section: .text) -> ring_init "
        "(section: .init.text)\n"
        "ERROR: modpost: ring.ko: GPL-incompatible module uses GPL-only symbol 'nowhere'\n",
        1, -1);
    REQUIRE(found.size() == 4);
    CHECK(shown(found[0]) == "warning :0:0 missing MODULE_DESCRIPTION() [modpost]");
    CHECK(shown(found[1]) == "error ring.c:7:9 symbol 'gone' undefined! [modpost]");
    CHECK(found[2].line == 9);
    CHECK(found[3].file.empty());
}

TEST_CASE("modpost: a symbol that is nowhere in the source is found in the machine code") {
    const SourceSet set{Language::rust, "e2", {{"e2.rs", ""}, {"part.rs", ""}}};
    auto found = read(set, "modpost",
                      "ERROR: modpost: e2.ko: symbol 'missing_thing' undefined!\nERROR: modpost: e2.ko: symbol "
                      "'rust_build_error' undefined!\n",
                      1, -1);
    REQUIRE(found.size() == 2);
    place_undefined(set, recorded("undefined.listing"), found);
    CHECK(found[0].file == "e2.rs");
    CHECK(found[0].line == 8);
    CHECK(found[1].file == "part.rs");
    CHECK(found[1].line == 4);
    CHECK(found[1].message.find("build_assert!") != std::string::npos);
}

TEST_CASE("ld: a symbol defined twice is at the second definition") {
    const SourceSet set = c_set({{"multi.c", ""}, {"third.c", ""}}, "multi");
    const auto found = read(set, "ld", recorded("duplicate.ld"), 1, -1);
    REQUIRE(found.size() == 1);
    CHECK(shown(found[0]) == "error third.c:3:0 duplicate symbol: helper (also at multi.c:3) [ld]");
}

TEST_CASE("objtool: a warning is at its function") {
    const SourceSet set = c_set({{"ring.c", "static int odd(void);\nstatic int odd(void)\n{\n\treturn 1;\n}\n"}});
    const auto found = read(set, "objtool",
                            "/out/obj/0.o: warning: objtool: odd+0x1c: unreachable instruction\n/out/obj/0.o: error: "
                            "objtool: .text+0x3: bad\n",
                            0);
    REQUIRE(found.size() == 2);
    CHECK(shown(found[0]) == "warning ring.c:2:12 odd+0x1c: unreachable instruction [objtool]");
    CHECK(shown(found[1]) == "error ring.c:0:0 .text+0x3: bad [objtool]");
}

TEST_CASE("limits speak for themselves") {
    const SourceSet set = c_set({{"ring.c", ""}});
    const auto message = [&](const std::string& text, int status) {
        const auto found = read(set, "clang", text, status);
        REQUIRE(!found.empty());
        CHECK(found.back().tool == "ferrule");
        CHECK(found.back().file == "ring.c");
        return found.back().message;
    };
    CHECK(message("", 128 + 24) == "compiling this took more than 60 s of processor time and was stopped");
    CHECK(message("", 128 + 25) == "compiling this wrote more than 32 MiB and was stopped");
    CHECK(message("LLVM ERROR: out of memory\nclang-19: error: clang frontend command failed with exit code 134\n",
                  134) == "compiling this needed more than 3072 MiB of memory and was stopped");
    CHECK(message("Stack dump:\n", 128 + 11).starts_with("compiling this crashed clang (signal 11"));
}

TEST_CASE("a stage that failed without a known word still gives an error") {
    const SourceSet set = c_set({{"ring.c", ""}});
    const auto found = read(set, "modpost", "\nsomething odd\nmore\n", 2, -1);
    REQUIRE(found.size() == 1);
    CHECK(shown(found[0]) == "error :0:0 something odd [modpost]");
    CHECK(read(set, "ld", "", 3, -1).at(0).message == "ld failed with status 3");
    CHECK(read(set, "clang", "ring.c:1:1: warning: w\n", 1).size() == 2);
}

TEST_CASE("many warnings never crowd out an error") {
    const SourceSet set = c_set({{"ring.c", ""}});
    std::string text;
    for (int i = 1; i < 1000; ++i) text += "ring.c:" + std::to_string(i) + ":1: warning: w\n";
    const auto found = read(set, "clang", text + "ring.c:1000:1: error: e\n");
    CHECK(found.size() == kMaxDiagnostics + 1);
    CHECK(found.back().line == 1000);
}

TEST_CASE("text from tools is made fit for terminals and JSON") {
    CHECK(clean_text("a\x1b[31mb\tc\n", 100) == "a?[31mb\tc\n");
    CHECK(clean_text("\xc3\xa4\xff\xe2\x82", 100) == "\xc3\xa4???");
    CHECK(clean_text("\xc2\x9b\xe2\x80\xae", 100) == "??");  // CSI in one character, right-to-left override
    CHECK(clean_text(std::string(50, 'a'), 10).size() == 10);
    CHECK(clean_text(std::string("\0", 1), 10) == "?");
}

TEST_CASE("any bytes at all from a tool are survived and stay within the caps") {
    const SourceSet set = c_set({{"ring.c", "int f(void) { return 'a' + \"x\\\"\"[0]; }\n// '\n"}, {"ring.h", "/*"}});
    std::mt19937 random(7);
    const std::string seeds[] = {recorded("macros.clang"), recorded("types.rustc"), recorded("undefined.listing"),
                                 recorded("attribute_call.ll"), recorded("duplicate.ld")};
    for (int round = 0; round < 300; ++round) {
        std::string text = seeds[random() % std::size(seeds)];
        for (unsigned k = random() % 60; k > 0; --k) text[random() % text.size()] = static_cast<char>(random());
        text.resize(random() % (text.size() + 1));
        for (const char* tool : {"clang", "rustc", "modpost", "objtool", "ld", "objcopy"}) {
            auto found = read(set, tool, text, static_cast<int>(random() % 3));
            CHECK(found.size() <= 2 * kMaxDiagnostics + 1);
            place_attribute_calls(set, text, found);
            place_undefined(set, text, found);
            for (const Diagnostic& diagnostic : found) {
                CHECK(diagnostic.message.size() < kMaxMessage + 300);
                CHECK(diagnostic.line >= 0);
                CHECK((diagnostic.file.empty() || diagnostic.file == "ring.c" || diagnostic.file == "ring.h"));
            }
        }
        readable_log({{"rust", "rustc", 0}, 0, text});
        find_use(set, text.substr(0, 5));
    }
}

}  // namespace ferrule::build
