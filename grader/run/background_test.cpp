#include "grader/run/background.hpp"

#include <map>

#include "grader/run/scripted_guest.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

std::string path(const char* attribute, const char* name) {
    return std::string("/sys/kernel/debug/") + attribute + "/" + name;
}

// What the guest's files hold after these settings.
std::map<std::string, std::string> written(const RunTask& task, bool counts) {
    std::map<std::string, std::string> out;
    for (const FaultSetting& setting : fault_settings(task, counts)) out[setting.file] = setting.value;
    return out;
}

ScriptedGuest guest_with(const std::string& name, const std::string& text) {
    ScriptedGuest guest;
    guest.special = [=](const vm::Request& request) -> std::optional<tl::expected<vm::Reply, vm::Lost>> {
        if (request.op != FERRULE_READ_FILE || !request.text.ends_with("/" + name)) return std::nullopt;
        vm::Reply reply;
        reply.data = text;
        return reply;
    };
    return guest;
}

std::vector<std::string> points(const std::string& space) {
    ScriptedGuest guest = guest_with("space", space);
    Run run;
    look_at_background(guest, run, std::chrono::milliseconds(1));
    return run.background_points;
}

bool fired(const std::string& times, const std::string& console = {}, vm::End end = vm::End::running) {
    ScriptedGuest guest = guest_with("times", times);
    guest.ended = end;
    Run run;
    run.background = "failslab";
    run.console = console;
    look_at_background(guest, run, std::chrono::milliseconds(1));
    return run.background_fired;
}

std::string report(const std::vector<std::string>& frames) {
    std::string out =
        "[    2.1][  T50] FAULT_INJECTION: forcing a failure.\r\n[    2.1][  T50] name failslab, interval 1, "
        "probability 100, space 0, times 1\r\n[    2.1][  T50] Call Trace:\r\n[    2.1][  T50]  <TASK>\r\n";
    for (const std::string& frame : frames) out += "[    2.1][  T50]  " + frame + "+0x1/0x20\r\n";
    return out + "[    2.1][  T50]  </TASK>\r\n";
}

std::optional<std::string> site(std::vector<std::string> frames, const std::string& module_frame) {
    Run run;
    run.console = report(frames);
    const size_t at = run.console.find(module_frame + "+0x1/0x20");
    if (at != std::string::npos) run.console.insert(at + module_frame.size() + 9, " [slots]");
    return background_site(run);
}

}  // namespace

TEST_CASE("a module that starts nothing in the background pays nothing") {
    CHECK_FALSE(runs_in_background({}));
    CHECK_FALSE(
        runs_in_background({"__kmalloc_noprof", "misc_register", "flush_work", "queue_work", "kvfree_call_rcu"}));
    for (const char* starter : {"queue_work_on", "mod_timer", "hrtimer_start_range_ns", "kthread_create_on_node",
                                "request_threaded_irq", "rust_helper_request_irq", "call_rcu", "__tasklet_schedule"})
        CHECK(runs_in_background({"misc_register", starter}));
}

TEST_CASE("scenarios with tasks that no fail-nth covers have no background sweep") {
    Scenario scenario;
    scenario.kernels = {"mem", "race"};
    scenario.steps.push_back(Step{StepKind::load});
    CHECK_FALSE(sweeps_background(scenario, "mem"));
    scenario.steps[0].sweep = true;
    CHECK(sweeps_background(scenario, "mem"));
    CHECK_FALSE(sweeps_background(scenario, "race"));
    for (const StepKind kind : {StepKind::race, StepKind::program}) {
        Scenario other = scenario;
        other.steps.push_back(Step{kind});
        CHECK_FALSE(sweeps_background(other, "mem"));
        Step lists{StepKind::parallel};
        lists.lanes = {{Step{StepKind::read}}, {Step{kind}}};
        other.steps.back() = lists;
        CHECK_FALSE(sweeps_background(other, "mem"));
    }
    Step lists{StepKind::parallel};
    lists.lanes = {{Step{StepKind::read}}};
    scenario.steps.push_back(lists);
    CHECK(sweeps_background(scenario, "mem"));
}

