// The recorded logs, through parser, detectors and judge, against testdata/expected.txt (see testdata/README.md).
#include <cstdlib>

#include "grader/detectors/recorded.hpp"

using namespace ferrule;
using namespace ferrule::grader;

TEST_CASE("every recorded log gives the finding it was recorded for", "[golden]") {
    const Exercise exercise = recorded::load_exercise();
    std::string got;
    for (const auto& log : recorded::all_logs()) {
        Observations observations = recorded::base_of(log.name);
        observations.runs.push_back(recorded::run_with(observations, log.text));
        Verdict verdict = judge(exercise, observations);
        CHECK(verdict.verdict == "fail");
        got += log.name + "\n";
        for (const auto& finding : verdict.findings) {
            got += "  " + finding.finding_class + " " + finding.file + ":" + std::to_string(finding.line) + " " +
                   finding.function + ": " + finding.title + "\n";
            for (const auto& related : finding.related)
                got += "    " + related.role + " " + related.file + ":" + std::to_string(related.line) + " " +
                       related.function + "\n";
        }
    }
    if (const char* golden = std::getenv("FERRULE_GOLDEN"); golden && std::string(golden) == "update")
        REQUIRE(write_file(recorded::testdata() / "expected.txt", got));
    auto expected = read_file(recorded::testdata() / "expected.txt");
    REQUIRE(expected);
    CHECK(got == *expected);
}
