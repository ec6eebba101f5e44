#include "grader/run/work_list.hpp"

#include <algorithm>
#include <array>

#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

enum class Outcome { nothing_injected, injected, hung };

// The swept call itself, not its retry.
const StepObservation* swept_step(const Run& run, int step) {
    for (const StepObservation& seen : run.steps)
        if (seen.step == step && seen.lane < 0 && !seen.retry) return &seen;
    return nullptr;
}

Outcome outcome(const Run& run) {
    for (const StepObservation& seen : run.steps)
        if (seen.lost == "deadline") return Outcome::hung;
    const StepObservation* swept = swept_step(run, run.sweep_step);
    if (!swept || !swept->attempted) return Outcome::nothing_injected;
    // A worker or a guest that died of it cannot tell whether the fault fired.
    return swept->fault_fired || !swept->lost.empty() ? Outcome::injected : Outcome::nothing_injected;
}

bool went_well(const Run& run, int step) {
    for (const StepObservation& seen : run.steps)
        if (!seen.lost.empty()) return false;
    const StepObservation* swept = swept_step(run, step);
    return swept && swept->attempted && swept->error == 0;
}

}  // namespace

WorkList::WorkList(const std::vector<Scenario>& scenarios) {
    for (size_t s = 0; s < scenarios.size(); ++s) {
        for (unsigned repeat = 0; repeat < scenarios[s].repeat; ++repeat)
            bases_.push_back({RunTask{static_cast<int>(s), repeat}});
        for (size_t step = 0; step < scenarios[s].steps.size(); ++step)
            if (scenarios[s].steps[step].sweep) sweeps_.push_back({static_cast<int>(s), static_cast<int>(step)});
    }
}

// A call that fails, hangs or oopses without any fault is not worth sweeping: its own finding comes first.
bool WorkList::dropped(const Sweep& sweep) const {
    for (const Base& base : bases_)
        if (base.task.scenario == sweep.scenario && base.task.repeat == 0)
            return base.run && !went_well(*base.run, sweep.step);
    return true;
}

std::optional<RunTask> WorkList::next() {
    for (Base& base : bases_) {
        if (base.started) continue;
        base.started = true;
        ++under_way_;
        return base.task;
    }
    for (Sweep& sweep : sweeps_) {
        if (sweep.started + 1 >= sweep.end || dropped(sweep) || (!sweep.counted && sweep.started > 0)) continue;
        ++sweep.started;
        ++under_way_;
        return RunTask{sweep.scenario, 0, sweep.step, sweep.started};
    }
    return std::nullopt;
}

void WorkList::done(const RunTask& task, Run run) {
    FERRULE_CHECK(under_way_ > 0);
    --under_way_;
    if (task.sweep_step < 0) {
        for (Base& base : bases_)
            if (base.task.scenario == task.scenario && base.task.repeat == task.repeat) {
                base.run = std::move(run);
                break;
            }
        if (task.repeat != 0) return;
        for (Sweep& sweep : sweeps_) {
            if (sweep.scenario != task.scenario) continue;
            sweep.counted = true;
            for (const Base& base : bases_) {
                if (base.task.scenario != task.scenario || base.task.repeat != 0) continue;
                const StepObservation* counted = swept_step(*base.run, sweep.step);
                const int points = counted ? std::clamp(counted->fault_points, 0, static_cast<int>(kSweepCap)) : 0;
                sweep.end = std::min(sweep.end, static_cast<unsigned>(points) + 1);
            }
        }
        return;
    }
    for (Sweep& sweep : sweeps_) {
        if (sweep.scenario != task.scenario || sweep.step != task.sweep_step) continue;
        const Outcome how = outcome(run);
        if (how == Outcome::nothing_injected) sweep.end = std::min(sweep.end, task.fail_nth);
        sweep.runs.emplace(task.fail_nth, run);
        unsigned hangs = 0;
        for (const auto& [n, seen] : sweep.runs)
            if (outcome(seen) == Outcome::hung && ++hangs == kHangsCap) sweep.end = std::min(sweep.end, n + 1);
    }
}

bool WorkList::finished() const {
    if (under_way_ > 0) return false;
    if (std::any_of(bases_.begin(), bases_.end(), [](const Base& base) { return !base.started; })) return false;
    return std::all_of(sweeps_.begin(), sweeps_.end(),
                       [&](const Sweep& sweep) { return sweep.started + 1 >= sweep.end || dropped(sweep); });
}

size_t WorkList::tasks_left_at_least() const {
    return static_cast<size_t>(
               std::count_if(bases_.begin(), bases_.end(), [](const Base& base) { return !base.started; })) +
           2 * sweeps_.size();
}

std::vector<Run> WorkList::take() {
    std::vector<Run> out;
    std::vector<bool> drop;
    for (const Sweep& sweep : sweeps_) drop.push_back(dropped(sweep));
    for (Base& base : bases_)
        if (base.run) out.push_back(std::move(*base.run));
    for (size_t i = 0; i < sweeps_.size(); ++i) {
        if (drop[i]) continue;
        int number = 0;
        for (auto& [n, run] : sweeps_[i].runs) {
            if (n >= sweeps_[i].end) break;
            const StepObservation* swept = swept_step(run, run.sweep_step);
            const bool went_on = swept && swept->lost.empty() && swept->error == 0;
            if (!went_on || !swallowed_by_detectors(run)) run.fault_number = ++number;
            out.push_back(std::move(run));
        }
    }
    return out;
}

bool swallowed_by_detectors(const Run& run) {
    constexpr std::array<std::string_view, 7> kKeepers = {
        "mem_pool_alloc", "kmemleak", "__create_object", "stack_depot", "kasan_save_", "fill_pool", "debug_object"};
    const std::string_view console = run.console;
    const size_t at = console.find("FAULT_INJECTION: forcing a failure");
    if (at == std::string_view::npos) return false;
    // From the injection inwards to outwards, up to the first frame that lies in a module ("f+0x1/0x2 [slots]").
    size_t line_at = console.find("Call Trace:", at);
    for (int lines = 0; lines < 64 && line_at < console.size(); ++lines) {
        const size_t end = std::min(console.find('\n', line_at), console.size());
        std::string_view line = console.substr(line_at, end - line_at);
        while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
        if (line.find("+0x") != std::string_view::npos) {
            if (line.ends_with("]") && line.find(" [") != std::string_view::npos) return false;
            for (const std::string_view keeper : kKeepers)
                if (line.find(keeper) != std::string_view::npos) return true;
        }
        line_at = end + 1;
    }
    return false;
}

}  // namespace ferrule::grader
