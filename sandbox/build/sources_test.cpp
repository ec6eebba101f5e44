#include "sandbox/build/sources.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sandbox/base/catch.hpp"

namespace ferrule::build {
namespace {

struct Folder {
    TempDir dir = *TempDir::make();
    fs::path path() const { return dir.path() / "work"; }
    Folder() { fs::create_directory(path()); }
    const Folder& with(const std::string& name, const std::string& text = "int x;\n") const {
        fs::create_directories((path() / name).parent_path());
        REQUIRE(write_file(path() / name, text));
        return *this;
    }
    // The message, "" when it is taken.
    std::string refusal(Language language = Language::c) const {
        const auto set = read_sources(path(), language, "ring");
        if (set) return "";
        INFO(set.error().message);
        REQUIRE(set.error().code == "bad-submission");
        return set.error().message;
    }
};

SourceSet set_of(std::vector<SourceFile> files, std::string module = "ring", Language language = Language::c) {
    return {language, std::move(module), std::move(files)};
}

}  // namespace

TEST_CASE("sources of a folder are read by name, with one level of subfolders") {
    Folder folder;
    folder.with("ring.c", "a\n").with("ring.h", "b\n").with("sub/part.c", "c\n");
    const auto set = read_sources(folder.path(), Language::c, "ring");
    REQUIRE(set);
    REQUIRE(set->files.size() == 3);
    CHECK(set->files[0].name == "ring.c");
    CHECK(set->files[1].name == "ring.h");
    CHECK(set->files[2].name == "sub/part.c");
    CHECK(set->files[2].text == "c\n");
    CHECK(set->module == "ring");
}

TEST_CASE("a single file is a submission by itself") {
    Folder folder;
    folder.with("ring.rs", "//! x\n").with("Makefile");
    const auto set = read_sources(folder.path() / "ring.rs", Language::rust, "ring");
    REQUIRE(set);
    REQUIRE(set->files.size() == 1);
    CHECK(set->files[0].name == "ring.rs");
}

TEST_CASE("what editors leave beside the sources, and what is declared of a mutant, is not handed in") {
    Folder folder;
    folder.with("ring.c")
        .with(".ring.c.swp", std::string(4, '\0'))
        .with("mutant.toml", "")
        .with("ring.c~")
        .with("#ring.c#")
        .with(".git/config");
    fs::create_symlink("/etc/passwd", folder.path() / ".#ring.c");
    const auto set = read_sources(folder.path(), Language::c, "ring");
    REQUIRE(set);
    CHECK(set->files.size() == 1);
}

TEST_CASE("anything but sources is refused by name") {
    for (const char* name : {"Makefile", "Kbuild", "README.md", "ring.o", "ring.ko", "ring.S", "ring.cpp", "ring.C",
                             "c", "modules.order"}) {
        Folder folder;
        folder.with("ring.c").with(name);
        CHECK(folder.refusal() == std::string(name) + ": only sources (.c, .h, .rs) are taken");
    }
    CHECK(Folder().with("ring.c").with("ring.mod.c").refusal() == "ring.mod.c: left over from a build by hand");
    CHECK(Folder().with("ring.c").with("a b.c").refusal() == "a b.c: not a name for a source file");
    CHECK(Folder().with("ring.c").with("-o.c").refusal() == "-o.c: not a name for a source file");
    CHECK(Folder().with("ring.c").with("$(touch x).c").refusal() == "$(touch x).c: not a name for a source file");
    CHECK(Folder().with("ring.c").with("\x1b[31m.c").refusal() == "?[31m.c: not a name for a source file");
    CHECK(Folder().with("ring.c").with("a/b/c.c").refusal() ==
          "a/b: sources may be in one level of subfolders, not deeper");
    CHECK(Folder().with("ring.c").with("ring.rs").refusal() == "ring.rs: a Rust file, but this is built as C");
    CHECK(Folder().with("ring.rs").with("ring.h").refusal(Language::rust) ==
          "ring.h: a C file, but this is built as Rust");
    CHECK(Folder().with("ring.h").refusal().find("there is no .c file") != std::string::npos);
    CHECK(Folder().with("a.rs").with("b.rs").refusal(Language::rust) == "several .rs files and none is ring.rs");
    CHECK(Folder().with("a.rs").refusal(Language::rust).empty());
}

TEST_CASE("links, pipes, sockets and devices are refused and never waited for") {
    Folder link;
    link.with("ring.c");
    fs::create_symlink("/etc/passwd", link.path() / "ring.h");
    CHECK(link.refusal() == "ring.h: a symbolic link, not a file");

    Folder folder_link;
    folder_link.with("ring.c");
    fs::create_directory_symlink("/etc", folder_link.path() / "sub");
    CHECK(folder_link.refusal() == "sub: a symbolic link, not a file");

    Folder pipe;
    pipe.with("ring.c");
    REQUIRE(mkfifo((pipe.path() / "pipe.c").c_str(), 0600) == 0);
    CHECK(pipe.refusal() == "pipe.c: a pipe, not a file");

    Folder socket_folder;
    socket_folder.with("ring.c");
    sockaddr_un address{AF_UNIX, {}};
    const std::string path = (socket_folder.path() / "s.c").string();
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    const UniqueFd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    REQUIRE(bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    CHECK(socket_folder.refusal() == "s.c: a socket, not a file");

    const auto top = read_sources(link.path() / "ring.h", Language::c, "ring");
    REQUIRE(!top);
    CHECK(top.error().code == "bad-submission");
    fs::create_directory_symlink(link.path(), link.dir.path() / "alias");
    const auto alias = read_sources(link.dir.path() / "alias", Language::c, "ring");
    REQUIRE(!alias);
    CHECK(alias.error().code == "bad-submission");
    CHECK(read_sources("/dev/zero", Language::c, "ring").error().code == "bad-submission");
}

TEST_CASE("the caps on size and number hold exactly") {
    CHECK(Folder().with("ring.c", std::string(kMaxFileBytes, '\n')).refusal().empty());
    CHECK(Folder().with("ring.c", std::string(kMaxFileBytes + 1, '\n')).refusal() == "ring.c: larger than 256 KiB");
    Folder total;
    for (int i = 0; i < 4; ++i) total.with("f" + std::to_string(i) + ".c", std::string(kMaxFileBytes, '\n'));
    CHECK(total.refusal().empty());
    CHECK(total.with("g.c", "\n").refusal() == "the sources are larger than 1 MiB all together");
    Folder many;
    for (size_t i = 0; i < kMaxFiles; ++i) many.with("f" + std::to_string(i) + ".c");
    CHECK(many.refusal().empty());
    CHECK(many.with("one_more.h").refusal() == "more than 64 source files");
}

TEST_CASE("sources are UTF-8 text") {
    CHECK(Folder().with("ring.c", "// \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\n").refusal().empty());
    CHECK(Folder().with("ring.c", "ok\n\xe4\n").refusal() == "ring.c:2: not UTF-8 text");
    CHECK(Folder().with("ring.c", std::string("a\0b", 3)).refusal() == "ring.c:1: not UTF-8 text");
    CHECK(Folder().with("ring.c", "\xed\xa0\x80").refusal() == "ring.c:1: not UTF-8 text");
    CHECK(Folder().with("ring.c", "\xc0\xaf").refusal() == "ring.c:1: not UTF-8 text");
    CHECK(Folder().with("ring.c", "\xe2\x82").refusal() == "ring.c:1: not UTF-8 text");
}

TEST_CASE("a set made elsewhere is held to the same law") {
    CHECK(check_sources(set_of({{"ring.c", ""}})));
    for (const char* module : {"", "Ring", "1ring", "ri-ng", "../x", "a;b", "a b"})
        CHECK(!check_sources(set_of({{"ring.c", ""}}, module)));
    CHECK(check_sources(set_of({{"ring.c", ""}}, std::string(55, 'a'))));
    CHECK(!check_sources(set_of({{"ring.c", ""}}, std::string(56, 'a'))));
    for (const char* name : {"../ring.c", "/etc/x.c", "a/../b.c", "a//b.c", "a/.c", ".c", "a/b/c.c", "", "x'.c", "a/"})
        CHECK(!check_sources(set_of({{name, ""}})));
    CHECK(!check_sources(set_of({{"ring.c", ""}, {"ring.c", ""}})));
    CHECK(!check_sources(set_of({{"a.c", ""}, {"a.c/b.c", ""}})));
    CHECK(!check_sources(set_of({})));
}

TEST_CASE("a path that is not there is the host's error") {
    const auto set = read_sources("/nowhere/at/all", Language::c, "ring");
    REQUIRE(!set);
    CHECK(set.error().code == "not-found");
}

TEST_CASE("the crate's root is the module's own file or the only one") {
    CHECK(rust_root(set_of({{"a.rs", ""}, {"ring.rs", ""}, {"z.rs", ""}}, "ring", Language::rust)).name == "ring.rs");
    CHECK(rust_root(set_of({{"other.rs", ""}}, "ring", Language::rust)).name == "other.rs");
}

}  // namespace ferrule::build
