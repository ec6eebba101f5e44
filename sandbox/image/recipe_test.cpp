#include "sandbox/image/recipe.hpp"

#include <functional>
#include <map>

#include "sandbox/base/catch.hpp"
#include "sandbox/image/image.hpp"
#include "sandbox/image/parts.hpp"

using namespace ferrule;
using namespace ferrule::image;

namespace {

// A kernel-image/ in small, with every kind of file that goes into a key.
const std::map<std::string, std::string> kFiles{
    {"variants", "variant mem\nfragments base mem\ncommand-line quiet\nmeasured 600 1500\n"},
    {"config/base.config", "CONFIG_A=y\n"},
    {"config/mem.config", "CONFIG_B=y\n"},
    {"config/race.config", "CONFIG_C=y\n"},
    {"toolchain/packages.txt", "suite trixie\nbash\n"},
    {"toolchain/build.sh", "true\n"},
    {"toolchain/trim.txt", "usr/share/doc\n"},
    {"kernel/build.sh", "true\n"},
    {"kernel/overlay/drivers/ferrule/ledger.c", "int a;\n"},
    {"kernel/patches/0001.patch", "--- a\n"},
    {"recipe/record.sh", "true\n"},
    {"initramfs/build.sh", "true\n"},
    {"agent/agent.c", "int main;\n"},
    {"agent/protocol.h", "#define X\n"},
    {"agent/README.md", "words\n"},
};

struct Keys {
    std::string packages, toolchain, kernel, initramfs;
};

Keys keys_of(const fs::path& folder, const std::string& identity = "root") {
    const auto recipe = Recipe::load(folder);
    REQUIRE(recipe);
    const auto variant = recipe->variant("mem");
    REQUIRE(variant);
    return {recipe->packages_key().value(), recipe->toolchain_key().value(),
            recipe->kernel_key(*variant, identity).value(), recipe->initramfs_key(identity).value()};
}

TempDir small_recipe() {
    auto dir = TempDir::make();
    REQUIRE(dir);
    for (const auto& [name, text] : kFiles) {
        REQUIRE(make_directories((dir->path() / name).parent_path()));
        REQUIRE(write_file(dir->path() / name, text));
    }
    return std::move(*dir);
}

}  // namespace

TEST_CASE("a key changes with each of its inputs and with nothing else") {
    const TempDir dir = small_recipe();
    const Keys before = keys_of(dir.path());
    CHECK(before.toolchain.size() == 64);
    // file: toolchain's, kernel's, initramfs' key changes
    struct Expect {
        const char* file;
        bool toolchain, kernel, initramfs;
    };
    for (const Expect expect : {Expect{"toolchain/packages.txt", true, false, false},
                                {"toolchain/build.sh", true, false, false},
                                {"toolchain/trim.txt", true, false, false},
                                {"kernel/overlay/drivers/ferrule/ledger.c", true, false, false},
                                {"kernel/patches/0001.patch", true, false, false},
                                {"kernel/build.sh", false, true, false},
                                {"config/base.config", false, true, false},
                                {"config/mem.config", false, true, false},
                                {"recipe/record.sh", false, true, false},
                                {"initramfs/build.sh", false, false, true},
                                {"agent/agent.c", false, false, true},
                                {"agent/protocol.h", false, false, true},
                                {"config/race.config", false, false, false},
                                {"agent/README.md", false, false, false}}) {
        INFO(expect.file);
        REQUIRE(write_file(dir.path() / expect.file, kFiles.at(expect.file) + "# changed\n"));
        const Keys after = keys_of(dir.path());
        CHECK((after.toolchain != before.toolchain) == expect.toolchain);
        CHECK((after.kernel != before.kernel) == expect.kernel);
        CHECK((after.initramfs != before.initramfs) == expect.initramfs);
        CHECK((after.packages != before.packages) == (std::string(expect.file) == "toolchain/packages.txt"));
        REQUIRE(write_file(dir.path() / expect.file, kFiles.at(expect.file)));
        CHECK(keys_of(dir.path()).kernel == before.kernel);
    }
}

TEST_CASE("what the toolchain root really holds is part of the kernel's and the initramfs' keys") {
    const TempDir dir = small_recipe();
    CHECK(keys_of(dir.path(), "a").kernel != keys_of(dir.path(), "b").kernel);
    CHECK(keys_of(dir.path(), "a").initramfs != keys_of(dir.path(), "b").initramfs);
}

TEST_CASE("a new source file and a new patch change the keys") {
    const TempDir dir = small_recipe();
    const Keys before = keys_of(dir.path());
    REQUIRE(write_file(dir.path() / "agent/more.c", ""));
    REQUIRE(write_file(dir.path() / "kernel/patches/0002.patch", ""));
    const Keys after = keys_of(dir.path());
    CHECK(after.initramfs != before.initramfs);
    CHECK(after.toolchain != before.toolchain);
}

