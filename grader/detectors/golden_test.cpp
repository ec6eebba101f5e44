// The recorded logs, through parser, detectors and judge, against testdata/expected.txt (see testdata/README.md).
#include <algorithm>
#include <cstdlib>

#include "grader/verdict.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

fs::path testdata() { return fs::path(FERRULE_SOURCE_ROOT) / "grader/detectors/testdata"; }

Observations base(const std::string& name) {
    auto text = read_file(testdata() / name);
    REQUIRE(text);
    auto observations = observations_from_json(*text);
    if (!observations) FAIL(observations.error().message);
    return *observations;
}

}  // namespace

TEST_CASE("every recorded log gives the finding it was recorded for", "[golden]") {
    const Observations c = base("c.json"), rust = base("rust.json");
    Exercise exercise;
    exercise.id = "probe";
    exercise.lesson = "probe/probe";
    exercise.scenarios.resize(1);
    exercise.scenarios[0].name = "load";
    Step load{};
    load.kind = StepKind::load;
    exercise.scenarios[0].steps.push_back(load);

    std::vector<fs::path> logs;
    for (const auto& entry : fs::directory_iterator(testdata()))
        if (entry.path().extension() == ".log") logs.push_back(entry.path());
    std::sort(logs.begin(), logs.end());
    REQUIRE(logs.size() > 50);

    std::string got;
    for (const auto& log : logs) {
        auto text = read_file(log);
        REQUIRE(text);
        Observations observations = log.stem().string().starts_with("r-") ? rust : c;
        Run run;
        run.scenario_name = "load";
        run.console = *text;
        run.steps.push_back({});
        run.steps[0].attempted = true;
        run.ledger_read = run.resources_read = run.module_gone = true;
        run.debug_locks = "0";
        run.end = "running";
        observations.runs.push_back(run);
        Verdict verdict = judge(exercise, observations);
        CHECK(verdict.verdict == "fail");
        got += log.stem().string() + "\n";
        for (const auto& finding : verdict.findings) {
            got += "  " + finding.finding_class + " " + finding.file + ":" + std::to_string(finding.line) + " " +
                   finding.function + ": " + finding.title + "\n";
            for (const auto& related : finding.related)
                got += "    " + related.role + " " + related.file + ":" + std::to_string(related.line) + " " +
                       related.function + "\n";
        }
    }
    if (const char* golden = std::getenv("FERRULE_GOLDEN"); golden && std::string(golden) == "update")
        REQUIRE(write_file(testdata() / "expected.txt", got));
    auto expected = read_file(testdata() / "expected.txt");
    REQUIRE(expected);
    CHECK(got == *expected);
}
