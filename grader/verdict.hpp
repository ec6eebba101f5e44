// What Ferrule says about a submission. The JSON is the contract (report/json.cpp).
#pragma once

#include <string>
#include <vector>

#include "grader/run/observations.hpp"

namespace ferrule::grader {

struct Related {
    std::string role, file, function;
    int line = 0;
};  // role: "allocated", "freed", "also", "failed" (what was made to fail, where that is another context's call)

struct Finding {
    std::string finding_class;  // a word of the closed list in classes.hpp
    std::string detector;       // "ledger", "kasan", "lockdep", "result", …
    std::string title;          // one line, sanitised
    std::string
        why;  // the exercise's own words for what is expected here, part of the title; not in the contract's JSON
    std::string scenario, fault;  // fault: "allocation 2 failed", may be empty
    std::string file, function;   // the learner's line that caused it; empty: none known
    int line = 0;
    std::vector<Related> related;
    std::string lesson;     // "ownership/leaks"
    int order = 1'000'000;  // line of the console it was read from: what came first; not in the contract's JSON
    bool fatal = false;     // the run could not go on sanely from here (oops, panic); likewise
    std::vector<std::string> led_to;  // what else was reported in the same run because of it; likewise
    std::string raw;                  // the splat or output it was read from; not in the contract's JSON
};

struct ScenarioResult {
    std::string name, result;
    double seconds = 0;
};  // "pass", "fail"

struct Timing {
    double build_seconds = 0, restore_seconds = 0, run_seconds = 0, total_seconds = 0;
};
struct Environment {
    std::string kernel, image, accelerator, ferrule;
};

struct Verdict {
    std::string verdict;  // "pass", "fail"
    std::string exercise, language;
    std::vector<Finding> findings;  // most telling first
    std::vector<ScenarioResult> scenarios;
    Timing timing;
    Environment environment;
    uint64_t seed = 0;  // repeats what was random in these runs (--seed); not in the contract's JSON
    std::string audit;  // of Rust: one line on its use of `unsafe`, for people; not in the contract's JSON
};

// Pure: starts no process, reads no file; the same input gives the same verdict.
Verdict judge(const Exercise& exercise, const Observations& observations);
// Is there a finding in this run? Of the observations only what is known before any run counts.
bool shows_something(const Exercise& exercise, const Observations& observations, const Run& run);

}  // namespace ferrule::grader
