#include "grader/run/work_list.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <map>
#include <tuple>

#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

Scenario swept(const std::vector<bool>& sweeps, unsigned repeat = 1) {
    Scenario scenario;
    scenario.repeat = repeat;
    scenario.kernels = {"mem"};
    for (const bool sweep : sweeps) {
        Step step{StepKind::ioctl};
        step.sweep = sweep;
        if (sweep) step.fault_errors = {"ENOMEM"};
        scenario.steps.push_back(step);
    }
    return scenario;
}

const std::string kReported =
    "[    2.1][  T50] FAULT_INJECTION: forcing a failure.\r\n[    2.1][  T50] Call Trace:\r\n"
    "[    2.1][  T50]  should_failslab+0x1/0x2\r\n[    2.1][  T50]  slots_open+0x1/0x2 [slots]\r\n";

void leave_as_found(Run& run) {
    run.end = "running";
    run.ledger_read = run.ledger_complete = run.resources_read = run.module_gone = true;
    run.debug_locks = "1";
}

// A run of `task` in which the swept call has so many fault points. Only the plain one leaves its clone as it found it,
// so that a ladder of it does not count.
Run made(const RunTask& task, size_t steps, unsigned points, int error = 12, const std::string& lost = {}) {
    Run run;
    run.scenario = task.scenario;
    run.sweep_step = task.sweep_step;
    run.ladder = task.ladder;
    run.fail_nth = task.fail_nth;
    run.seed = task.repeat;
    if (task.sweep_step < 0) leave_as_found(run);
    for (size_t i = 0; i < steps; ++i) {
        StepObservation seen;
        seen.step = static_cast<int>(i);
        seen.attempted = true;
        if (task.sweep_step < 0) seen.fault_points = static_cast<int>(points);
        if (static_cast<int>(i) == task.sweep_step && task.fail_nth <= points) {
            seen.fault_fired = lost.empty();
            seen.error = lost.empty() ? error : 0;
            seen.lost = lost;
        }
        run.steps.push_back(seen);
    }
    return run;
}

// Makes every task, with so many workers, of which the first or the last is the quick one.
std::vector<RunTask> drain(WorkList& list, const std::function<Run(const RunTask&)>& make, unsigned workers = 2,
                           bool last_first = false) {
    std::vector<RunTask> order;
    std::vector<RunTask> under_way;
    const auto all_done = [&] {
        for (unsigned chain = 0; chain < list.chains(); ++chain)
            if (!list.exhausted(chain)) return false;
        return true;
    };
    while (!all_done()) {
        for (unsigned chain = 0; chain < list.chains() && under_way.size() < workers; ++chain)
            if (const auto task = list.next(chain)) under_way.push_back(*task);
        REQUIRE_FALSE(under_way.empty());
        const auto at = last_first ? under_way.end() - 1 : under_way.begin();
        const RunTask task = *at;
        under_way.erase(at);
        order.push_back(task);
        list.done(task, make(task));
    }
    return order;
}

}  // namespace

TEST_CASE("a sweep goes on until nothing was injected, whatever the number of workers and their order") {
    for (const unsigned workers : {1u, 2u})
        for (const bool last_first : {false, true}) {
            const std::vector<Scenario> scenarios = {swept({true, false}, 2), swept({false, true})};
            WorkList list(scenarios, "mem", 2);
            const auto order = drain(
                list, [](const RunTask& task) { return made(task, 2, task.scenario == 0 ? 3 : 0); }, workers,
                last_first);
            const auto runs = list.take();
            REQUIRE(runs.size() == 2 + 1 + 3);
            CHECK(runs[0].sweep_step == -1);
            CHECK(runs[1].seed == 1);
            CHECK(runs[2].scenario == 1);
            for (unsigned i = 0; i < 3; ++i) {
                CHECK(runs[3 + i].sweep_step == 0);
                CHECK(runs[3 + i].fail_nth == i + 1);
                CHECK(runs[3 + i].fault_number == static_cast<int>(i) + 1);
            }
            // The ladder, and the fourth failure that was not injected; the other call has no fault point.
            CHECK(order.size() == 3 + 1 + 4);
        }
}

