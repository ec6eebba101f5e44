#include "grader/detectors/detector.hpp"
#include "grader/detectors/result.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

RaceTally tally(int64_t good, std::vector<RaceTally::Errors> errors = {}) {
    RaceTally out;
    out.good = out.made = good;
    out.errors = std::move(errors);
    for (const auto& entry : out.errors) out.made += entry.count;
    return out;
}

std::string wrong(const Step& step, const RaceTally& tally) {
    const auto found = judge_raced(step, tally, {{"n", int64_t{7}}});
    return found ? found->what : "";
}

}  // namespace

TEST_CASE("each answer of a race must be a right one") {
    Step step{StepKind::ioctl};
    CHECK(wrong(step, tally(1000)).empty());
    CHECK(wrong(step, tally(999, {{22, 1}})) == "failed with EINVAL in 1 of 1000 calls of a race");
    step.may = {"EBUSY", "ENODEV"};
    CHECK(wrong(step, tally(10, {{16, 5}, {19, 1}})).empty());
    CHECK(wrong(step, tally(0, {{16, 5}})).empty());
    CHECK(wrong(step, tally(10, {{16, 5}, {22, 1}})) ==
          "failed with EINVAL in 1 of 16 calls of a race, expected success or EBUSY or ENODEV");
    step.may.clear();
    step.errors = {"EINVAL"};
    CHECK(wrong(step, tally(0, {{22, 1}})).empty());
    CHECK(wrong(step, tally(1, {{22, 1}})) == "succeeded in 1 of 2 calls of a race, expected it to fail with EINVAL");
}

TEST_CASE("values and data of a race") {
    Step step{StepKind::read};
    step.returns = "$n";
    RaceTally seen = tally(10);
    seen.values = {{7, 10, 1}};
    CHECK(wrong(step, seen).empty());
    seen.values = {{7, 9, 1}, {6, 1, 3}};
    CHECK(wrong(step, seen) == "returned 6 in 1 of 10 calls of a race, expected 7");
    seen.values = {{7, 9, 1}};
    seen.other_values = 1;
    CHECK_FALSE(wrong(step, seen).empty());

    step.returns.clear();
    step.out = DataRule{{DataPiece::text, "abc", "", {}}};
    seen = tally(10);
    seen.outs = {{"abc", 3, 10}};
    CHECK(wrong(step, seen).empty());
    seen.outs = {{"abc", 3, 9}, {"abd", 3, 1}};
    CHECK(wrong(step, seen) == "wrong data from byte 2: 64, expected 63 in 1 of 10 calls of a race");
    seen.outs = {{"abc", 4, 1}};
    CHECK(wrong(step, seen) == "returned 4 bytes of data, expected 3 in 1 of 10 calls of a race");
    seen.outs = {{"ab", 3, 1}};  // fewer bytes than it says: the guest is not to be believed
    CHECK_FALSE(wrong(step, seen).empty());
    seen.outs = {{"abc", 3, 9}};
    seen.other_outs = 1;
    CHECK_FALSE(wrong(step, seen).empty());
    seen = tally(10);
    seen.overruns = 2;
    seen.overrun = 16;
    CHECK(wrong(step, seen) == "wrote 16 bytes behind the end of the user's buffer in 2 of 10 calls of a race");
    CHECK(std::string(judge_raced(step, seen, {})->finding_class) == "user-access");
}

TEST_CASE("out of bounds while user memory is poked is a second fetch") {
    Exercise exercise;
    Step race{StepKind::race}, poke{StepKind::poke};
    race.lanes = {{poke}};
    exercise.scenarios.resize(1);
    exercise.scenarios[0].steps = {race};
    Observations all;
    Run run;
    StepObservation seen;
    seen.lane = seen.lane_step = 0;
    seen.attempted = true;
    run.steps = {seen};
    const std::vector<Splat> splats;
    const std::vector<LoadedSection> loaded;
    const auto classes = [&](const Run& of) {
        Finding behind, freed;
        behind.finding_class = "out-of-bounds";
        freed.finding_class = "use-after-free";
        std::vector<Finding> findings = {behind, freed};
        name_double_fetches({exercise, all, of, splats, loaded}, findings);
        return findings[0].finding_class + " " + findings[1].finding_class;
    };
    CHECK(classes(run) == "user-access use-after-free");
    run.steps[0].attempted = false;
    CHECK(classes(run) == "out-of-bounds use-after-free");
    run.steps[0].attempted = true;
    exercise.scenarios[0].steps[0].lanes[0][0].kind = StepKind::ioctl;
    CHECK(classes(run) == "out-of-bounds use-after-free");
}
