#include <cstring>

#include "grader/run/race_program.hpp"
#include "grader/run/scenario_run.hpp"
#include "grader/run/scripted_guest.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

using Special = std::optional<tl::expected<vm::Reply, vm::Lost>>;

Scenario scenario(const std::string& steps) {
    const auto exercise = parse_exercise(
        "format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = [\"c\"]\nminutes = 1\nmodule = \"slots\"\n"
        "[[scenario]]\nname = \"one\"\ndeadline = 0.1\nsteps = [\n" +
            steps + "\n]\n",
        "x.toml");
    INFO((exercise ? "" : exercise.error().message));
    REQUIRE(exercise);
    return exercise->scenarios.at(0);
}

Run run(ScriptedGuest& guest, const Scenario& what, uint64_t seed = 1) {
    RunCommon common;
    common.module = "slots";
    common.ko = "ELF";
    common.resources_before = {{"node", "/dev/null"}};
    auto result = run_scenario(guest, common, what, {}, seed);
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    return *result;
}

// Every call of the program made `made` times, well each time.
vm::Reply all_well(const vm::Request& request, uint32_t made = 5) {
    ferrule_race head;
    std::memcpy(&head, request.data.data(), sizeof head);
    vm::Reply reply;
    for (uint32_t i = 0; i < head.calls; ++i) {
        ferrule_tally tally = {};
        tally.made = tally.good = made;
        reply.data.append(reinterpret_cast<const char*>(&tally), sizeof tally);
    }
    return reply;
}

const std::string kRace =
    "{ load = \"\" }, { open = \"/dev/slots\", as = \"f\" }, "
    "{ race = [[{ ioctl = \"f\", cmd = 1 }, { read_file = \"/x\" }], [{ ioctl = \"f\", cmd = 2 }]], seconds = 0.1 }";

}  // namespace

TEST_CASE("a race: a message for each list, an observation for each step") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> Special {
        if (request.op == FERRULE_RACE) return all_well(request);
        return std::nullopt;
    };
    const Run seen = run(guest, scenario(kRace));
    CHECK(guest.count(FERRULE_RACE) == 2);
    CHECK(guest.count(FERRULE_STOP) == 0);
    REQUIRE(seen.steps.size() == 7);
    CHECK(seen.steps[2].lane == 0);
    CHECK(seen.steps[3].lane_step == 1);
    CHECK(seen.steps[4].lane == 1);
    REQUIRE(seen.steps[4].race.size() == 1);
    CHECK(seen.steps[4].race[0].made == 5);
    CHECK(seen.module_gone);
    CHECK(left_as_found(seen));

    const auto seeds = [](const ScriptedGuest& asked) {
        std::vector<uint64_t> out;
        for (const auto& request : asked.asked)
            if (request.op == FERRULE_RACE) std::memcpy(&out.emplace_back(), request.data.data(), sizeof(uint64_t));
        return out;
    };
    ScriptedGuest again, other;
    again.special = other.special = guest.special;
    run(again, scenario(kRace));
    run(other, scenario(kRace), 2);
    CHECK(seeds(guest).at(0) == seeds(guest).at(1));
    CHECK(seeds(guest) == seeds(again));
    CHECK(seeds(guest) != seeds(other));
}

TEST_CASE("a list that does not come to its end hangs where its worker says") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> Special {
        if (request.op == FERRULE_RACE && request.worker == 2) return tl::unexpected(vm::Lost::deadline);
        if (request.op == FERRULE_RACE) return all_well(request);
        if (request.op != FERRULE_STOP) return std::nullopt;
        ferrule_race_end at[FERRULE_WORKERS] = {};
        at[2] = {1, 12};
        vm::Reply reply;
        reply.data.assign(reinterpret_cast<const char*>(at), sizeof at);
        return reply;
    };
    const Run seen = run(guest, scenario(kRace));
    REQUIRE(seen.steps.size() == 5);
    CHECK_FALSE(seen.steps[2].attempted);
    CHECK(seen.steps[3].lost == "deadline");
    CHECK(seen.steps[4].race.size() == 1);
    CHECK_FALSE(seen.hang.empty());
}