TEST_CASE("which chain a task belongs to does not depend on how quick the workers are") {
    const auto chains = [](bool chain_1_first) {
        const std::vector<Scenario> scenarios = {swept({true}), swept({true}), swept({false}), swept({true})};
        WorkList list(scenarios, "mem", 2);
        std::map<unsigned, std::vector<std::tuple<int, int, unsigned>>> out;
        for (int turn = 0; turn < 100; ++turn) {
            const unsigned chain = (turn % 5 == 0) == chain_1_first ? 1 : 0;
            if (const auto task = list.next(chain)) {
                out[chain].emplace_back(task->scenario, task->sweep_step, task->fail_nth);
                list.done(*task, made(*task, 1, 2));
            }
        }
        return out;
    };
    const auto one = chains(true), other = chains(false);
    CHECK(one == other);
    REQUIRE(one.size() == 2);
    CHECK(one.at(0).size() + one.at(1).size() == 4 + 3 * (1 + 3));
}

TEST_CASE("a count that was too high does not matter, and a sweep has a cap") {
    const std::vector<Scenario> scenarios = {swept({true})};
    WorkList list(scenarios, "mem", 2);
    drain(list, [](const RunTask& task) { return made(task, 1, task.sweep_step < 0 ? 9 : 2); });
    CHECK(list.take().size() == 3);

    WorkList endless(scenarios, "mem", 2);
    const auto order = drain(endless, [](const RunTask& task) { return made(task, 1, 1000); });
    CHECK(order.size() == 1 + 1 + RunTask::kFailNthCap);
    CHECK(endless.take().size() == order.size() - 1);
}

TEST_CASE("a module that leaves something behind anyway is not swept to the end") {
    const std::vector<Scenario> scenarios = {swept({true})};
    WorkList list(scenarios, "mem", 2);
    drain(list, [](const RunTask& task) {
        Run run = made(task, 1, 40);
        if (task.sweep_step < 0) run.live.push_back({"slab", 1, 8, {}, {}});
        return run;
    });
    CHECK(list.take().size() == 1 + WorkList::kSpoiltCap);
}

TEST_CASE("a call that fails without any fault is not swept, nor one that has nothing to fail") {
    const std::vector<Scenario> scenarios = {swept({true, true, true})};
    WorkList list(scenarios, "mem", 2);
    const auto order = drain(list, [](const RunTask& task) {
        Run run = made(task, 3, task.sweep_step < 0 ? 1 : 0);
        if (task.sweep_step < 0) {
            run.steps[0].error = 5;
            run.steps[1].attempted = false;
            run.steps[2].fault_points = 0;
        }
        return run;
    });
    CHECK(order.size() == 1);
    CHECK(list.take().size() == 1);
}

TEST_CASE("hangs end a sweep after two, oopses do not") {
    const std::vector<Scenario> scenarios = {swept({true})};
    WorkList list(scenarios, "mem", 2);
    drain(list, [](const RunTask& task) { return made(task, 1, 40, 0, task.sweep_step < 0 ? "" : "deadline"); });
    CHECK(list.take().size() == 1 + WorkList::kHangsCap);

    WorkList oopses(scenarios, "mem", 2);
    drain(oopses, [](const RunTask& task) { return made(task, 1, 4, 0, task.sweep_step < 0 ? "" : "worker-died"); });
    CHECK(oopses.take().size() == 1 + 4);
}

TEST_CASE("an allocation that the call can do without has its number and is tried once") {
    const std::vector<Scenario> scenarios = {swept({true})};
    WorkList list(scenarios, "mem", 2);
    drain(list, [](const RunTask& task) {
        Run run = made(task, 1, 3, 12);
        if (task.sweep_step == 0 && task.fail_nth == 2) run.steps[0].error = 0;
        return run;
    });
    std::vector<std::pair<unsigned, int>> numbers;
    for (const Run& run : list.take())
        if (run.sweep_step >= 0) numbers.emplace_back(run.fail_nth, run.fault_number);
    CHECK(numbers == std::vector<std::pair<unsigned, int>>{{1, 1}, {2, 2}, {3, 3}});
}