TEST_CASE("the order of the fragments is part of the kernel's key") {
    const TempDir dir = small_recipe();
    const Keys before = keys_of(dir.path());
    REQUIRE(write_file(dir.path() / "variants", "variant mem\nfragments mem base\n"));
    CHECK(keys_of(dir.path()).kernel != before.kernel);
}

TEST_CASE("a variant that shares a kernel has its key, whatever its own command line") {
    const TempDir dir = small_recipe();
    const Keys before = keys_of(dir.path());
    REQUIRE(
        write_file(dir.path() / "variants", kFiles.at("variants") + "variant deep\nkernel mem\ncommand-line loud\n"));
    CHECK(keys_of(dir.path()).kernel == before.kernel);
    const auto recipe = Recipe::load(dir.path());
    REQUIRE(recipe);
    const auto deep = recipe->variant("deep");
    REQUIRE(deep);
    CHECK(recipe->kernel_key(*deep, "root").value() == before.kernel);
    CHECK(deep->command_line == "loud");
    CHECK(deep->measured_seconds == 600);
    const auto mem = kernel_spec(*recipe, *recipe->variant("mem"), "root"),
               shared = kernel_spec(*recipe, *deep, "root");
    REQUIRE(mem);
    REQUIRE(shared);
    CHECK(shared->name == "kernel mem");
    CHECK(shared->entry() == mem->entry());
}

TEST_CASE("a fragment that is not there is an error, not an empty one") {
    const TempDir dir = small_recipe();
    REQUIRE(write_file(dir.path() / "variants", "variant mem\nfragments base gone\n"));
    const auto recipe = Recipe::load(dir.path());
    REQUIRE(recipe);
    CHECK(recipe->kernel_key(*recipe->variant("mem"), "root").error().code == "not-found");
}

TEST_CASE("variants are read from the file, lines joined") {
    const auto variants = parse_variants(
        "# kernels\n\nvariant mem\nfragments base\nfragments mem\ncommand-line a=1   b\ncommand-line c\nmeasured 61.5 "
        "1500\n"
        "variant race\nfragments base race\n",
        "variants");
    REQUIRE(variants);
    REQUIRE(variants->size() == 2);
    CHECK(variants->at(0).fragments == std::vector<std::string>{"base", "mem"});
    CHECK(variants->at(0).command_line == "a=1 b c");
    CHECK(variants->at(0).measured_seconds == 61.5);
    CHECK(variants->at(0).measured_lines == 1500);
    CHECK(variants->at(1).name == "race");
    CHECK(variants->at(1).command_line.empty());
}

TEST_CASE("a mistake in the file of variants is named with its line") {
    for (const auto& [text, message] : std::map<std::string, std::string>{
             {"variant mem\nvariant\n", "f:2: `variant` needs a value"},
             {"fragments a\n", "f:1: expected `variant NAME` first"},
             {"variant A\n", "f:1: a variant's name is one word of small letters and digits"},
             {"variant ../x\n", "f:1: a variant's name is one word of small letters and digits"},
             {"variant a\nfragments x\nvariant a\n", "f:3: variant a is there twice"},
             {"variant a\nfragments x\nmeasured soon\n", "f:3: expected `measured SECONDS LINES`"},
             {"variant a\ncolour red\n",
              "f:2: unknown word `colour`; expected variant, fragments, kernel, command-line or measured"},
             {"variant a\nkernel b\n",
              "f:2: expected `kernel` and the name of a variant above that has a kernel of its own"},
             {"variant a\nkernel a\n",
              "f:2: expected `kernel` and the name of a variant above that has a kernel of its own"},
             {"variant a\nfragments x\nvariant b\nkernel a\nvariant c\nkernel b\n",
              "f:6: expected `kernel` and the name of a variant above that has a kernel of its own"},
             {"variant a\nfragments x\nvariant b\nkernel a\nfragments y\n",
              "f:5: a variant has `fragments` or `kernel`, not both"},
             {"variant a\nfragments x\nvariant b\nfragments y\nkernel a\n",
              "f:5: a variant has `fragments` or `kernel`, not both"},
             {"variant a\n", "f: variant a has no fragments"}}) {
        const auto result = parse_variants(text, "f");
        REQUIRE(!result);
        CHECK(result.error().code == "image-recipe");
        CHECK(result.error().message == message);
    }
}

TEST_CASE("the recipe of this checkout is sound") {
    const auto root = source_root();
    REQUIRE(root);
    const auto recipe = Recipe::load(*root / "kernel-image");
    REQUIRE(recipe);
    CHECK(recipe->toolchain_key());
    CHECK(recipe->initramfs_key("root"));
    for (const Variant& variant : recipe->variants()) CHECK(recipe->kernel_key(variant, "root"));
    CHECK(recipe->variant("mem"));
    CHECK(recipe->variant("none").error().code == "unknown-variant");
    CHECK(known_variants().size() == recipe->variants().size());
}
