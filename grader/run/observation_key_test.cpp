#include "grader/run/observation_key.hpp"

#include <set>

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

struct Question {
    Exercise exercise;
    Submission submission;
    uint64_t seed = 7;
    unsigned repeat = 0;
    std::vector<std::string> machines = {"mem-machine"};

    std::string key() const {
        const auto key = observation_key_of(exercise, submission, seed, repeat, machines);
        REQUIRE(key);
        return *key;
    }
};

Question ring(const fs::path& folder) {
    Question q;
    q.exercise.id = q.exercise.module = "ring";
    q.exercise.kernels = {"mem"};
    q.exercise.source_hash = "abc";
    q.exercise.folder = folder;
    Step program{StepKind::program};
    program.file_name = "tests/race.c";
    Step lanes{StepKind::parallel};
    lanes.lanes = {{program}};
    Scenario scenario;
    scenario.steps = {lanes};
    q.exercise.scenarios = {scenario};
    q.submission = {"ring", Language::c, {Language::c, "ring", {{"ring.c", "int x;"}, {"ring.h", ""}}}};
    return q;
}

}  // namespace

TEST_CASE("everything that decides an observation decides its key, and nothing else does") {
    const auto dir = TempDir::make();
    REQUIRE(dir);
    REQUIRE(make_directories(dir->path() / "tests"));
    REQUIRE(write_file(dir->path() / "tests/race.c", "int main(void) { return 0; }"));
    const Question q = ring(dir->path());
    const std::string key = q.key();
    CHECK(key.size() == 64);
    CHECK(q.key() == key);

    std::set<std::string> keys = {key};
    const auto differs = [&](const auto& change) {
        Question other = q;
        change(other);
        CHECK(keys.insert(other.key()).second);
    };
    differs([](Question& o) { o.exercise.source_hash = "abd"; });
    differs([](Question& o) { o.exercise.module = "rink"; });
    differs([](Question& o) { o.exercise.scenarios[0].repeat = 2; });  // the judge's sources then count
    differs([](Question& o) { o.submission.exercise_id = "rink"; });
    differs([](Question& o) { o.submission.sources.module = "rink"; });
    differs([](Question& o) { o.submission.language = Language::rust; });
    differs([](Question& o) { o.submission.sources.files[0].text += " "; });
    differs([](Question& o) { o.submission.sources.files[1].name = "ring2.h"; });
    differs([](Question& o) { o.submission.sources.files[0] = {"ring.cint", " x;"}; });
    differs([](Question& o) { o.submission.sources.files.pop_back(); });
    differs([](Question& o) { o.seed = 8; });
    differs([](Question& o) { o.repeat = 1; });
    differs([](Question& o) { o.machines = {"mem-machine", "race-machine"}; });
    differs([](Question& o) { o.machines = {"mem-machine2"}; });
    differs([](Question& o) { o.machines = {"race-machine", "mem-machine"}; });

    Question same = q;
    same.exercise.title = "Another title";
    same.exercise.hints.push_back({"memory-leak", {"look"}});
    CHECK(same.key() == key);

    REQUIRE(write_file(dir->path() / "tests/race.c", "int main(void) { return 1; }"));
    CHECK(q.key() != key);
    fs::remove(dir->path() / "tests/race.c");
    CHECK_FALSE(observation_key_of(q.exercise, q.submission, q.seed, q.repeat, q.machines));
}

TEST_CASE("the runner's sources are in the key") { CHECK(std::string(kRunnerSources).size() == 64); }
TEST_CASE("the judge's sources are known, apart") {
    CHECK(std::string(kJudgeSources).size() == 64);
    CHECK(std::string(kJudgeSources) != kRunnerSources);
}