TEST_CASE("a ladder that went as it should takes the place of a run for each failure") {
    // As made(), but the clone is left as it was found; the first call of the ladder stands for all of them.
    const auto well = [](const RunTask& task, unsigned points) {
        Run run;
        run.scenario = task.scenario;
        run.sweep_step = task.sweep_step;
        run.ladder = task.ladder;
        run.fail_nth = task.fail_nth;
        leave_as_found(run);
        for (int step = 0; step < 2; ++step) {
            StepObservation seen;
            seen.step = step;
            seen.attempted = true;
            seen.value = 40 + step;
            for (unsigned n = task.fail_nth; step == 0 && task.sweep_step == 0 && n <= points; ++n) {
                StepObservation failed = seen;
                failed.fault_fired = true;
                failed.error = ENOMEM;
                failed.value = 0;
                run.steps.push_back(failed);
                run.console += kReported;
                run.fail_nth = n + 1;
                seen.retry = true;
            }
            if (step == 0) seen.fault_points = static_cast<int>(points);
            run.steps.push_back(seen);
        }
        return run;
    };
    const std::vector<Scenario> scenarios = {swept({true, false})};
    const auto orders = [&](const std::function<void(Run&)>& spoil) {
        WorkList list(scenarios, "mem", 2);
        const auto order = drain(list, [&](const RunTask& task) {
            Run run = well(task, 3);
            if (task.ladder) spoil(run);
            return task.sweep_step < 0 || task.ladder ? run : made(task, 2, 3);
        });
        return std::pair(order.size(), list.take());
    };
    const auto [runs, kept] = orders([](Run&) {});
    CHECK(runs == 2);
    REQUIRE(kept.size() == 2);
    CHECK(kept[1].fault_number == 3);
    CHECK(kept[1].ladder);

    const auto each_on_its_own = [&](const std::function<void(Run&)>& spoil) {
        const auto [count, list] = orders(spoil);
        return count == 1 + 1 + 4 && list.size() == 1 + 3 &&
               std::none_of(list.begin(), list.end(), [](const Run& run) { return run.ladder; });
    };
    CHECK(each_on_its_own([](Run& run) { run.steps[1].error = EINVAL; }));
    CHECK(each_on_its_own([](Run& run) { run.steps[3].error = ENOMEM; }));  // fails though nothing was made to
    CHECK(each_on_its_own([](Run& run) { run.steps.back().value = 7; }));
    CHECK(each_on_its_own([](Run& run) { run.steps.back().data = "x"; }));
    CHECK(each_on_its_own([](Run& run) { run.steps.back().lost = "deadline"; }));
    CHECK(each_on_its_own([](Run& run) { run.live.push_back({"slab", 1, 8, {}, {}}); }));

    // The call came through although its second allocation failed; fault points that were not there before.
    CHECK(each_on_its_own([](Run& run) {
        run.steps.erase(run.steps.begin() + 2, run.steps.begin() + 4);
        run.steps[1].error = 0;
        run.steps[1].value = 40;
    }));
    CHECK(each_on_its_own([](Run& run) { run.steps[3].fault_points = 4; }));
    CHECK(each_on_its_own([](Run& run) { run.steps.erase(run.steps.begin()); }));
}

TEST_CASE("repeats end with the first that shows something") {
    const std::vector<Scenario> scenarios = {swept({false}, 5), swept({false}, 5)};
    WorkList list(scenarios, "mem", 1, [](const Run& run) { return run.scenario == 0 && run.seed == 2; });
    std::map<int, int> made_runs;
    while (!list.exhausted(0)) {
        const auto task = list.next(0);
        REQUIRE(task);
        ++made_runs[task->scenario];
        list.done(*task, made(*task, 1, 0));
    }
    CHECK(made_runs[0] == 3);
    CHECK(made_runs[1] == 5);
    CHECK(list.take().size() == 8);
}

