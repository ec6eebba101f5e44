#include "grader/exercise/clients.hpp"

#include "sandbox/base/catch.hpp"

namespace ferrule::grader {
namespace {

struct Folder {
    TempDir dir = *TempDir::make();
    void client(const std::string& name, const std::string& toml, const std::string& rs) const {
        const fs::path folder = dir.path() / "rust" / "clients" / name;
        REQUIRE(make_directories(folder));
        REQUIRE(write_file(folder / "client.toml", toml));
        REQUIRE(write_file(folder / "client.rs", rs));
    }
};

}  // namespace

TEST_CASE("clients are read by name") {
    Folder folder;
    CHECK(load_clients(folder.dir.path())->empty());
    folder.client("two-at-once", "must = \"not-compile\"\nerrors = [\"E0499\"]\nnote = \"lends twice\"\n", "fn f() {}");
    folder.client("past-the-end", "must = \"run-clean\"\nnote = \"n\"\nblames = \"fn get\"\n", "pub fn run() {}\n");
    const auto clients = load_clients(folder.dir.path());
    REQUIRE(clients);
    REQUIRE(clients->size() == 2);
    CHECK((*clients)[0].name == "past-the-end");
    CHECK((*clients)[0].runs);
    CHECK((*clients)[0].blames == "fn get");
    CHECK((*clients)[1].errors == std::vector<std::string>{"E0499"});

    const build::SourceSet set{Language::rust, "ring", {{"a.rs", "1\n"}, {"ring.rs", "one\ntwo"}}};
    const std::string refused = with_client(set, (*clients)[1]).files[1].text;
    CHECK(refused == "one\ntwo\n#[forbid(unsafe_code)] mod ferrule_client {\nfn f() {}\n}\n");
    CHECK(with_client(set, (*clients)[0]).files[1].text.find("ferrule_client::run()") != std::string::npos);
    CHECK(with_client(set, (*clients)[0]).files[0].text == "1\n");
    CHECK(lines_of("a\nb") == 2);
    CHECK(lines_of("a\nb\n") == 2);
}

TEST_CASE("a mistake in a client names file and line") {
    const std::pair<const char*, const char*> cases[] = {
        {"note = \"n\"\n", "must"},
        {"must = \"fail\"\nnote = \"n\"\n", "client.toml:1: found must = \"fail\""},
        {"must = \"not-compile\"\nnote = \"n\"\n", "found no errors"},
        {"must = \"not-compile\"\nerrors = [\"no\"]\nnote = \"n\"\n", "client.toml:2: found \"no\""},
        {"must = \"run-clean\"\nerrors = [\"E0499\"]\nnote = \"n\"\n", "client.toml:2: found errors"},
        {"must = \"run-clean\"\nnote = \"n\"\n", "pub fn run()"},
    };
    for (const auto& [toml, words] : cases) {
        Folder folder;
        folder.client("one", toml, "fn f() {}\n");
        const auto clients = load_clients(folder.dir.path());
        REQUIRE(!clients);
        INFO(clients.error().message);
        CHECK(clients.error().message.find(words) != std::string::npos);
    }
}

}  // namespace ferrule::grader
