#include "sandbox/build/recipe.hpp"

#include "sandbox/base/catch.hpp"
#include "sandbox/base/subprocess.hpp"

namespace ferrule::build {
namespace {

// Kbuild's commands, shortened.
struct RecipeFolder {
    TempDir dir = *TempDir::make();
    RecipeFolder() {
        put("c.cmd",
            "clang-19 -Wp,-MMD,./.ferrule_c.o.d -nostdinc -I/build/include -DMODULE  -DKBUILD_BASENAME='\"ferrule_c\"' "
            "-DKBUILD_MODNAME='\"ferrule_c\"' "
            "-D__KBUILD_MODNAME=ferrule_c -c -o ferrule_c.o ferrule_c.c   ; /build/tools/objtool/objtool --uaccess   "
            "--module ferrule_c.o\n");
        put("modc.cmd",
            "clang-19 -Wp,-MMD,./.ferrule_c.mod.o.d -nostdinc -DMODULE -DKBUILD_BASENAME='\"ferrule_c.mod\"' "
            "-DKBUILD_MODNAME='\"ferrule_c\"' "
            "-D__KBUILD_MODNAME=ferrule_c -c -o ferrule_c.mod.o ferrule_c.mod.c   ; /build/tools/objtool/objtool "
            "--module ferrule_c.mod.o\n");
        put("rust.cmd",
            "OBJTREE=/build RUST_MODFILE=./ferrule_rust rustc --edition=2021 "
            "-Zcrate-attr='feature(asm_goto,used_with_arg)' --out-dir ./ "
            "--emit=dep-info=./.ferrule_rust.o.d --emit=obj=ferrule_rust.o ferrule_rust.rs   ; "
            "/build/tools/objtool/objtool --module ferrule_rust.o\n");
        put("parts.cmd", "ld.lld-19 -m elf_x86_64   -r -o ferrule_pair.o @ferrule_pair.mod \n");
        put("modpost.cmd",
            " /build/scripts/mod/modpost -M -o Module.symvers -T modules.order -i /build/Module.symvers -e \n");
        put("ko.cmd",
            "ld.lld-19 -r -T /build/scripts/module.lds -o ferrule_c.ko ferrule_c.o ferrule_c.mod.o .module-common.o\n");
        put("module-common.o", "");
        put("modc.pch", "");
    }
    void put(const std::string& name, const std::string& text) { REQUIRE(write_file(dir.path() / name, text)); }
};

bool has(const std::string& script, const std::string& words) {
    INFO(script);
    INFO(words);
    return script.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("words are split as sh does, and nothing but words") {
    CHECK(*split_words("a  'b c' \"d\\\"e\" f\\ g ;h ''") == Words{"a", "b c", "d\"e", "f g", ";", "h", ""});
    CHECK(*split_words("-DX='\"a\"'") == Words{"-DX=\"a\""});
    for (const char* command : {"a $(b)", "a `b`", "a | b", "a && b", "a > b", "a 'b", "\"$a\"", "a*"})
        CHECK(!split_words(command));
}

TEST_CASE("a word quoted for sh comes back as it was") {
    for (const std::string word : {"plain", "a b", "it's", "$(x)", "", "\"q\"", "a\\b", "`x`;|&"}) {
        SpawnRequest request;
        request.argv = {"sh", "-c", "printf %s " + shell_word(word)};
        const auto result = run(request);
        REQUIRE(result);
        CHECK(result->out == word);
    }
}

TEST_CASE("recorded commands become the commands of any module") {
    const RecipeFolder folder;
    const auto recipe = read_recipe(folder.dir.path());
    REQUIRE(recipe);
    CHECK(recipe->c.argv == Words{"clang-19", "-nostdinc", "-I/build/include", "-DMODULE"});
    CHECK(recipe->c_objtool == Words{"/build/tools/objtool/objtool", "--uaccess", "--module"});
    CHECK(recipe->rust.environment == Words{"OBJTREE=/build"});
    CHECK(recipe->rust.argv == Words{"rustc", "--edition=2021", "-Zcrate-attr=feature(asm_goto,used_with_arg)"});

    const std::string one = build_script(*recipe, {Language::c, "ring", {{"ring.c", ""}, {"ring.h", ""}}}, {});
    CHECK(has(one, "cc 0 ring ring.c &\nwait\n"));
    CHECK(has(one, "mv obj/0.o ring.o"));
    CHECK(!has(one, "stage parts"));
    CHECK(has(one, "-o ring.ko ring.o ring.mod.o /recipe/module-common.o"));
    CHECK(has(one, "'-DKBUILD_MODNAME=\"ring\"'"));

    const std::string several =
        build_script(*recipe, {Language::c, "ring", {{"a-b.c", ""}, {"ring.c", ""}, {"sub/ring.c", ""}}}, {});
    CHECK(has(several, "cc 0 a_b a-b.c &\nstage sparse1 check 1 ring ring.c &\ncc 1 ring ring.c &\nwait\n"));
    CHECK(has(several, "cc 2 ring sub/ring.c &\nwait\n"));
    CHECK(has(several, "stage parts ld.lld-19 -m elf_x86_64 -r -o ring.o @ring.mod"));

    const std::string rust = build_script(*recipe, {Language::rust, "ring", {{"ring.rs", ""}}}, {});
    CHECK(has(rust, "env OBJTREE=/build RUST_MODFILE=./ring rustc"));
    CHECK(has(rust, "--crate-name ring --error-format=json"));
}

TEST_CASE("a recorded command of another shape stops the build with its name") {
    const std::pair<const char*, const char*> cases[] = {
        {"c.cmd", "clang-19 -c -o ferrule_c.o ferrule_c.c\n"},
        {"c.cmd", "gcc $(x)\n"},
        {"rust.cmd", "rustc ferrule_rust.rs\n"},
        {"ko.cmd", "ld.lld-19 -r -o ferrule_c.ko ferrule_c.o\n"},
        {"parts.cmd", ""},
        {"modc.cmd",
         "clang-19 -DKBUILD_BASENAME=x -DKBUILD_MODNAME=x -D__KBUILD_MODNAME=x -c -o ferrule_c.mod.o ferrule_c.mod.c "
         "-Iferrule_other ; objtool ferrule_c.mod.o\n"},
    };
    for (const auto& [name, text] : cases) {
        RecipeFolder folder;
        folder.put(name, text);
        const auto recipe = read_recipe(folder.dir.path());
        REQUIRE(!recipe);
        CHECK(recipe.error().code == "build-broken");
        CHECK(recipe.error().message.find(name) != std::string::npos);
    }
    const RecipeFolder folder;
    fs::remove(folder.dir.path() / "modc.pch");
    CHECK(read_recipe(folder.dir.path()).error().code == "build-broken");
}

TEST_CASE("each stage has one name, one tool and at most one source") {
    const SourceSet set{Language::c, "ring", {{"a.c", ""}, {"a.h", ""}, {"b.c", ""}}};
    std::vector<std::string> names;
    for (const Stage& stage : stages(set)) names.push_back(stage.name);
    CHECK(names == Words{"c0", "objtool-c0", "sparse0", "c2", "objtool-c2", "sparse2", "parts", "modpost", "modc",
                         "objtool-modc", "ko", "strip"});
}

}  // namespace ferrule::build
