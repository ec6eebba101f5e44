#include "grader/run/observation_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "grader/exercise/prng.hpp"
#include "grader/verdict.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Observations seen(const std::string& console) {
    Observations o;
    o.exercise = "ring";
    o.module = "ring";
    o.built = true;
    o.run_seconds = 1.5;
    Run run;
    run.console = console;
    run.end = "running";
    o.runs.push_back(run);
    return o;
}

const std::string kKey(64, 'a'), kOther(64, 'b');

struct Folder {
    TempDir dir = *TempDir::make();
    fs::path path = dir.path() / "observations";
    ObservationCache cache{path};
    uint64_t files() const {
        return static_cast<uint64_t>(std::distance(fs::directory_iterator(path), fs::directory_iterator()));
    }
};

void set_age(const fs::path& file, time_t seconds) {
    const time_t then = time(nullptr) - seconds;
    const timespec times[2] = {{then, 0}, {then, 0}};
    REQUIRE(utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("what was stored is found, under its own key alone") {
    const Folder f;
    CHECK_FALSE(f.cache.find(kKey));
    REQUIRE(f.cache.store(kKey, seen("hello \xff\x01")));
    const auto found = f.cache.find(kKey);
    REQUIRE(found);
    CHECK(to_json(*found) == to_json(seen("hello \xff\x01")));
    CHECK_FALSE(f.cache.find(kOther));

    // Another's entry under this name, and a link to it, are not believed.
    fs::copy_file(f.path / kKey, f.path / kOther);
    CHECK_FALSE(f.cache.find(kOther));
    REQUIRE(f.cache.store(kOther, seen("other")));
    CHECK(f.cache.find(kOther)->runs[0].console == "other");
}

TEST_CASE("an entry that was cut or changed anywhere counts as not there, and is replaced") {
    const Folder f;
    REQUIRE(f.cache.store(kKey, seen("a console with some words in it")));
    const std::string whole = *read_file(f.path / kKey);
    for (size_t size = 0; size < whole.size(); size += 7) {
        REQUIRE(write_file(f.path / kKey, whole.substr(0, size)));
        CHECK_FALSE(f.cache.find(kKey));
    }
    REQUIRE(write_file(f.path / kKey, whole + "x"));
    if (const auto found = f.cache.find(kKey))
        CHECK(to_json(*found) == to_json(seen("a console with some words in it")));
    Prng random(11);
    for (int i = 0; i < 2000; ++i) {
        std::string text = whole;
        text[random.below(text.size())] ^= static_cast<char>(1 + random.below(255));
        REQUIRE(write_file(f.path / kKey, text));
        // A bit that deflate does not need may differ; what is believed is always what was stored.
        if (const auto found = f.cache.find(kKey))
            CHECK(to_json(*found) == to_json(seen("a console with some words in it")));
    }
    for (const std::string& foreign : {std::string("ferrule observations 2 "), std::string("{}"), to_json(seen("")),
                                       "ferrule observations 1 " + std::string(64, '0') + " 99999999999999999999\n",
                                       "ferrule observations 1 " + std::string(64, '0') + " -1\nx"}) {
        REQUIRE(write_file(f.path / kKey, foreign));
        CHECK_FALSE(f.cache.find(kKey));
    }
    REQUIRE(f.cache.store(kKey, seen("again")));
    CHECK(f.cache.find(kKey)->runs[0].console == "again");
}

TEST_CASE("the oldest go when there is too much, and what was asked for is young") {
    const Folder f;
    const auto key = [](int i) { return std::string(64, static_cast<char>('0' + i)); };
    for (int i = 0; i < 4; ++i) {
        REQUIRE(f.cache.store(key(i), seen("")));
        set_age(f.path / key(i), 1000 - i);
    }
    REQUIRE(f.cache.find(key(0)));
    struct stat status;
    REQUIRE(stat((f.path / key(0)).c_str(), &status) == 0);
    const uint64_t bytes = static_cast<uint64_t>(status.st_blocks) * 512;
    const ObservationCache small(f.path, 3 * bytes);
    REQUIRE(small.store(key(4), seen("")));
    CHECK(f.files() == 3);
    CHECK(f.cache.find(key(0)));
    CHECK_FALSE(f.cache.find(key(1)));
    CHECK_FALSE(f.cache.find(key(2)));
    CHECK(f.cache.find(key(3)));
    CHECK(f.cache.find(key(4)));
}

TEST_CASE("programs that write at once, and one that is killed, leave good entries and no rubbish") {
    const Folder f;
    std::vector<pid_t> children;
    for (int child = 0; child < 4; ++child) {
        const pid_t pid = fork();
        REQUIRE(pid >= 0);
        if (pid == 0) {
            for (int i = 0;; ++i)
                (void)f.cache.store(i % 2 ? kKey : kOther, seen(std::string(20000, 'x') + std::to_string(i)));
        }
        children.push_back(pid);
    }
    int good = 0;
    for (int i = 0; i < 300; ++i) {
        usleep(2000);
        for (const std::string& key : {kKey, kOther})
            if (const auto found = f.cache.find(key)) {
                CHECK(found->runs.at(0).console.size() > 20000);
                ++good;
            }
        if (i == 150) kill(children[0], SIGKILL);
    }
    for (const pid_t pid : children) {
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
    }
    CHECK(good > 0);
    REQUIRE(f.cache.find(kKey));
    // What they left half written goes when it is old enough to be nobody's.
    REQUIRE(write_file(f.path / (kKey + ".half"), ""));
    fs::rename(f.path / (kKey + ".half"), f.path / (kKey + ".new-1-1"));
    for (const auto& entry : fs::directory_iterator(f.path))
        if (entry.path().filename().string().find(".new-") != std::string::npos) set_age(entry.path(), 3600);
    REQUIRE(f.cache.store(kKey, seen("last")));
    CHECK(f.files() == 2);
}

TEST_CASE("what a busy host may have caused is not kept") {
    Observations quiet = seen(""), late = seen(""), hung = seen(""), stopped = seen(""), race = seen("");
    race.runs[0].variant = "race";
    StepObservation step;
    step.lost = "deadline";
    late.runs[0].steps.push_back(step);
    Observations client = seen("");
    client.clients.push_back(late);
    hung.runs[0].hang.push_back({"cpu 0", {}, {}});
    stopped.built = false;
    stopped.diagnostics.push_back({"error", "", 0, 0, "the build took longer than 60 s and was stopped", "ferrule"});
    for (const Observations* one : {&quiet, &late, &hung, &stopped, &race, &client}) CHECK(worth_keeping(*one, false));
    CHECK(worth_keeping(quiet, true));
    for (const Observations* one : {&late, &hung, &stopped, &race, &client}) CHECK_FALSE(worth_keeping(*one, true));
}
