#include "grader/run/scenario_run.hpp"

#include "grader/run/scripted_guest.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Scenario scenario(const std::string& steps, const std::string& values = "n = 7, msg = \"text hello\"") {
    const auto exercise = parse_exercise(
        "format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = [\"c\"]\nminutes = 1\nmodule = \"slots\"\n"
        "[[scenario]]\nname = \"one\"\nvalues = { " +
            values + " }\ndeadline = 0.1\nsteps = [\n" + steps + "\n]\n",
        "x.toml");
    INFO((exercise ? "" : exercise.error().message));
    REQUIRE(exercise);
    return exercise->scenarios.at(0);
}

RunCommon common() {
    RunCommon out;
    out.module = "slots";
    out.ko = "ELF";
    out.variant = "mem";
    out.resources_before = {{"node", "/dev/null"}};
    out.kernel_name = [](uint64_t address) { return address < 0xffffffffa0000000u ? "kernel_function" : ""; };
    return out;
}

Run run(ScriptedGuest& guest, const Scenario& what, RunTask task = {}) {
    auto result = run_scenario(guest, common(), what, task, 1);
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    return *result;
}

const std::string kOpen = "{ load = \"limit=$n\" }, { open = \"/dev/slots\", as = \"f\" }, ";

}  // namespace

TEST_CASE("a scenario where all is well") {
    ScriptedGuest guest;
    guest.ledger =
        "ferrule-ledger 1\nsymbol ffffffffa0000000 slots_open slots\nlive slab 10 24 x ffffffff81000001 "
        "ffffffffa0000004\nend 1 0\n";
    const Run seen = run(
        guest,
        scenario(
            kOpen +
            "{ write = \"f\", in = [\"bytes $msg\"], count = 9, capture = \"got\" }, { read = \"f\", size = \"$got\" },"
            "{ ioctl = \"f\", cmd = \"_IOWR('s', 1, 8)\", in = [\"u32 $n\"] }, { ioctl = \"f\", cmd = \"_IO('s', 2)\", "
            "argument = \"$n\" }"));
    REQUIRE(seen.steps.size() == 8);
    for (const auto& step : seen.steps) {
        CHECK(step.attempted);
        CHECK(step.lost.empty());
        CHECK(step.overrun == 0);
    }
    CHECK(guest.files.at("/run/slots.ko") == "ELF");
    CHECK(guest.asked[0].op == FERRULE_LEDGER);
    CHECK(guest.asked[1].text == std::string("/run/slots.ko\0limit=7", 21));
    CHECK(guest.asked[1].worker == 1);
    CHECK(guest.asked[3].data == "hello");
    CHECK(guest.asked[3].c == 9);
    CHECK(guest.asked[3].b == -1);
    CHECK(guest.asked[4].a == 5);
    CHECK(guest.asked[5].data == std::string("\x07\0\0\0\xcc\xcc\xcc\xcc", 8));
    CHECK(guest.asked[6].b == 7);
    CHECK(guest.asked[6].data.empty());
    CHECK(seen.steps[3].data == "rrrrr");
    CHECK(seen.steps[4].data.size() == 8);
    CHECK(std::get<int64_t>(seen.values.at("got")) == 5);
    CHECK(seen.ledger_read);
    CHECK(seen.ledger_complete);
    REQUIRE(seen.live.size() == 1);
    CHECK(seen.live[0].names == std::vector<std::string>{"kernel_function", ""});
    CHECK(seen.module_gone);
    CHECK(seen.resources_read);
    CHECK_FALSE(seen.unload_forced);
    CHECK(seen.debug_locks == "1");
    CHECK(seen.end == "running");
    CHECK(seen.console.empty());  // what was said before the module came is not the run's
}

TEST_CASE("writes behind a buffer are counted") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_IOCTL) return std::nullopt;
        vm::Reply reply;
        reply.data = request.data + std::string(static_cast<size_t>(request.c), '\xa5');
        reply.data[8] = reply.data[9] = 0;
        return reply;
    };
    const Run seen = run(guest, scenario(kOpen + "{ ioctl = \"f\", cmd = \"_IOR('s', 1, 8)\" }"));
    CHECK(seen.steps[2].overrun == 2);
    CHECK(seen.steps[2].data == std::string(8, '\xcc'));
}

