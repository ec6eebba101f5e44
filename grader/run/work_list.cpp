#include "grader/run/work_list.hpp"

#include <algorithm>
#include <tuple>

#include "grader/exercise/exercise.hpp"
#include "grader/run/background.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

// The swept call itself, not its retry; of a ladder, the last one.
const StepObservation* swept_step(const Run& run, int step) {
    const StepObservation* found = nullptr;
    for (const StepObservation& seen : run.steps) {
        if (seen.step != step || seen.lane >= 0 || (seen.retry && !run.ladder)) continue;
        if (!found || run.ladder) found = &seen;
    }
    return found;
}

bool injected(const Run& run) {
    const StepObservation* swept = swept_step(run, run.sweep_step);
    // A worker or a guest that died of it cannot tell whether the fault fired.
    return swept && swept->attempted && (swept->fault_fired || !swept->lost.empty());
}

bool call_went_well(const Run& run, int step) {
    const StepObservation* swept = swept_step(run, step);
    return swept && swept->attempted && swept->lost.empty() && swept->error == 0;
}

int fired(const Run& run) {
    return static_cast<int>(
        std::count_if(run.steps.begin(), run.steps.end(), [](const auto& seen) { return seen.fault_fired; }));
}

// What all came back in a run; of the swept call what came back last.
std::vector<const StepObservation*> answers(const Run& run, int swept) {
    std::vector<const StepObservation*> out;
    for (const StepObservation& seen : run.steps)
        if (seen.step != swept || seen.lane >= 0 || &seen == swept_step(run, swept)) out.push_back(&seen);
    std::stable_sort(out.begin(), out.end(), [](const StepObservation* a, const StepObservation* b) {
        return std::tie(a->step, a->lane, a->lane_step) < std::tie(b->step, b->lane, b->lane_step);
    });
    return out;
}

bool same_answer(const StepObservation* a, const StepObservation* b) {
    return a->step == b->step && a->lane == b->lane && a->lane_step == b->lane_step && a->attempted == b->attempted &&
           a->lost == b->lost && a->error == b->error && a->value == b->value && a->data == b->data &&
           a->overrun == b->overrun;
}

}  // namespace

WorkList::WorkList(const std::vector<Scenario>& scenarios, const std::string& kernel, unsigned most_chains, Shows shows)
    : scenarios_(scenarios), shows_(std::move(shows)) {
    std::vector<size_t> mine;
    for (size_t s = 0; s < scenarios.size(); ++s)
        if (std::find(scenarios[s].kernels.begin(), scenarios[s].kernels.end(), kernel) != scenarios[s].kernels.end())
            mine.push_back(s);
    chains_ = static_cast<unsigned>(std::clamp<size_t>(mine.size(), 1, std::clamp(most_chains, 1u, kMostChains)));
    for (size_t i = 0; i < mine.size(); ++i) {
        const size_t s = mine[i];
        const auto chain = static_cast<unsigned>(i) % chains_;
        for (unsigned repeat = 0; repeat < scenarios[s].repeat; ++repeat)
            bases_.push_back({RunTask{static_cast<int>(s), repeat}, chain});
        if (scenarios[s].kernels.front() != kernel) continue;  // a sweep says the same on each
        for (size_t step = 0; step < scenarios[s].steps.size(); ++step)
            if (scenarios[s].steps[step].sweep)
                sweeps_.push_back({RunTask{static_cast<int>(s), 0, static_cast<int>(step), 1, true}, 0});
    }
    for (const size_t s : mine)
        if (sweeps_background(scenarios[s], kernel))
            for (const char* attribute : kFaultAttributes)
                sweeps_.push_back({RunTask{static_cast<int>(s), 0, -1, 1, false, false, attribute}, 0});
    // The first scenario's sweep not behind the first scenario: the other chain often has less to do.
    for (size_t i = 0; i < sweeps_.size(); ++i) sweeps_[i].chain = static_cast<unsigned>(i + 1) % chains_;
}

const Run* WorkList::plain_run(int scenario) const {
    for (const Base& base : bases_)
        if (base.task.scenario == scenario && base.task.repeat == 0) return base.run ? &*base.run : nullptr;
    return nullptr;
}

// A call that fails, hangs or oopses without any fault is not worth sweeping: its own finding comes first. One that
// came by no fault point has nothing to fail.
bool WorkList::dropped(const Sweep& sweep) const {
    const Run* plain = plain_run(sweep.task.scenario);
    if (!plain) return false;
    if (const std::string& background = sweep.task.background; !background.empty())
        return !left_as_found(*plain) || std::find(plain->background_points.begin(), plain->background_points.end(),
                                                   background) == plain->background_points.end();
    const bool lost = std::any_of(plain->steps.begin(), plain->steps.end(),
                                  [](const StepObservation& seen) { return !seen.lost.empty(); });
    return lost || !call_went_well(*plain, sweep.task.sweep_step) ||
           swept_step(*plain, sweep.task.sweep_step)->fault_points == 0;
}

