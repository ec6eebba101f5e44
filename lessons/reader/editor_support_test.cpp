#include "lessons/reader/editor_support.hpp"

#include <nlohmann/json.hpp>

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using Json = nlohmann::json;

namespace {

image::Image some_image() {
    image::Image image;
    image.toolchain.root = "/cache/root";
    image.kernel.build = "/cache/kernel/build";
    return image;
}

constexpr const char* kGenerated = R"({"sysroot": "/usr", "crates": [
    {"display_name": "core", "root_module": "/usr/lib/core/src/lib.rs", "deps": [], "is_workspace_member": false},
    {"display_name": "kernel", "root_module": "/usr/src/linux/rust/kernel/lib.rs", "is_workspace_member": true,
     "deps": [{"crate": 0, "name": "core"}], "env": {"OBJTREE": "/build"},
     "source": {"include_dirs": ["/usr/src/linux/rust/kernel", "/build/rust"], "exclude_dirs": []}},
    {"display_name": "ferrule", "root_module": "ferrule.rs", "is_workspace_member": true,
     "deps": [{"crate": 0, "name": "core"}, {"crate": 1, "name": "kernel"}], "cfg": ["CONFIG_USB"]}]})";

}  // namespace

TEST_CASE("compile_commands.json: what decides the meaning, with paths that everybody can open") {
    build::Recipe recipe;
    recipe.c.argv = {"clang-19",
                     "-nostdinc",
                     "-I/usr/src/linux/include",
                     "-I/build/include/generated",
                     "-include",
                     "/usr/src/linux/include/linux/kconfig.h",
                     "-D__KERNEL__",
                     "-std=gnu11",
                     "-Wall",
                     "-Werror=unknown-warning-option",
                     "-fsanitize=kernel-address",
                     "-mllvm",
                     "-asan-globals=1",
                     "-mskip-rax-setup"};
    const Json all = Json::parse(compile_commands(recipe, some_image(), {{"/home/me/my work/ring.c", "ring"}}));
    REQUIRE(all.size() == 1);
    CHECK(all[0]["directory"] == "/home/me/my work");
    CHECK(all[0]["file"] == "/home/me/my work/ring.c");
    CHECK(all[0]["arguments"] ==
          Json({"clang", "-nostdinc", "-I/cache/root/usr/src/linux/include", "-I/cache/kernel/build/include/generated",
                "-include", "/cache/root/usr/src/linux/include/linux/kconfig.h", "-D__KERNEL__", "-std=gnu11", "-Wall",
                "-Wno-unknown-warning-option", "-DKBUILD_BASENAME=\"ring\"", "-DKBUILD_MODNAME=\"ring\"",
                "-D__KBUILD_MODNAME=ring", "-c", "/home/me/my work/ring.c"}));
}

TEST_CASE("rust-project.json: the kernel's crates to look things up in, and one for each exercise") {
    const auto text =
        rust_project(kGenerated, some_image(), {{"/home/me/a/ring.rs", "ring"}, {"/home/me/b/log.rs", "log"}});
    REQUIRE(text);
    const Json project = Json::parse(*text);
    CHECK(project["sysroot"] == "/cache/root/usr");
    const Json& crates = project["crates"];
    REQUIRE(crates.size() == 4);
    CHECK(crates[1]["env"]["OBJTREE"] == "/cache/kernel/build");
    CHECK(crates[1]["source"]["include_dirs"][0] == "/cache/root/usr/src/linux/rust/kernel");
    CHECK(crates[1]["source"]["include_dirs"][1] == "/cache/kernel/build/rust");
    CHECK(crates[1]["is_workspace_member"] == false);
    CHECK(crates[2]["display_name"] == "ring");
    CHECK(crates[2]["root_module"] == "/home/me/a/ring.rs");
    CHECK(crates[2]["is_workspace_member"] == true);
    CHECK(crates[3]["root_module"] == "/home/me/b/log.rs");
    CHECK(crates[3]["deps"][1]["crate"] == 1);
    CHECK(crates[3]["cfg"][0] == "CONFIG_USB");
}

TEST_CASE("what the kernel's generator did not write is refused") {
    for (const char* text : {"", "[]", "{}", R"({"crates": 3})", R"({"crates": [3]})", R"({"crates": []})"}) {
        const auto project = rust_project(text, some_image(), {});
        REQUIRE_FALSE(project);
        CHECK(project.error().code == "build-broken");
    }
}