TEST_CASE("a read that returned less, or more than was asked for, gives no more than its buffer") {
    ScriptedGuest guest;
    int64_t claims = 3;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_READ) return std::nullopt;
        vm::Reply reply;
        reply.value = claims;
        reply.data = std::string(8, 'x') + std::string(static_cast<size_t>(request.c), '\xa5');
        return reply;
    };
    const Scenario what = scenario(kOpen + "{ read = \"f\", size = 8 }");
    CHECK(run(guest, what).steps[2].data == "xxx");
    claims = 4096;
    const Run more = run(guest, what);
    CHECK(more.steps[2].data == "xxxxxxxx");
    CHECK(more.steps[2].value == 4096);
    claims = -5;
    CHECK(run(guest, what).steps[2].data.empty());
}

TEST_CASE("after a load that failed nothing is tried until the next load") {
    ScriptedGuest guest;
    int loads = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_LOAD && loads++ == 0) return ScriptedGuest::error(ENOMEM);
        return std::nullopt;
    };
    const Run seen = run(guest, scenario(kOpen + "{ parallel = [[{ read_file = \"/x\" }], [{ read_file = \"/y\" }]] }, "
                                                 "{ close = \"f\" }, { unload = true }, { load = \"\" }"));
    CHECK(seen.steps[0].error == ENOMEM);
    CHECK_FALSE(seen.steps[1].attempted);
    CHECK(seen.steps.back().attempted);
    CHECK(loads == 2);
    CHECK(guest.count(FERRULE_OPEN) == 0);
    CHECK(guest.count(FERRULE_READ_FILE) == 1);  // lockdep's state
    CHECK(guest.count(FERRULE_UNLOAD) == 1);
}

TEST_CASE("a load that must fail is followed by the next step") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_LOAD || request.op == FERRULE_OPEN) return ScriptedGuest::error(EINVAL);
        return std::nullopt;
    };
    const Run seen = run(
        guest,
        scenario("{ load = \"limit=-1\", errors = [\"EINVAL\"] }, { open = \"/dev/slots\", errors = [\"ENOENT\"] }"));
    CHECK(seen.steps[1].attempted);
    CHECK(guest.count(FERRULE_UNLOAD) == 0);
}

TEST_CASE("a file that could not be opened, and a value that was not captured, leave their steps out") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_OPEN && request.text == "/dev/slots") return ScriptedGuest::error(EIO);
        return std::nullopt;
    };
    const Run seen =
        run(guest, scenario(kOpen + "{ open = \"/dev/other\", as = \"g\" }, { read = \"f\", size = 4, capture = \"x\" "
                                    "}, { read = \"g\", size = \"$x\" }, { read = \"g\", size = 4 }"));
    CHECK_FALSE(seen.steps[3].attempted);
    CHECK_FALSE(seen.steps[4].attempted);
    CHECK(seen.steps[4].lost.empty());
    CHECK(seen.steps[5].attempted);
    CHECK(guest.count(FERRULE_CLOSE) == 1);
    CHECK(seen.module_gone);
}

TEST_CASE("a captured value that no call can be made with is said to be one") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_WRITE) return std::nullopt;
        vm::Reply reply;
        reply.value = int64_t{1} << 40;
        return reply;
    };
    const Run seen =
        run(guest, scenario(kOpen + "{ write = \"f\", in = [], capture = \"x\" }, { read = \"f\", size = \"$x\" }"));
    CHECK_FALSE(seen.steps[3].attempted);
    CHECK(seen.steps[3].lost == "unusable-value");
    CHECK(seen.module_gone);
}

