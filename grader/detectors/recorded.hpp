// The recorded console logs of testdata/, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "grader/detectors/detector.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

namespace ferrule::grader::recorded {

inline fs::path testdata() { return fs::path(FERRULE_SOURCE_ROOT) / "grader/detectors/testdata"; }

// Observations of the module that made a log, without a run.
inline const Observations& base_of(const std::string& log) {
    static const auto read = [](const std::string& name) {
        auto text = read_file(testdata() / name);
        REQUIRE(text);
        auto observations = observations_from_json(*text);
        REQUIRE(observations);
        return *observations;
    };
    static const Observations c = read("c.json"), rust = read("rust.json"), race = read("race/probe.json"),
                              racer = read("race/racer.json");
    if (log.starts_with("race/racer-")) return racer;
    if (log.starts_with("race/")) return race;
    return log.starts_with("r-") ? rust : c;
}

struct Log {
    std::string name, text;
};
// Of both kernels: "uaf" of the kernel mem, "race/racer-plain" of the kernel race.
inline const std::vector<Log>& all_logs() {
    static const std::vector<Log> all = [] {
        std::vector<Log> found;
        for (const char* folder : {"", "race/"})
            for (const auto& entry : fs::directory_iterator(testdata() / folder)) {
                if (entry.path().extension() != ".log") continue;
                auto text = read_file(entry.path());
                REQUIRE(text);
                found.push_back({folder + entry.path().stem().string(), std::move(*text)});
            }
        std::sort(found.begin(), found.end(), [](const Log& a, const Log& b) { return a.name < b.name; });
        REQUIRE(found.size() > 90);
        return found;
    }();
    return all;
}

// Each kind of report once: what both kernels say is not damaged twice.
inline const std::vector<Log>& logs() {
    static const std::vector<Log> some = [] {
        std::vector<Log> found;
        for (const Log& log : all_logs())
            if (!log.name.starts_with("race/") || log.name.starts_with("race/racer-")) found.push_back(log);
        return found;
    }();
    return some;
}

// One scenario of one step: the module is put in.
inline Exercise load_exercise() {
    Exercise exercise;
    exercise.id = "probe";
    exercise.lesson = "probe/probe";
    exercise.scenarios.resize(1);
    exercise.scenarios[0].name = "load";
    Step load{};
    load.kind = StepKind::load;
    exercise.scenarios[0].steps.push_back(load);
    return exercise;
}

inline Run run_with(const Observations& base, std::string console) {
    Run run;
    run.variant = base.debug.begin()->first;
    run.scenario_name = "load";
    run.console = std::move(console);
    run.steps.push_back({});
    run.steps[0].attempted = true;
    run.ledger_read = run.resources_read = run.module_gone = true;
    run.debug_locks = "0";
    run.end = "running";
    return run;
}

}  // namespace ferrule::grader::recorded