std::optional<RunTask> WorkList::next(unsigned chain) {
    for (Base& base : bases_) {
        if (base.started || base.dropped || base.chain != chain) continue;
        base.started = true;
        return base.task;
    }
    for (Sweep& sweep : sweeps_) {
        if (sweep.chain != chain || sweep.over || dropped(sweep)) continue;
        if (sweep.under_way || !plain_run(sweep.task.scenario)) return std::nullopt;
        sweep.under_way = true;
        return sweep.task;
    }
    return std::nullopt;
}

// Whether each N on its own would have nothing to add.
bool WorkList::went_as_it_should(const Run& run) const {
    if (!left_as_found(run) || !call_went_well(run, run.sweep_step)) return false;
    // As many fault points each time as there were in the plain run: none has moved past another.
    const int points = swept_step(*plain_run(run.scenario), run.sweep_step)->fault_points;
    if (injected(run) || fired(run) != points || swept_step(run, run.sweep_step)->fault_points != points) return false;
    const Step& step = scenarios_[static_cast<size_t>(run.scenario)].steps[static_cast<size_t>(run.sweep_step)];
    for (const StepObservation& seen : run.steps)
        if (seen.fault_fired && seen.error != 0 &&
            std::none_of(step.fault_errors.begin(), step.fault_errors.end(),
                         [&](const std::string& name) { return errno_number(name) == seen.error; }))
            return false;
    const auto mine = answers(run, run.sweep_step), plain = answers(*plain_run(run.scenario), run.sweep_step);
    return std::equal(mine.begin(), mine.end(), plain.begin(), plain.end(), same_answer);
}

void WorkList::next_of(Sweep& sweep, const Run& run) {
    if (ran_out_of_time(run)) ++sweep.hangs;
    sweep.task.fail_nth = run.fail_nth + 1;
    const unsigned cap = left_as_found(*plain_run(sweep.task.scenario)) ? RunTask::kFailNthCap : kSpoiltCap;
    sweep.over = sweep.hangs == kHangsCap || sweep.task.fail_nth > cap;
}

void WorkList::background_done(Sweep& sweep, Run run) {
    if (!run.background_fired) {
        sweep.over = true;
        return;
    }
    if (ran_out_of_time(run)) ++sweep.hangs;
    ++sweep.task.fail_nth;
    const auto site = background_site(run);
    // A timer or a thread comes by the same place for ever.
    if (site && !site->empty() && !sweep.sites.insert(*site).second) ++sweep.same_site;
    sweep.over = sweep.hangs == kHangsCap || sweep.same_site == kSameSiteCap || sweep.task.fail_nth > kBackgroundCap;
    if (site) sweep.runs.push_back(std::move(run));
}

void WorkList::done(const RunTask& task, Run run) {
    if (task.sweep_step < 0 && task.background.empty()) {
        const bool enough = shows_ && scenarios_[static_cast<size_t>(task.scenario)].repeat > 1 && shows_(run);
        Base* made = nullptr;
        for (Base& base : bases_) {
            if (base.task.scenario != task.scenario) continue;
            if (base.task.repeat == task.repeat)
                made = &base;
            else if (enough && !base.started)
                base.dropped = true;
        }
        FERRULE_CHECK(made != nullptr);
        made->run = std::move(run);
        return;
    }
    for (Sweep& sweep : sweeps_) {
        if (sweep.task.scenario != task.scenario || sweep.task.sweep_step != task.sweep_step ||
            sweep.task.background != task.background)
            continue;
        sweep.under_way = false;
        if (!task.background.empty()) {
            background_done(sweep, std::move(run));
            return;
        }
        if (run.ladder && !went_as_it_should(run)) {
            sweep.task.ladder = false;
            sweep.task.fresh = true;
            return;
        }
        const bool last = !injected(run);
        if (last)
            sweep.over = true;
        else
            next_of(sweep, run);
        // A run in which nothing failed at all says nothing that the plain one has not said.
        if (!last || fired(run) > 0) sweep.runs.push_back(std::move(run));
        return;
    }
    FERRULE_CHECK(!"a run of no task");
}

bool WorkList::exhausted(unsigned chain) const {
    return std::all_of(bases_.begin(), bases_.end(),
                       [&](const Base& base) { return base.chain != chain || base.dropped || base.run; }) &&
           std::all_of(sweeps_.begin(), sweeps_.end(), [&](const Sweep& sweep) {
               return sweep.chain != chain || sweep.over || (!sweep.under_way && dropped(sweep));
           });
}

std::vector<Run> WorkList::take() {
    std::vector<Run> out;
    for (Base& base : bases_)
        if (base.run) out.push_back(std::move(*base.run));
    for (Sweep& sweep : sweeps_) {
        int number = 0;
        for (Run& run : sweep.runs) {
            if (!run.background.empty()) {
                run.fault_number = static_cast<int>(run.fail_nth);
                out.push_back(std::move(run));
                continue;
            }
            // A worker that died of a failure cannot tell that there was one.
            number += std::max(1, fired(run));
            run.fault_number = number;
            out.push_back(std::move(run));
        }
    }
    return out;
}

}  // namespace ferrule::grader