TEST_CASE("a call without an answer ends the run, with the stacks of who hangs") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_READ) return tl::unexpected(vm::Lost::deadline);
        return std::nullopt;
    };
    guest.ledger = "ferrule-ledger 1\nsymbol ffffffffa0000000 slots_open slots\nend 0 0\n";
    const Run seen = run(guest, scenario(kOpen + "{ read = \"f\", size = 4 }"));
    REQUIRE(seen.steps.size() == 3);
    REQUIRE(seen.module_symbols.size() == 1);
    CHECK(seen.module_symbols[0].address == 0xffffffffa0000000u);
    CHECK(seen.steps[2].lost == "deadline");
    CHECK(seen.steps[2].attempted);
    REQUIRE(seen.hang.size() == 3);
    CHECK(seen.hang[0].who == "cpu 0");
    CHECK(seen.hang[1].who == "cpu 0 again");
    CHECK(seen.hang[0].frames == std::vector<uint64_t>{0xffffffff81000001u, 0xffffffffa0000010u});
    CHECK(seen.hang[0].names == std::vector<std::string>{"kernel_function", ""});
    CHECK(seen.hang[2].who == "worker 1 (D (disk sleep))");
    CHECK(seen.hang[2].names == std::vector<std::string>{"mutex_lock+0x1/0x2", "slots_open+0x10/0x40 [slots]"});
    CHECK_FALSE(seen.ledger_read);
    CHECK_FALSE(seen.module_gone);
    CHECK(seen.debug_locks == "1");
    CHECK(guest.count(FERRULE_UNLOAD) == 0);
}

TEST_CASE("settling that does not end is a hang") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_LEDGER && request.a == 2) return tl::unexpected(vm::Lost::deadline);
        return std::nullopt;
    };
    const Run seen = run(guest, scenario("{ load = \"\" }"));
    CHECK_FALSE(seen.ledger_read);
    CHECK_FALSE(seen.resources_read);
    REQUIRE(seen.hang.size() == 3);
    CHECK(seen.hang[2].who.starts_with("settling"));
}

TEST_CASE("a host with far too much to do is waited for") {
    ScriptedGuest guest, busy;
    RunCommon patient = common();
    patient.patience = [] { return 4.0; };
    REQUIRE(run_scenario(guest, common(), scenario("{ load = \"\" }"), {}, 1));
    REQUIRE(run_scenario(busy, patient, scenario("{ load = \"\" }"), {}, 1));
    CHECK(busy.waited.at(FERRULE_LEDGER) == 4 * guest.waited.at(FERRULE_LEDGER));
}

TEST_CASE("a worker that died ends the steps; the module is unloaded by another") {
    ScriptedGuest guest;
    int unloads = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_READ) return ScriptedGuest::error(0, FERRULE_WORKER_DIED);
        if (request.op == FERRULE_UNLOAD && ++unloads < 3) return ScriptedGuest::error(EAGAIN);
        return std::nullopt;
    };
    const Run seen = run(guest, scenario(kOpen + "{ read = \"f\", size = 4 }, { read_file = \"/x\" }"));
    CHECK(seen.steps.size() == 3);
    CHECK(seen.steps[2].lost == "worker-died");
    CHECK(seen.unload_forced);
    CHECK(seen.unload_error == 0);
    CHECK(unloads == 3);
    CHECK(guest.count(FERRULE_KILL) == 1);
    CHECK(seen.module_gone);
    CHECK(seen.ledger_read);
}

TEST_CASE("what still goes away while all settles is nothing left behind") {
    ScriptedGuest guest;
    int listings = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_LISTING || listings++ > 0) return std::nullopt;
        vm::Reply reply;
        reply.data = "node\t/dev/null\nnode\t/dev/slots\n";
        return reply;
    };
    const Scenario what = scenario("{ load = \"\" }");
    Run seen = run(guest, what);
    CHECK(listings == 2);
    CHECK(seen.resources_read);
    CHECK(seen.resources_after.size() == 1);
    listings = 1;
    run(guest, what);
    CHECK(listings == 2);  // as it was: once is enough
}

TEST_CASE("who dies of looking around is not sent again") {
    ScriptedGuest guest;
    int listings = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_LISTING) return std::nullopt;
        ++listings;
        return ScriptedGuest::error(0, FERRULE_WORKER_DIED);
    };
    const Run seen = run(guest, scenario("{ load = \"\" }, { unload = true }"));
    CHECK(listings == 1);
    CHECK_FALSE(seen.resources_read);
    CHECK_FALSE(seen.module_gone);
    CHECK(seen.ledger_read);
}

