// Which call was made to fail in a run, by the injector's own report on the console, and in what words.
#include <algorithm>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/registrations.hpp"

namespace ferrule::grader {
namespace {

const Splat* last_report(const Evidence& evidence) {
    const auto last = std::find_if(evidence.splats.rbegin(), evidence.splats.rend(),
                                   [](const Splat& splat) { return splat.kind == "fault-injection"; });
    return last == evidence.splats.rend() ? nullptr : &*last;
}

// Who calls the module's code there: the innermost of these frames says it.
struct Context {
    std::string_view function, words;
};
constexpr Context kContexts[] = {
    {"process_one_work", "a work item"},
    {"process_scheduled_works", "a work item"},
    {"worker_thread", "a work item"},
    {"kthread_worker_fn", "a work item"},
    {"call_timer_fn", "a timer"},
    {"__run_timers", "a timer"},
    {"__run_timer_base", "a timer"},
    {"__hrtimer_run_queues", "a timer"},
    {"__handle_irq_event_percpu", "an interrupt handler"},
    {"irq_thread_fn", "an interrupt thread"},
    {"irq_thread", "an interrupt thread"},
    {"rcu_do_batch", "an RCU callback"},
    {"rcu_core", "an RCU callback"},
    {"irq_work_single", "an irq_work"},
    {"handle_irq_event", "an interrupt handler"},
    {"handle_softirqs", "a softirq"},
    {"srcu_invoke_callbacks", "an RCU callback"},
    {"rcu_tasks_invoke_cbs", "an RCU callback"},
    {"tasklet_action_common", "a tasklet"},
    {"kthread", "a thread"},
};

std::string_view context_words(const Splat& report) {
    for (const ConsoleFrame& frame : report.stack) {
        if (!frame.module.empty() || frame.unreliable) continue;
        for (const Context& context : kContexts)
            if (frame.function == context.function) return context.words;
    }
    return "another context";
}

}  // namespace

std::optional<SourcePlace> failed_call(const Evidence& evidence) {
    for (const auto& splat : evidence.splats)
        if (splat.kind == "fault-injection")
            if (auto place = blame(evidence, splat.stack)) return place;
    return std::nullopt;
}

std::string failed_function(const Evidence& evidence) {
    // The stub that stands for it (kernel-image/kernel/overlay/drivers/ferrule/fail_calls.S).
    constexpr std::string_view kStub = "ferrule_fail_";
    const Splat* last = last_report(evidence);
    if (!last) return {};
    for (const ConsoleFrame& frame : last->stack) {
        if (!frame.function.starts_with(kStub) || !frame.module.empty()) continue;
        const std::string_view function = std::string_view(frame.function).substr(kStub.size());
        return registered_as(evidence, function);
    }
    return {};
}

std::string fault_words(const Evidence& evidence) {
    const Run& run = evidence.run;
    if ((run.sweep_step < 0 && run.background.empty()) || run.fault_number <= 0) return {};
    const std::string function = failed_function(evidence);
    std::string words = function.empty() ? "allocation " + std::to_string(run.fault_number) : function;
    if (!run.background.empty()) {
        const Splat* last = last_report(evidence);
        words += " in " + std::string(last ? context_words(*last) : "another context");
    }
    return words + " failed";
}

}  // namespace ferrule::grader
