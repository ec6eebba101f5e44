// A guest's console, through everything that reads it.
#include <cstdlib>

#include "grader/detectors/detector.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

// Of the module that made the recorded logs: frames resolve to its lines.
Observations recorded(const char* name) {
    const auto text = read_file(fs::path(FERRULE_SOURCE_ROOT) / "grader/detectors/testdata" / name);
    FERRULE_CHECK(text);
    auto observations = observations_from_json(*text);
    FERRULE_CHECK(observations);
    observations->sources.clear();  // reading them again for each console would take nearly all of the time
    observations->runs.resize(1);
    Run& run = observations->runs[0];
    run.scenario_name = "load";
    run.steps.resize(1);
    run.steps[0].attempted = true;
    run.ledger_read = run.resources_read = run.module_gone = true;
    run.end = "running";
    return std::move(*observations);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static Observations c = recorded("c.json"), rust = recorded("rust.json");
    static const Exercise exercise = [] {
        Exercise made;
        made.scenarios.resize(1);
        made.scenarios[0].steps.resize(1);
        made.scenarios[0].steps[0].kind = StepKind::load;
        return made;
    }();
    Observations& all = size % 2 ? rust : c;
    std::string& console = all.runs[0].console;
    console.assign(reinterpret_cast<const char*>(data), size);

    const auto splats = parse_console(console);
    FERRULE_CHECK(splats.size() <= kMaxSplats);
    for (const Splat& splat : splats) {
        FERRULE_CHECK(!splat.kind.empty() && splat.title.size() <= 300 && splat.stack.size() <= 64);
        FERRULE_CHECK(splat.held.size() == splat.held_names.size() && splat.others.size() <= 24);
    }
    const Verdict verdict = judge(exercise, all);
    FERRULE_CHECK((verdict.verdict == "pass") == verdict.findings.empty());
    for (const Finding& finding : verdict.findings)
        for (const unsigned char byte : finding.title + finding.function + finding.file)
            FERRULE_CHECK(byte >= 0x20 && byte != 0x7f);
    return 0;
}