TEST_CASE("a module that cannot be unloaded is still there, and says why") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_UNLOAD) return ScriptedGuest::error(EBUSY);
        return std::nullopt;
    };
    const Run seen = run(guest, scenario("{ load = \"\" }"));
    CHECK(seen.steps[1].error == EBUSY);
    CHECK(seen.unload_forced);
    CHECK(seen.unload_error == EBUSY);
    CHECK_FALSE(seen.module_gone);
    CHECK(seen.resources_read);
    CHECK(guest.count(FERRULE_UNLOAD) == 2);
}

TEST_CASE("a guest that ends is a fact; one that is killed, or ends before the module is in it, is our error") {
    ScriptedGuest guest;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_LOAD) return std::nullopt;
        guest.ended = vm::End::powered_off;
        guest.said += "[ 1.0] reboot: Power down\n";
        return tl::unexpected(vm::Lost::guest_ended);
    };
    const Run seen = run(guest, scenario("{ load = \"\" }"));
    CHECK(seen.steps.size() == 1);
    CHECK(seen.steps[0].lost == "guest-ended");
    CHECK(seen.end == "powered-off");
    CHECK(seen.console == "[ 1.0] reboot: Power down\n");
    CHECK(seen.debug_locks.empty());
    CHECK(guest.asked.size() == 2);

    const auto ends_at_load = [](ScriptedGuest& ending, vm::End how) {
        ending.special = [&ending,
                          how](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
            if (request.op != FERRULE_LOAD) return std::nullopt;
            ending.ended = how;
            return tl::unexpected(vm::Lost::guest_ended);
        };
    };
    ScriptedGuest failed;
    failed.hardware = "EDU: DMA range";
    ends_at_load(failed, vm::End::device_failed);
    const Run over = run(failed, scenario("{ load = \"\" }"));
    CHECK(over.end == "device-failed");
    CHECK(over.hardware_error == "EDU: DMA range");

    ScriptedGuest killed;
    ends_at_load(killed, vm::End::killed);
    CHECK(run_scenario(killed, common(), scenario("{ load = \"\" }"), {}, 1).error().code == "guest-lost");
    ScriptedGuest dead;
    dead.put_works = false;
    CHECK(run_scenario(dead, common(), scenario("{ load = \"\" }"), {}, 1).error().code == "guest-lost");
    ScriptedGuest broken;
    broken.special = [](const vm::Request&) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        return tl::unexpected(vm::Lost::protocol);
    };
    CHECK(run_scenario(broken, common(), scenario("{ load = \"\" }"), {}, 1).error().code == "guest-lost");
    RunCommon cancelled = common();
    cancelled.cancelled = [] { return true; };
    ScriptedGuest fine;
    CHECK(run_scenario(fine, cancelled, scenario("{ load = \"\" }"), {}, 1).error().code == "cancelled");
}

TEST_CASE("a swept step that fails is made again without the fault") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.fail_nth > 0) return ScriptedGuest::error(ENOMEM, FERRULE_FAULT_FIRED);
        return std::nullopt;
    };
    const Scenario what = scenario("{ load = \"\", sweep = true }, { read_file = \"/proc/slots\" }");
    const Run seen = run(guest, what, {0, 0, 0, 3});
    REQUIRE(seen.steps.size() == 4);
    CHECK(seen.fail_nth == 3);
    CHECK(seen.steps[0].fault_fired);
    CHECK(seen.steps[0].error == ENOMEM);
    CHECK_FALSE(seen.steps[0].retry);
    CHECK(seen.steps[1].retry);
    CHECK(seen.steps[1].step == 0);
    CHECK(seen.steps[1].error == 0);
    CHECK(seen.steps[2].attempted);
    CHECK(seen.module_gone);
    CHECK(guest.asked[1].fail_nth == 3);
    CHECK(guest.asked[2].fail_nth == 0);

    // Where the call got through nonetheless, there is no second one.
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.fail_nth > 0) return ScriptedGuest::error(0, FERRULE_FAULT_FIRED);
        return std::nullopt;
    };
    CHECK(run(guest, what, {0, 0, 0, 1}).steps.size() == 3);
}

