#include "sandbox/build/driver_folder.hpp"

#include "sandbox/base/catch.hpp"

namespace ferrule::build {
namespace {

struct Folder {
    TempDir dir = *TempDir::make();
    fs::path path() const { return dir.path() / "my-driver"; }
    Folder() { fs::create_directory(path()); }
    const Folder& with(const std::string& name, const std::string& text = "int x;\n") const {
        fs::create_directories((path() / name).parent_path());
        REQUIRE(write_file(path() / name, text));
        return *this;
    }
    std::vector<std::string> files(const Driver& driver) const {
        std::vector<std::string> out;
        for (const SourceFile& file : driver.sources.files) out.push_back(file.name);
        return out;
    }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Kbuild's lists of objects, as drivers write them") {
    const KbuildList list = parse_kbuild(
        "# obj-m += not.o\n"
        "obj-m := ring.o \\\n"
        "\tother.o # two\n"
        "obj-$(CONFIG_THIRD) += third.o\n"
        "ring-objs := main.o sub/part.o\n"
        "ring-y += more.o $(extra).o\n"
        "third-$(CONFIG_DEBUG) += trace.o\n"
        "ccflags-y := -DDEBUG\n"
        "KDIR ?= /lib/modules/$(shell uname -r)/build\n"
        "default:\n\t$(MAKE) -C $(KDIR) M=$$PWD A=b.o\n");
    CHECK(list.modules == Names{"ring", "other", "third"});
    CHECK(list.objects.at("ring") == Names{"main", "sub/part", "more"});
    CHECK(list.objects.at("third") == Names{"trace"});
    CHECK(list.flags);
    CHECK(parse_kbuild("").modules.empty());
    CHECK(parse_kbuild("=\n==\n:=x.o\nobj-m=").modules.empty());
}

TEST_CASE("one source brings the headers beside it that it includes") {
    Folder folder;
    folder.with(
        "ring.c",
        "#include <linux/slab.h>\n # include \"ring.h\"\n#include \"../my-driver/up.h\"\n#include \"gone.h\"\n");
    folder.with("ring.h", "#include \"lib/more.h\"\n#include \"ring.h\"\n")
        .with("lib/more.h")
        .with("up.h")
        .with("other.c")
        .with("other.h");
    const auto driver = read_driver(folder.path() / "ring.c", std::nullopt, "");
    INFO((driver ? "" : driver.error().message));
    REQUIRE(driver);
    CHECK(folder.files(*driver) == Names{"lib/more.h", "ring.c", "ring.h"});
    CHECK(driver->sources.module == "ring");
    CHECK(folder.files(*read_driver(folder.path() / "other.c", std::nullopt, "")) == Names{"other.c"});
}

TEST_CASE("a folder without a list: every source, whatever else lies there") {
    Folder folder;
    folder.with("ring.c").with("ring.h").with("README.md").with("ring.o").with("ring.mod.c").with("tests/user.c");
    folder.with("deep/er/x.h").with("Makefile", "all:\n\techo\n");
    fs::create_symlink("/etc/passwd", folder.path() / "link.txt");
    const auto driver = read_driver(folder.path(), std::nullopt, "");
    INFO((driver ? "" : driver.error().message));
    REQUIRE(driver);
    CHECK(folder.files(*driver) == Names{"ring.c", "ring.h"});
    CHECK(driver->sources.module == "my_driver");
    CHECK(driver->sources.language == Language::c);
    CHECK(read_driver(folder.path(), std::nullopt, "ring")->sources.module == "ring");
}

TEST_CASE("a folder with a list: the sources of one module and the headers") {
    Folder folder;
    folder.with("main.c").with("sub/part.c").with("sub/part.h").with("unused.c").with("tool.rs");
    folder.with("Kbuild", "obj-m := my-ring.o\nmy-ring-y := main.o sub/part.o\nccflags-y += -O3\n");
    const auto driver = read_driver(folder.path(), std::nullopt, "");
    INFO((driver ? "" : driver.error().message));
    REQUIRE(driver);
    CHECK(folder.files(*driver) == Names{"main.c", "sub/part.c", "sub/part.h"});
    CHECK(driver->sources.module == "my_ring");
    REQUIRE(driver->notes.size() == 1);

    folder.with("Kbuild", "obj-m := one.o two.o\n").with("two.rs");
    CHECK(read_driver(folder.path(), std::nullopt, "").error().code == "which-module");
    CHECK(read_driver(folder.path(), std::nullopt, "three").error().code == "which-module");
    CHECK(read_driver(folder.path(), std::nullopt, "one").error().code == "which-module");  // no source
    const auto rust = read_driver(folder.path(), std::nullopt, "two");
    REQUIRE(rust);
    CHECK(rust->sources.language == Language::rust);
    CHECK(folder.files(*rust) == Names{"two.rs"});
}

TEST_CASE("one file, and what is no driver") {
    Folder folder;
    folder.with("my-ring.rs", "//! x\n").with("both.c");
    const auto driver = read_driver(folder.path() / "my-ring.rs", std::nullopt, "");
    REQUIRE(driver);
    CHECK(driver->sources.module == "my_ring");
    CHECK(driver->sources.language == Language::rust);
    CHECK(read_driver(folder.path(), std::nullopt, "").error().code == "which-language");
    CHECK(read_driver(folder.path(), Language::c, "")->sources.files.size() == 1);
    CHECK(read_driver(folder.path() / "none.c", std::nullopt, "").error().code == "not-found");
    CHECK(read_driver("/etc/passwd", std::nullopt, "").error().code == "which-language");
    // A source that is a link is refused, like any submission's.
    fs::create_symlink("/etc/passwd", folder.path() / "link.c");
    CHECK(read_driver(folder.path(), Language::c, "").error().code == "bad-submission");
}

}  // namespace ferrule::build
