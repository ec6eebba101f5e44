#include "grader/run/work_list.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

Scenario swept(std::vector<bool> sweeps, unsigned repeat = 1) {
    Scenario scenario;
    scenario.repeat = repeat;
    for (const bool sweep : sweeps) {
        Step step{StepKind::ioctl};
        step.sweep = sweep;
        scenario.steps.push_back(step);
    }
    return scenario;
}

// A run of `task` in which the swept call has so many fault points.
Run made(const RunTask& task, size_t steps, unsigned points, int error = 12, const std::string& lost = {}) {
    Run run;
    run.scenario = task.scenario;
    run.sweep_step = task.sweep_step;
    run.fail_nth = task.fail_nth;
    run.seed = task.repeat;
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

}  // namespace

TEST_CASE("a sweep goes on until nothing was injected, whatever the number of workers and their order") {
    for (const size_t workers : {1u, 2u, 5u}) {
        WorkList list({swept({true, false}, 2), swept({false, true})});
        std::vector<RunTask> under_way;
        size_t started = 0;
        while (!list.finished()) {
            while (under_way.size() < workers) {
                const auto task = list.next();
                if (!task) break;
                ++started;
                under_way.push_back(*task);
            }
            REQUIRE_FALSE(under_way.empty());
            // The last one started is the first one done.
            const RunTask task = under_way.back();
            under_way.pop_back();
            list.done(task, made(task, 2, task.scenario == 0 ? 3 : 0));
        }
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
        CHECK(started == 3 + 3 + (workers > 1 ? started - 6 : 0));
        CHECK(started <= 3 + 3 + 1);  // one is started ahead of the count
    }
}

TEST_CASE("a run in which nothing was injected ends the sweep before the count does") {
    WorkList list({swept({true})});
    while (const auto task = list.next()) list.done(*task, made(*task, 1, task->sweep_step < 0 ? 9 : 2));
    CHECK(list.finished());
    CHECK(list.take().size() == 3);
}

TEST_CASE("a sweep has a cap") {
    WorkList list({swept({true})});
    size_t count = 0;
    while (const auto task = list.next()) {
        ++count;
        list.done(*task, made(*task, 1, 1000));
    }
    CHECK(list.finished());
    CHECK(count == 1 + WorkList::kSweepCap);
    CHECK(list.take().size() == count);
}

TEST_CASE("a call that fails without any fault is not swept") {
    for (const bool base_first : {true, false}) {
        WorkList list({swept({true, true})});
        const RunTask base = list.next().value();
        Run bad = made(base, 2, 0);
        bad.steps[0].error = 5;
        bad.steps[1].attempted = false;
        std::vector<RunTask> ahead;
        if (!base_first) {
            ahead = {list.next().value(), list.next().value()};
            CHECK_FALSE(list.next());  // no more before the plain run has counted
            list.done(ahead[1], made(ahead[1], 2, 9));
        }
        list.done(base, bad);
        CHECK_FALSE(list.next());
        if (!base_first) {
            CHECK_FALSE(list.finished());
            list.done(ahead[0], made(ahead[0], 2, 9));
        }
        CHECK(list.finished());
        CHECK(list.take().size() == 1);
    }
}

TEST_CASE("hangs end a sweep after two, oopses do not") {
    WorkList list({swept({true})});
    while (const auto task = list.next()) list.done(*task, made(*task, 1, 40, 0, "deadline"));
    CHECK(list.take().size() == 1 + WorkList::kHangsCap);

    WorkList oopses({swept({true})});
    while (const auto task = oopses.next()) oopses.done(*task, made(*task, 1, 4, 0, "worker-died"));
    CHECK(oopses.take().size() == 1 + 4);
}

TEST_CASE("an injected failure that only the detectors felt has no number") {
    const std::string in_kmemleak =
        "[    2.1][  T50] FAULT_INJECTION: forcing a failure.\r\n"
        "[    2.1][  T50] name failslab, interval 1\r\n"
        "[    2.1][  T50] Call Trace:\r\n[    2.1][  T50]  <TASK>\r\n"
        "[    2.1][  T50]  should_failslab+0x1/0x2\r\n"
        "[    2.1][  T50]  mem_pool_alloc+0x1/0x2\r\n"
        "[    2.1][  T50]  __kmalloc_cache_noprof+0x1/0x2\r\n"
        "[    2.1][  T50]  slots_open+0x1/0x2 [slots]\r\n";
    std::string in_module = in_kmemleak;
    in_module.replace(in_module.find("mem_pool_alloc"), 14, "__kmalloc_more");

    WorkList list({swept({true})});
    while (const auto task = list.next()) {
        Run run = made(*task, 1, 4, task->fail_nth % 2 == 1 ? 12 : 0);
        run.console = task->fail_nth == 2 ? in_kmemleak : task->fail_nth == 4 ? in_module : "";
        list.done(*task, std::move(run));
    }
    const auto runs = list.take();
    REQUIRE(runs.size() == 5);
    CHECK(runs[1].fault_number == 1);
    CHECK(runs[2].fault_number == 0);
    CHECK(runs[3].fault_number == 2);
    CHECK(runs[4].fault_number == 3);  // an optional allocation: the call may succeed without
}