TEST_CASE("a ladder fails the call at one fault point after the other, until it comes through") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.fail_nth > 0 && request.fail_nth < 4) return ScriptedGuest::error(ENOMEM, FERRULE_FAULT_FIRED);
        return std::nullopt;
    };
    const Scenario what = scenario("{ load = \"\", sweep = true }, { read_file = \"/proc/slots\" }");
    RunTask task{0, 0, 0, 2, true};
    const Run seen = run(guest, what, task);
    REQUIRE(seen.steps.size() == 5);  // three loads, and what comes behind them
    CHECK(seen.ladder);
    CHECK(seen.fail_nth == 4);
    CHECK(seen.steps[0].fault_fired);
    CHECK(seen.steps[1].fault_fired);
    CHECK_FALSE(seen.steps[1].retry);
    CHECK(seen.steps[2].retry);
    CHECK(seen.steps[2].error == 0);
    CHECK(seen.steps[3].attempted);
    CHECK(seen.module_gone);

    // What fails although nothing was injected is not tried for ever.
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_LOAD) return ScriptedGuest::error(ENOMEM);
        return std::nullopt;
    };
    guest.asked.clear();
    CHECK(run(guest, what, task).steps.at(0).error == ENOMEM);
    CHECK(guest.count(FERRULE_LOAD) == 1);
}

TEST_CASE("a plain run counts the fault points of what is to be swept") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_LOAD) return std::nullopt;
        CHECK(request.fail_nth > 1000000);
        vm::Reply reply;
        reply.fault_points = 3;
        return reply;
    };
    const Scenario what = scenario("{ load = \"\", sweep = true }, { read_file = \"/proc/slots\", sweep = true }");
    const Run seen = run(guest, what);
    REQUIRE(seen.steps.size() == 3);
    CHECK(seen.steps[0].fault_points == 3);
    CHECK(guest.asked[2].fail_nth > 1000000);
    // A run that sweeps one step leaves the others alone.
    guest.asked.clear();
    guest.special = nullptr;
    run(guest, what, {0, 0, 1, 2});
    CHECK(guest.asked[1].fail_nth == 0);
    CHECK(guest.asked[2].fail_nth == 2);
}

TEST_CASE("parallel lists go at their own pace, and one that waits for the other is no hang") {
    ScriptedGuest guest;
    bool written = false;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        // The reader gets its answer only after the second list's second step.
        if (request.op == FERRULE_WRITE) written = true;
        if (request.op == FERRULE_READ && !written) return tl::unexpected(vm::Lost::deadline);
        return std::nullopt;
    };
    const Scenario what = scenario(
        "{ load = \"\" }, { parallel = [[{ open = \"/dev/slots\", as = \"f\" }, { read = \"f\", size = 4, capture = "
        "\"got\" }],"
        " [{ open = \"/dev/slots\", as = \"f\" }, { write = \"f\", in = \"text hi\" }]] }, { read_file = \"/x\", size "
        "= \"$got\" }");
    const Run seen = run(guest, what);
    CHECK(seen.hang.empty());
    CHECK(seen.module_gone);
    size_t in_lists = 0;
    for (const auto& step : seen.steps) {
        CHECK(step.lost.empty());
        CHECK(step.attempted);
        if (step.lane >= 0) ++in_lists;
    }
    CHECK(in_lists == 6);  // with the closes
    for (const auto& request : guest.asked)
        if (request.op == FERRULE_WRITE) CHECK(request.worker == 3);

    // And one that nobody wakes is one.
    written = false;
    const Run stuck = run(guest, scenario("{ load = \"\" }, { parallel = [[{ open = \"/dev/slots\", as = \"f\" }, { "
                                          "read = \"f\", size = 4 }], [{ read_file = \"/x\" }]] }"));
    CHECK(stuck.steps.back().lost == "deadline");
    CHECK(stuck.steps.back().lane == 0);
    CHECK(stuck.steps.back().lane_step == 1);
    CHECK(stuck.hang.size() == 3);
    CHECK_FALSE(stuck.module_gone);
}

