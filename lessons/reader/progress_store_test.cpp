#include "lessons/reader/progress_store.hpp"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;

TEST_CASE("attempts and hints are kept by exercise and language") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    const fs::path file = folder->path() / "deep" / "progress.db";
    {
        auto store = ProgressStore::open(file);
        REQUIRE(store);
        CHECK(store->progress("ring", "c")->attempts == 0);
        CHECK(store->last_attempt("ring", "c")->exercise.empty());
        REQUIRE(store->add_attempt({"ring", "c", "pass", "[]", 1.5, 100}));
        REQUIRE(store->add_attempt({"ring", "c", "fail", R"([{"class":"oops"}])", 2.5, 200}));
        REQUIRE(store->set_hints_shown("ring", "c", "oops", 2));
        REQUIRE(store->set_hints_shown("ring", "c", "oops", 1));  // never goes back
        CHECK(store->note("place") == "");
        REQUIRE(store->set_note("place", "locks 3"));
        REQUIRE(store->set_note("place", "locks 4"));
    }
    auto store = ProgressStore::open(file);
    REQUIRE(store);
    const auto progress = store->progress("ring", "c");
    REQUIRE(progress);
    CHECK(progress->attempts == 2);
    CHECK(progress->passed);
    CHECK(progress->last == "fail");
    CHECK(progress->last_at == 200);
    CHECK(progress->hints == 2);
    CHECK(store->last_attempt("ring", "c")->findings == R"([{"class":"oops"}])");
    CHECK(store->hints_shown("ring", "c", "oops") == 2);
    CHECK(store->hints_shown("ring", "c", "hang") == 0);
    CHECK_FALSE(store->progress("ring", "rust")->passed);
    CHECK(store->note("place") == "locks 4");
}

TEST_CASE("a file that is no database is an error that names it") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    const fs::path file = folder->path() / "progress.db";
    REQUIRE(write_file(file, std::string(8192, 'x')));
    const auto store = ProgressStore::open(file);
    REQUIRE_FALSE(store);
    CHECK(store.error().code == "progress-db");
    CHECK(store.error().message.find(file.string()) != std::string::npos);
    CHECK_FALSE(store.error().hint.empty());
}

TEST_CASE("several programs write at once and one is killed: nothing is lost or damaged") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    const fs::path file = folder->path() / "progress.db";
    constexpr int kEach = 40;
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
        const pid_t pid = ::fork();
        if (pid == 0) {
            auto store = ProgressStore::open(file);
            if (!store) ::_exit(1);
            for (int i = 0; i < kEach || child == 3; ++i)  // the last one writes until it is killed
                if (!store->add_attempt({"ring", "c" + std::to_string(child), "fail", "[]", 0, 1})) ::_exit(2);
            ::_exit(0);
        }
        REQUIRE(pid > 0);
        children.push_back(pid);
    }
    for (int child = 0; child < 4; ++child) {
        if (child == 3) ::kill(children[3], SIGKILL);
        int status = 0;
        REQUIRE(::waitpid(children[static_cast<size_t>(child)], &status, 0) > 0);
        if (child < 3) CHECK(status == 0);
    }
    auto store = ProgressStore::open(file);
    REQUIRE(store);
    for (int child = 0; child < 3; ++child)
        CHECK(store->progress("ring", "c" + std::to_string(child))->attempts == kEach);
}

TEST_CASE("time at work: signs of it within a pause are one session") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    auto store = ProgressStore::open(folder->path() / "progress.db");
    REQUIRE(store);
    for (const int64_t at : std::initializer_list<int64_t>{1000, 1030, 1020, 1000 + kPause})
        REQUIRE(store->worked("ring", "c", at));
    CHECK(store->progress("ring", "c")->seconds == kPause);
    REQUIRE(store->worked("ring", "c", 5000));  // after a pause: nothing yet
    CHECK(store->progress("ring", "c")->seconds == kPause);
    REQUIRE(store->worked("ring", "c", 5100));
    CHECK(store->progress("ring", "c")->seconds == kPause + 100);
    REQUIRE(store->worked("ring", "c", 300));  // the clock was set back
    CHECK(store->progress("ring", "c")->seconds == kPause + 100);
    CHECK(store->progress("ring", "rust")->seconds == 0);
}

TEST_CASE("a database of the first format is brought up to date and keeps what it has") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    const fs::path file = folder->path() / "progress.db";
    REQUIRE(ProgressStore::open(file)->add_attempt({"ring", "c", "pass", "[]", 1.5, 100}));
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(file.c_str(), &db) == SQLITE_OK);
    CHECK(sqlite3_exec(db, "DROP TABLE sessions; DROP TABLE notes; PRAGMA user_version=1", nullptr, nullptr, nullptr) ==
          SQLITE_OK);
    sqlite3_close(db);
    auto store = ProgressStore::open(file);
    REQUIRE(store);
    REQUIRE(store->worked("ring", "c", 100));
    REQUIRE(store->set_note("place", "here"));
    CHECK(store->progress("ring", "c")->passed);
}
