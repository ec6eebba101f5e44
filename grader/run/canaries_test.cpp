#include "grader/run/canaries.hpp"

#include "grader/run/scripted_guest.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Run clean_run(const std::string& variant = "mem") {
    Run run;
    run.scenario = 1;
    run.scenario_name = "open and close";
    run.variant = variant;
    run.steps.push_back({0});
    run.steps.back().attempted = true;
    run.end = "running";
    run.debug_locks = "1";
    return run;
}

std::string report_of(const std::string& word) {
    const std::string line = "[    9.0][   T61] ", frame = line + " ferrule_canary_" + word + "+0x1f/0x60\n";
    if (word == "lockdep") return line + "WARNING: possible circular locking dependency detected\n" + frame;
    if (word == "sleep") return line + "BUG: sleeping function called from invalid context at canary.c:50\n" + frame;
    if (word == "objects")
        return line + "ODEBUG: free active (active state 0) object: 00 object type: timer_list\n" + frame;
    if (word == "ubsan") return line + "UBSAN: shift-out-of-bounds in drivers/ferrule/canary.c:81:6\n" + frame;
    if (word == "kcsan") return line + "BUG: KCSAN: data-race in ferrule_canary_kcsan / ferrule_canary_kcsan\n";
    return line + "BUG: KASAN: slab-use-after-free in ferrule_canary_kasan+0x5a/0x70\n";
}

// A guest whose detectors all report, but for `mute`.
class Birds : public ScriptedGuest {
public:
    explicit Birds(const std::string& mute = "", int error = 0) {
        special = [this, mute, error](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
            if (request.op != FERRULE_WRITE_FILE || request.text != "/sys/kernel/debug/ferrule/canary")
                return std::nullopt;
            words.push_back(request.data);
            workers.push_back(request.worker);
            if (request.data != mute) late += report_of(request.data);
            return request.data == mute && error != 0 ? ScriptedGuest::error(error) : vm::Reply{};
        };
    }
    std::vector<std::string> words;
    std::vector<unsigned> workers;
};

Canaries ask(ScriptedGuest& guest, const Run& run) {
    RunCommon common;
    common.variant = run.variant;
    auto heard = ask_canaries(guest, common, last_run(run));
    REQUIRE(heard);
    return *heard;
}

}  // namespace

TEST_CASE("detectors are made to speak, lockdep first and KASAN last, by the module's own task; some in turn") {
    const std::vector<std::string> turns{"sleep", "objects", "ubsan"};
    for (uint64_t seed = 0; seed < 3; ++seed) {
        Run run = clean_run();
        run.seed = seed;
        Birds guest;
        const Canaries heard = ask(guest, run);
        CHECK(guest.words == std::vector<std::string>{"lockdep", turns[seed], "kasan"});
        CHECK(heard.heard.at(turns[seed]) == "reported");
    }
    Birds guest;
    const Canaries heard = ask(guest, clean_run());
    CHECK(guest.workers == std::vector<unsigned>(3, 1));
    CHECK(heard.scenario == 1);
    CHECK(heard.scenario_name == "open and close");
    CHECK(heard.heard.size() == 3);
    for (const auto& [word, answer] : heard.heard) CHECK(answer == "reported");
    CHECK(heard.console.empty());
    Birds race;
    CHECK(ask(race, clean_run("race")).heard.at("kcsan") == "reported");
    CHECK(race.words == canaries_of("race", 0));
    CHECK(std::count(race.words.begin(), race.words.end(), "kasan") == 0);
}

TEST_CASE("a canary that says nothing, or is not there, is written down, and so is what was said") {
    Birds quiet("kasan");
    const Canaries heard = ask(quiet, clean_run());
    CHECK(heard.heard.at("kasan") == "silent");
    CHECK(heard.heard.at("lockdep") == "reported");
    CHECK(heard.console.find("ferrule_canary_sleep") != std::string::npos);
    Birds gone("lockdep", ENOENT);
    CHECK(ask(gone, clean_run()).heard.at("lockdep") == "ENOENT");
}

TEST_CASE("two tasks that did not meet on a busy host are asked to once more, and not for ever") {
    Birds busy("kcsan");
    busy.special = [&, plain = busy.special](const vm::Request& request) {
        auto reply = plain(request);
        if (request.data == "kcsan" && std::count(busy.words.begin(), busy.words.end(), "kcsan") == 3)
            busy.late += report_of("kcsan");
        return reply;
    };
    CHECK(ask(busy, clean_run("race")).heard.at("kcsan") == "reported");
    CHECK(std::count(busy.words.begin(), busy.words.end(), "kcsan") == 3);
    Birds silenced("kcsan");
    CHECK(ask(silenced, clean_run("race")).heard.at("kcsan") == "silent");
    CHECK(std::count(silenced.words.begin(), silenced.words.end(), "kcsan") == 5);
}

TEST_CASE("another function's report is not the canary's") {
    Birds guest("kasan");
    guest.said +=
        "[ 1.0][ T1] BUG: KASAN: slab-use-after-free in ferrule_canary_kasan+0x5a/0x70\n";  // before it was asked
    guest.late = "[ 9.0][ T1] BUG: KASAN: slab-use-after-free in ring_read+0x5a/0x70 [ring]\n";
    CHECK(ask(guest, clean_run()).heard.at("kasan") == "silent");
}

TEST_CASE("a guest that ends or answers no more has silent detectors") {
    Birds guest;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_WRITE_FILE) return std::nullopt;
        return tl::unexpected(vm::Lost::deadline);
    };
    const Canaries stuck = ask(guest, clean_run());
    CHECK(stuck.heard.size() == 3);
    for (const auto& [word, answer] : stuck.heard) CHECK(answer == "no answer");
    Birds off;
    off.ended = vm::End::powered_off;
    for (const auto& [word, answer] : ask(off, clean_run()).heard) CHECK(answer == "no answer");
    CHECK(off.words.empty());
}

TEST_CASE("QEMU ended from outside is our error") {
    Birds guest;
    guest.ended = vm::End::killed;
    RunCommon common;
    const auto heard = ask_canaries(guest, common, last_run(clean_run()));
    REQUIRE(!heard);
    CHECK(heard.error().code == "guest-lost");
}

TEST_CASE("nothing is asked where something was reported") {
    const auto unasked = [](const std::function<void(Run&)>& spoil) {
        Run run = clean_run();
        spoil(run);
        Birds guest;
        const bool none = ask(guest, run).heard.empty();
        CHECK(guest.words.empty() == none);
        return none;
    };
    CHECK(unasked([](Run& run) { run.debug_locks = "0"; }));
    CHECK(unasked([](Run& run) { run.steps.back().lost = "deadline"; }));
    CHECK(unasked([](Run& run) { run.end = "reset"; }));
    CHECK(unasked([](Run& run) { run.console_silent = true; }));
    CHECK(unasked([](Run& run) { run.console = "[ 1.0][ T1] BUG: KASAN: slab-use-after-free in f+0x5a/0x70 [m]\n"; }));
    CHECK_FALSE(unasked([](Run& run) { run.live.push_back({"slab", 1, 24, {}, {}}); }));
    CHECK_FALSE(unasked([](Run& run) { run.files_open = true; }));
    CHECK_FALSE(unasked([](Run& run) { run.steps.back().lost = "unusable-value"; }));
}
