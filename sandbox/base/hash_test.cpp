#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;

TEST_CASE("it is SHA-256 over length and content") {
    // printf '\3\0\0\0\0\0\0\0abc' | sha256sum
    CHECK(Hash().add("abc").hex() == "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391");
    CHECK(Hash().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST_CASE("where one part ends matters") { CHECK(Hash().add("ab").add("c").hex() != Hash().add("a").add("bc").hex()); }

TEST_CASE("a file counts with its name and content") {
    const TempDir dir = TempDir::make().value();
    REQUIRE(write_file(dir.path() / "a", "x"));
    REQUIRE(write_file(dir.path() / "b", "x"));
    const auto of = [&](const char* name) {
        Hash hash;
        REQUIRE(hash.add_file(dir.path() / name));
        return hash.hex();
    };
    CHECK(of("a") == of("a"));
    CHECK(of("a") != of("b"));
    CHECK(of("a") == Hash().add("a").add("x").hex());
    Hash hash;
    CHECK(hash.add_file(dir.path() / "none").error().code == "not-found");
    CHECK(!hash.add_file("/dev/null"));
}

TEST_CASE("a tree's hash changes with any file, name or link, and with nothing else") {
    const TempDir dir = TempDir::make().value();
    const fs::path tree = dir.path() / "tree";
    REQUIRE(make_directories(tree / "sub"));
    REQUIRE(write_file(tree / "b", "1"));
    REQUIRE(write_file(tree / "sub" / "a", "2"));
    fs::create_symlink("b", tree / "link");
    const auto now = [&] {
        Hash hash;
        REQUIRE(hash.add_tree(tree));
        return hash.hex();
    };
    const std::string first = now();
    CHECK(now() == first);
    REQUIRE(write_file(tree / "sub" / "a", "3"));
    CHECK(now() != first);
    REQUIRE(write_file(tree / "sub" / "a", "2"));
    CHECK(now() == first);
    fs::remove(tree / "link");
    fs::create_symlink("sub", tree / "link");
    CHECK(now() != first);
    fs::remove(tree / "link");
    fs::create_symlink("b", tree / "link");
    fs::rename(tree / "b", tree / "c");
    CHECK(now() != first);
    Hash hash;
    CHECK(hash.add_tree(dir.path() / "none").error().code == "not-found");
}
