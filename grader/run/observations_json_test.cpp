#include "grader/run/observations.hpp"

#include "grader/exercise/prng.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Observations sample() {
    Observations o;
    o.exercise = "slots";
    o.module = "slots";
    o.language = Language::rust;
    o.seed = 99;
    o.built = true;
    o.diagnostics = {{"warning", "slots.rs", 3, 7, "unused", "rustc"}};
    o.imports = {"kfree"};
    o.source_files = {"slots.rs"};
    o.sources["slots.rs"] = "fn main() {} // \xff not UTF-8, \xc3\xa9 is";
    o.debug["mem"].files = {"slots.rs"};
    o.debug["mem"].sections = {{".text", 64, {{0, 0, 5}, {8, 0, 6}}, {{0, 64, "slots_open", 0, 0, 0}}}};
    o.debug["mem"].symbols = {{".text", "slots_open", 0, 64}};
    Run run;
    run.scenario = 1;
    run.scenario_name = "store";
    run.variant = "mem";
    run.seed = 0xffffffffffffffffu;
    run.values = {{"n", int64_t{-5}}, {"msg", std::string("\0\xff", 2)}, {"text", std::string("42")}};
    run.sweep_step = 2;
    run.fail_nth = 3;
    run.ladder = true;
    run.background = "failslab";
    run.background_fired = true;
    run.background_points = {"fail_call"};
    run.fault_number = 2;
    run.runs_before = 3;
    run.console_silent = true;
    run.files_open = true;
    run.steps = {{2, -1, -1, true, false, "worker-died", 12, -1, std::string("\0\x80", 2), 3, true, true, 5, 0.25, {}}};
    StepObservation raced;
    raced.lane = raced.lane_step = 0;
    raced.race.push_back({9, 1, 6, 1, 2, {{22, 3}}, {{-1, 6, 2}}, {{"\xff", 4, 6}}, 7, 8, 9});
    run.steps.push_back(raced);
    run.console = "BUG: \x1b[31m\xf0\x28";
    run.module_symbols = {{"slots_open", 0xffffffffa0000000u}};
    run.live = {{"slab", 0xffff888000000010u, 24, {0xffffffff81000001u, 0xffffffffa0000002u}, {"kmalloc", ""}}};
    run.ledger_read = true;
    run.resources_before = {{"node", "/dev/null"}};
    run.resources_after = {{"node", "/dev/null"}, {"misc", "\xff"}};
    run.resources_read = true;
    run.module_gone = true;
    run.unload_forced = true;
    run.unload_error = 11;
    run.debug_locks = "0";
    run.end = "panicked";
    run.hang = {{"cpu 1", {1, 2}, {"a", "b"}}};
    run.restore_seconds = 0.125;
    o.runs = {run, Run{}};
    o.kernel_release = "7.3.4";
    o.image_key = "abc";
    o.accelerator = "tcg";
    o.total_seconds = 1.5;
    return o;
}

}  // namespace

TEST_CASE("observations come back as they were") {
    const std::string text = to_json(sample());
    const auto back = observations_from_json(text);
    INFO((back ? "" : back.error().message));
    REQUIRE(back);
    // Every member is in the JSON, so that equal JSON means equal observations…
    CHECK(to_json(*back) == text);
    // …and a few are looked at to see that it is not equally empty.
    const Run& run = back->runs.at(0);
    CHECK(back->language == Language::rust);
    CHECK(back->seed == 99);
    CHECK(back->sources == sample().sources);
    CHECK(back->debug.at("mem").sections.at(0).rows.at(1).line == 6);
    Observations with = sample();
    with.clients = {sample()};
    const auto both = observations_from_json(to_json(with));
    REQUIRE(both);
    CHECK(to_json(*both) == to_json(with));
    CHECK(both->clients.at(0).sources == sample().sources);
    CHECK(run.seed == 0xffffffffffffffffu);
    CHECK(run.values == sample().runs[0].values);
    CHECK(run.steps.at(0).data == std::string("\0\x80", 2));
    CHECK(run.steps.at(0).overrun == 3);
    REQUIRE(run.steps.at(1).race.size() == 1);
    CHECK(run.steps.at(1).race[0].outs.at(0).data == "\xff");
    CHECK(run.steps.at(1).race[0].errors.at(0).count == 3);
    CHECK(run.console == sample().runs[0].console);
    CHECK(run.live.at(0).frames == sample().runs[0].live[0].frames);
    CHECK(run.resources_after.at(1).name == "\xff");
    CHECK(run.hang.at(0).names.at(1) == "b");
    CHECK(run.end == "panicked");
}

TEST_CASE("damaged observations are refused or read") {
    const std::string whole = to_json(sample());
    Prng random(5);
    size_t read = 0;
    for (int i = 0; i < 3000; ++i) {
        std::string text = whole;
        text[random.below(text.size())] = static_cast<char>(random.below(256));
        if (observations_from_json(text)) ++read;
    }
    CHECK(read < 3000);
}

TEST_CASE("what is no observations is refused in one line") {
    const std::string good = to_json(sample());
    const auto change = [&](const std::string& from, const std::string& to) {
        std::string text = good;
        const size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        return text.replace(at, from.size(), to);
    };
    for (const std::string& bad :
         {std::string(), std::string("[]"), std::string("{}"), std::string("{\"format\":2}"),
          good.substr(0, good.size() / 2), change("\"language\": \"rust\"", "\"language\": \"perl\""),
          change("\"scenario\": 1", "\"scenario\": 99999999999"), change("\"scenario\": 1", "\"scenario\": \"1\""),
          change("\"hex\": \"", "\"hex\": \"zz"), change("\"built\": true", "\"build\": true"),
          change("\"seed\": 18446744073709551615", "\"seed\": -1")}) {
        const auto parsed = observations_from_json(bad);
        INFO(bad.substr(0, 200));
        REQUIRE_FALSE(parsed);
        CHECK(parsed.error().code == "observations-broken");
        CHECK(parsed.error().message.find('\n') == std::string::npos);
    }
}