TEST_CASE("a test program's status is told as a shell does") {
    ScriptedGuest guest;
    int status = 3 << 8, error = 0;
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_RUN) return std::nullopt;
        vm::Reply reply;
        reply.value = status;
        reply.error = error;
        reply.data = "out";
        return reply;
    };
    const Scenario what = scenario("{ load = \"\" }, { program = \"t.c\", arguments = [\"-n\", \"$n\"] }");
    RunCommon shared = common();
    shared.programs["t.c"] = "binary";
    const auto go = [&] { return run_scenario(guest, shared, what, {}, 1).value(); };
    CHECK(go().steps[1].value == 3);
    CHECK(guest.files.at("/run/ferrule-program-0") == "binary");
    CHECK(guest.asked[2].text == std::string("/run/ferrule-program-0\0-n\0007", 27));
    status = 11;
    CHECK(go().steps[1].value == 139);
    error = ETIMEDOUT;
    CHECK(go().steps[1].lost == "deadline");
}

TEST_CASE("a clone serves another run only when nothing of the last one is left in it") {
    ScriptedGuest guest;
    const Scenario what = scenario(kOpen + "{ close = \"f\" }, { unload = true }");
    const Run clean = run(guest, what);
    REQUIRE(left_as_found(clean));
    const auto spoilt = [&](const std::function<void(Run&)>& spoil) {
        Run run = clean;
        spoil(run);
        return !left_as_found(run);
    };
    CHECK(spoilt([](Run& run) { run.steps.back().lost = "worker-died"; }));
    CHECK(spoilt([](Run& run) { run.end = "panicked"; }));
    CHECK(spoilt([](Run& run) { run.live.push_back({"slab", 1, 8, {}, {}}); }));
    CHECK(spoilt([](Run& run) { run.ledger_complete = false; }));
    CHECK(spoilt([](Run& run) { run.ledger_read = false; }));
    CHECK(spoilt([](Run& run) { run.resources_after.push_back({"node", "/dev/slots"}); }));
    CHECK(spoilt([](Run& run) { run.resources_read = false; }));
    CHECK(spoilt([](Run& run) { run.module_gone = false; }));
    CHECK(spoilt([](Run& run) { run.debug_locks = "0"; }));
    CHECK(spoilt([](Run& run) { run.console_truncated = true; }));
    CHECK(spoilt([](Run& run) { run.console_silent = true; }));
    CHECK(spoilt([](Run& run) { run.hang.emplace_back(); }));
    CHECK(spoilt([](Run& run) {
        run.console =
            "[    5.1][   T50] ------------[ cut here ]------------\r\n"
            "[    5.1][   T50] WARNING: drivers/slots.c:12 at slots_open+0x1/0x2 [slots], CPU#0: w/50\r\n";
    }));
    CHECK_FALSE(spoilt([](Run& run) { run.console = "[    5.1][   T50] slots: loaded, PASS\r\n"; }));
    CHECK_FALSE(spoilt([](Run& run) { run.steps.back().error = EINVAL; }));  // a wrong answer leaves nothing behind

    CHECK_FALSE(clean.files_open);
    ScriptedGuest other;
    const Run open_file = run(other, scenario(kOpen + "{ unload = true }"));
    CHECK(open_file.files_open);
    CHECK_FALSE(left_as_found(open_file));
}

TEST_CASE("the console is heard out before it is believed") {
    const Scenario what = scenario(kOpen + "{ close = \"f\" }");
    ScriptedGuest guest;
    // The report comes out of the console only when something later does.
    guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op == FERRULE_UNLOAD) guest.late = "[    5.1][   T50] BUG: late\n";
        return std::nullopt;
    };
    const Run seen = run(guest, what);
    CHECK(seen.console == "[    5.1][   T50] BUG: late\n");
    CHECK_FALSE(seen.console_silent);

    ScriptedGuest mute;
    mute.console_works = false;
    CHECK(run(mute, what).console_silent);
    CHECK_FALSE(left_as_found(run(mute, what)));
}