namespace {

// Of a scenario whose plain run met `points` fault points outside of its calls, all at failslab.
Run in_background(const RunTask& task, unsigned points, const std::string& function = "slots_work") {
    Run run = made(task, 1, 0);
    leave_as_found(run);
    run.background = task.background;
    if (task.background.empty()) {
        if (points > 0) run.background_points = {"failslab"};
        return run;
    }
    run.background_fired = task.fail_nth <= points;
    run.console =
        "[    2.1][  T50] FAULT_INJECTION: forcing a failure.\r\n[    2.1][  T50] Call Trace:\r\n"
        "[    2.1][  T50]  <TASK>\r\n[    2.1][  T50]  should_failslab+0x1/0x2\r\n[    2.1][  T50]  " +
        function + "+0x1/0x20 [slots]\r\n[    2.1][  T50]  </TASK>\r\n";
    return run;
}

}  // namespace

TEST_CASE("behind a plain run with fault points in the background each of them fails in a run of its own") {
    const std::vector<Scenario> scenarios = {swept({true}), swept({false})};
    WorkList list(scenarios, "mem", 1);
    const auto order = drain(
        list, [](const RunTask& task) { return in_background(task, 2, "slots_work" + std::to_string(task.fail_nth)); });
    REQUIRE(order.size() == 2 + 3);
    for (size_t i = 2; i < order.size(); ++i) {
        CHECK(order[i].background == "failslab");
        CHECK(order[i].fail_nth == i - 1);
        CHECK(order[i].sweep_step == -1);
    }
    const auto runs = list.take();  // not the one in which nothing failed
    REQUIRE(runs.size() == 2 + 2);
    CHECK(runs[2].fault_number == 1);
    CHECK(runs[3].fault_number == 2);
}

TEST_CASE("no background sweep without fault points, or after a plain run that has a finding of its own") {
    const std::vector<Scenario> scenarios = {swept({true})};
    const auto runs = [&](const std::function<void(Run&)>& spoil, unsigned points) {
        WorkList list(scenarios, "mem", 1);
        return drain(list,
                     [&](const RunTask& task) {
                         Run run = in_background(task, points);
                         if (task.background.empty()) spoil(run);
                         return run;
                     })
            .size();
    };
    CHECK(runs([](Run&) {}, 1) == 1 + 2);
    CHECK(runs([](Run&) {}, 0) == 1);
    CHECK(runs([](Run& run) { run.background_points = {"nonsense"}; }, 1) == 1);
    CHECK(runs([](Run& run) { run.live.push_back({"slab", 1, 8, {}, {}}); }, 1) == 1);
    CHECK(runs([](Run& run) { run.steps[0].lost = "deadline"; }, 1) == 1);
}

TEST_CASE("a background sweep ends: at the cap, at a place that fails over and over, after hangs") {
    const std::vector<Scenario> scenarios = {swept({true})};
    const auto kept = [&](const std::function<Run(const RunTask&)>& make) {
        WorkList list(scenarios, "mem", 1);
        drain(list, make);
        return list.take().size() - 1;
    };
    CHECK(kept([](const RunTask& task) {
              return in_background(task, 1000, "slots_work" + std::to_string(task.fail_nth));
          }) == WorkList::kBackgroundCap);
    CHECK(kept([](const RunTask& task) { return in_background(task, 1000); }) == 1 + WorkList::kSameSiteCap);
    CHECK(kept([](const RunTask& task) {
              Run run = in_background(task, 1000);
              if (!task.background.empty()) run.steps[0].lost = "deadline";
              return run;
          }) == WorkList::kHangsCap);
}

TEST_CASE("what failed for an interrupt in the midst of the module is no run of its sweep") {
    const std::vector<Scenario> scenarios = {swept({true})};
    WorkList list(scenarios, "mem", 1);
    drain(list, [](const RunTask& task) {
        Run run = in_background(task, 2);
        if (task.fail_nth == 1)
            if (const size_t at = run.console.find("[    2.1][  T50]  slots_work"); at != std::string::npos)
                run.console.insert(at, "[    2.1][  T50]  asm_common_interrupt+0x1/0x2\r\n");
        return run;
    });
    const auto runs = list.take();
    REQUIRE(runs.size() == 2);
    CHECK(runs[1].fail_nth == 2);
}