TEST_CASE("the attributes are set for what a run is to do") {
    for (const char* attribute : kFaultAttributes) {
        CHECK(written({}, false).at(path(attribute, "probability")) == "0");
        const auto counting = written({}, true);
        CHECK(counting.at(path(attribute, "probability")) == "100");
        CHECK(counting.at(path(attribute, "interval")) == "2147483647");
        CHECK(counting.at(path(attribute, "times")) == "-1");
        CHECK(counting.at(path(attribute, "space")) == "1073741824");
    }
    RunTask task;
    task.background = "fail_call";
    task.fail_nth = 3;
    auto failing = written(task, false);
    CHECK(failing.at(path("failslab", "probability")) == "0");
    CHECK(failing.at(path("fail_page_alloc", "probability")) == "0");
    CHECK(failing.at(path("fail_call", "probability")) == "100");
    CHECK(failing.at(path("fail_call", "interval")) == "3");
    CHECK(failing.at(path("fail_call", "times")) == "1");
    CHECK(failing.at(path("fail_call", "space")) == "0");
    task.met = 5;  // the kernel counts on
    CHECK(written(task, false).at(path("fail_call", "interval")) == "8");
    // Nothing fails before all is in place.
    const auto order = fault_settings(task, false);
    CHECK(order.back().file == path("fail_call", "probability"));
}

TEST_CASE("what is left of the space tells of fault points; anything else read there tells nothing") {
    CHECK(points("1073741800\n") == std::vector<std::string>{"failslab", "fail_page_alloc", "fail_call"});
    CHECK(points("-5\n").size() == 3);
    for (const char* text : {"1073741824\n", "2147483647\n", "", "\n", "12", "12 \n", "0x12\n", "1e3\n", "12\n13\n",
                             "99999999999999999999999\n", "\xff\xfe\n", "-\n"})
        CHECK(points(text).empty());
    CHECK(points(std::string("12\0\n", 4)).empty());

    ScriptedGuest mute;
    mute.special = [](const vm::Request&) { return tl::unexpected(vm::Lost::deadline); };
    Run run;
    look_at_background(mute, run, std::chrono::milliseconds(1));
    CHECK(run.background_points.empty());
}

TEST_CASE("a fault fired when its one time is used up, or when the injector said so") {
    CHECK(fired("0\n"));
    CHECK_FALSE(fired("1\n"));
    CHECK_FALSE(fired("nonsense"));
    CHECK_FALSE(fired("0\n", {}, vm::End::panicked));
    CHECK(fired("1\n", report({"slots_work"}), vm::End::panicked));
}

TEST_CASE("how many fault points the kernel has counted is known when the last of them failed") {
    RunTask task;
    task.background = "failslab";
    task.fail_nth = 1;
    Run run;
    CHECK_FALSE(met_after(task, run));
    run.background_fired = true;
    CHECK(met_after(task, run) == 0u);  // the kernel does not count towards 1
    task.fail_nth = 2;
    CHECK(met_after(task, run) == 2u);
    task.met = 2;
    CHECK(met_after(task, run) == 4u);
    task.fail_nth = 1;
    CHECK(met_after(task, run) == 3u);
}

TEST_CASE("whose allocation failed, and where") {
    const auto first =
        site({"should_failslab", "__kmalloc_cache_noprof", "slots_work", "process_one_work"}, "slots_work");
    REQUIRE(first);
    CHECK(first->find("slots_work+1\n") != std::string::npos);
    CHECK(first->find("process_one_work") == std::string::npos);
    CHECK(
        site({"should_failslab", "slots_timer", "call_timer_fn", "handle_softirqs", "asm_sysvec_apic_timer_interrupt"},
             "slots_timer"));
    // An interrupt came while the module's thread ran.
    CHECK_FALSE(
        site({"should_failslab", "virtnet_poll", "handle_softirqs", "asm_common_interrupt", "slots_thread", "kthread"},
             "slots_thread"));
    CHECK_FALSE(site({"should_failslab", "net_rx_action", "handle_softirqs", "__local_bh_enable_ip", "slots_thread"},
                     "slots_thread"));
    CHECK(background_site(Run{}) == "");
}