TEST_CASE("a worker that dies in a race") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> Special {
        if (request.op != FERRULE_RACE) return std::nullopt;
        if (request.worker == 3) return all_well(request);
        vm::Reply reply = ScriptedGuest::error(0, FERRULE_WORKER_DIED);
        const ferrule_race_end at = {1, 3};
        reply.data.assign(reinterpret_cast<const char*>(&at), sizeof at);
        return reply;
    };
    const Run seen = run(guest, scenario(kRace));
    REQUIRE(seen.steps.size() == 5);
    CHECK(seen.steps[3].lost == "worker-died");
    CHECK(seen.unload_forced);
    CHECK(seen.module_gone);
}

TEST_CASE("an answer that is none is a broken protocol") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> Special {
        if (request.op != FERRULE_RACE) return std::nullopt;
        vm::Reply reply;
        reply.data = "tallies";
        return reply;
    };
    const Run seen = run(guest, scenario(kRace));
    CHECK(seen.steps[2].lost == "protocol");
    CHECK_FALSE(left_as_found(seen));
}

TEST_CASE("a report about the module ends the race") {
    ScriptedGuest guest;
    int waits = 0;
    guest.special = [&](const vm::Request& request) -> Special {
        if (request.op == FERRULE_STOP) waits = 100;
        if (request.op != FERRULE_RACE) return std::nullopt;
        if (waits++ == 0)
            guest.said +=
                "[    3.1][  T50] ==================================================================\n"
                "[    3.1][  T50] BUG: KASAN: slab-use-after-free in slots_ioctl+0x5c/0xe0 [slots]\n"
                "[    3.1][  T50] Read of size 4 at addr ffff888001234567 by task ferrule-worker/50\n";
        if (waits < 50) return tl::unexpected(vm::Lost::deadline);
        return all_well(request);
    };
    const Run seen = run(guest, scenario(kRace));
    CHECK(guest.count(FERRULE_STOP) == 1);
    CHECK(seen.steps[2].race.size() == 1);
    CHECK(seen.console.find("KASAN") != std::string::npos);
}

TEST_CASE("what a race loads and unloads is counted, and the end copes with either") {
    const Scenario what = scenario("{ load = \"\" }, { race = [[{ unload = true }, { load = \"\" }]], seconds = 0.1 }");
    REQUIRE(what.steps.size() == 3);
    CHECK(what.steps[2].may == std::vector<std::string>{"ENOENT"});
    CHECK(what.steps[1].lanes[0][0].may.size() == 3);
    for (const bool loaded_at_the_end : {true, false}) {
        ScriptedGuest guest;
        guest.special = [&](const vm::Request& request) -> Special {
            if (request.op == FERRULE_UNLOAD && !guest.loaded) return ScriptedGuest::error(ENOENT);
            if (request.op != FERRULE_RACE) return std::nullopt;
            guest.loaded = loaded_at_the_end;
            vm::Reply reply = all_well(request);
            ferrule_tally load;
            std::memcpy(&load, reply.data.data() + sizeof load, sizeof load);
            if (!loaded_at_the_end) {
                load.good--;
                load.errors[0] = {EBUSY, 1};
            }
            std::memcpy(reply.data.data() + sizeof load, &load, sizeof load);
            return reply;
        };
        const Run seen = run(guest, what);
        CHECK(guest.count(FERRULE_UNLOAD) == 1);
        CHECK_FALSE(seen.unload_forced);
        CHECK(seen.module_gone);
    }
}

TEST_CASE("a delay is drawn from the run's seed") {
    const Scenario what = scenario("{ load = \"\" }, { delay = \"random 10..100000\" }, { delay = 5 }");
    const auto drawn = [&](uint64_t seed) {
        ScriptedGuest guest;
        run(guest, what, seed);
        std::vector<int64_t> out;
        for (const auto& request : guest.asked)
            if (request.op == FERRULE_DELAY) out.push_back(request.a);
        return out;
    };
    const auto first = drawn(1);
    REQUIRE(first.size() == 2);
    CHECK(first[0] >= 10);
    CHECK(first[0] <= 100000);
    CHECK(first[1] == 5);
    CHECK(drawn(1) == first);
    CHECK(drawn(2)[0] != first[0]);
}