namespace {

RunCommon with_background() {
    RunCommon out = common();
    out.background = true;
    return out;
}

Run background_run(ScriptedGuest& guest, const Scenario& what, const RunTask& task) {
    auto result = run_scenario(guest, with_background(), what, task, 1);
    REQUIRE(result);
    return *result;
}

// The last that was written to it, "" if nothing was.
std::string last_written(const ScriptedGuest& guest, const std::string& file) {
    for (auto at = guest.asked.rbegin(); at != guest.asked.rend(); ++at)
        if (at->op == FERRULE_WRITE_FILE && at->text == file) return at->data;
    return {};
}

// Calls of the module's that the host made, and whether each of them only counts.
bool all_only_count(const ScriptedGuest& guest) {
    return std::all_of(guest.asked.begin(), guest.asked.end(), [](const vm::Request& request) {
        const bool calls = request.op == FERRULE_LOAD || request.op == FERRULE_UNLOAD || request.op == FERRULE_OPEN ||
                           request.op == FERRULE_WRITE || request.op == FERRULE_CLOSE;
        return !calls || request.fail_nth == 1u << 30;
    });
}

const std::string kSwept =
    "{ load = \"\", sweep = true }, { open = \"/dev/slots\", as = \"f\" }, "
    "{ write = \"f\", in = [\"bytes $msg\"] }, "
    "{ parallel = [[{ open = \"/dev/slots\", as = \"g\" }], [{ delay = 1 }]] }";

}  // namespace

TEST_CASE("a plain run looks for fault points in the background, and its own calls do not count") {
    ScriptedGuest guest;
    guest.special = [](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_READ_FILE || !request.text.ends_with("/space")) return std::nullopt;
        vm::Reply reply;
        reply.data = request.text.find("failslab") != std::string::npos ? "1073741000\n" : "1073741824\n";
        return reply;
    };
    const Run seen = background_run(guest, scenario(kSwept), {});
    CHECK(seen.background_points == std::vector<std::string>{"failslab"});
    CHECK(all_only_count(guest));
    CHECK(last_written(guest, "/sys/kernel/debug/fail_call/probability") == "100");
    // Once the module is unloaded: what it does then counts, too.
    const auto position = [&](const auto& is) {
        return std::find_if(guest.asked.begin(), guest.asked.end(), is) - guest.asked.begin();
    };
    CHECK(position([](const auto& r) { return r.op == FERRULE_UNLOAD; }) <
          position([](const auto& r) { return r.text.ends_with("/space") && r.op == FERRULE_READ_FILE; }));
    CHECK(left_as_found(seen));
}

TEST_CASE("other runs of such a module, and all runs of others, have the attributes off") {
    ScriptedGuest guest;
    RunTask ladder;
    ladder.sweep_step = 0;
    ladder.fail_nth = 1;
    CHECK(background_run(guest, scenario(kSwept), ladder).background_points.empty());
    CHECK(last_written(guest, "/sys/kernel/debug/failslab/probability") == "0");
    CHECK_FALSE(all_only_count(guest));
    ScriptedGuest repeated;
    RunTask second;
    second.repeat = 1;
    background_run(repeated, scenario(kSwept), second);
    CHECK(last_written(repeated, "/sys/kernel/debug/failslab/probability") == "0");
    ScriptedGuest other;
    run(other, scenario(kSwept));
    CHECK(last_written(other, "/sys/kernel/debug/failslab/probability").empty());
}

TEST_CASE("a background run fails one fault point of one attribute, and says whether it did") {
    for (const char* times : {"0\n", "1\n", "\xff"}) {
        ScriptedGuest guest;
        guest.special = [&](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
            if (request.op != FERRULE_READ_FILE || request.text != "/sys/kernel/debug/failslab/times")
                return std::nullopt;
            vm::Reply reply;
            reply.data = times;
            return reply;
        };
        RunTask task;
        task.background = "failslab";
        task.fail_nth = 2;
        const Run seen = background_run(guest, scenario(kSwept), task);
        CHECK(seen.background == "failslab");
        CHECK(seen.fail_nth == 2);
        CHECK(seen.background_fired == (times == std::string("0\n")));
        CHECK(seen.background_points.empty());
        CHECK(all_only_count(guest));
        CHECK(last_written(guest, "/sys/kernel/debug/failslab/interval") == "2");
        CHECK(last_written(guest, "/sys/kernel/debug/fail_call/probability") == "0");
    }
}
