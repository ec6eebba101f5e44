#include "grader/run/background.hpp"

#include <algorithm>
#include <charconv>

#include "grader/console/console.hpp"

namespace ferrule::grader {
namespace {

// Exported names of this kernel; what a header makes of them (schedule_work, kthread_run, request_irq,
// tasklet_schedule) ends in one of these.
constexpr std::array kStarters = std::to_array<std::string_view>({
    // kernel/workqueue.c
    "queue_work_on",
    "queue_work_node",
    "queue_delayed_work_on",
    "mod_delayed_work_on",
    "queue_rcu_work",
    "execute_in_process_context",
    "work_on_cpu_key",
    // kernel/time/
    "add_timer",
    "add_timer_on",
    "add_timer_local",
    "add_timer_global",
    "mod_timer",
    "mod_timer_pending",
    "timer_reduce",
    "hrtimer_start_range_ns",
    "hrtimer_start_range_ns_user",
    "alarm_start_timer",
    // kernel/kthread.c
    "kthread_create_on_node",
    "kthread_create_on_cpu",
    "kthread_create_worker_on_node",
    "kthread_create_worker_on_cpu",
    "kthread_queue_work",
    "kthread_queue_delayed_work",
    "kthread_mod_delayed_work",
    // kernel/irq/, drivers/pci/irq.c, rust/helpers/irq.c
    "request_threaded_irq",
    "request_any_context_irq",
    "devm_request_threaded_irq",
    "devm_request_any_context_irq",
    "request_percpu_irq_affinity",
    "pci_request_irq",
    "rust_helper_request_irq",
    // kernel/rcu/
    "call_rcu",
    "call_rcu_hurry",
    "call_rcu_tasks",
    "call_srcu",
    // kernel/softirq.c, irq_work.c, smp.c, async.c, task_work.c, stop_machine.c; net/core/dev.c
    "__tasklet_schedule",
    "__tasklet_hi_schedule",
    "irq_work_queue",
    "irq_poll_sched",
    "smp_call_function",
    "smp_call_function_any",
    "smp_call_function_many",
    "smp_call_function_single",
    "smp_call_function_single_async",
    "smp_call_on_cpu",
    "on_each_cpu_cond_mask",
    "async_schedule_node",
    "async_schedule_node_domain",
    "task_work_add",
    "stop_machine",
    "__napi_schedule",
    "__napi_schedule_irqoff",
});

constexpr int64_t kSpace = 1 << 30;
constexpr std::string_view kReport = "FAULT_INJECTION: forcing a failure";

std::string path_of(const char* attribute, const char* name) {
    return std::string("/sys/kernel/debug/") + attribute + "/" + name;
}

bool has_tasks_of_its_own(const std::vector<Step>& steps) {
    return std::any_of(steps.begin(), steps.end(), [](const Step& step) {
        return step.kind == StepKind::race || step.kind == StepKind::program ||
               std::any_of(step.lanes.begin(), step.lanes.end(), has_tasks_of_its_own);
    });
}

std::optional<int64_t> read_number(Guest& guest, const std::string& path, std::chrono::milliseconds limit) {
    vm::Request read{FERRULE_READ_FILE};
    read.text = path;
    read.a = 64;
    const auto reply = guest.call(read, limit);
    if (!reply || reply->error != 0) return std::nullopt;
    int64_t number = 0;
    const char* end = reply->data.data() + reply->data.size();
    const auto [stopped, error] = std::from_chars(reply->data.data(), end, number);
    if (error != std::errc() || std::string_view(stopped, end) != "\n") return std::nullopt;
    return number;
}

// Another context began here: the frames further out are of what it interrupted.
bool is_entry(std::string_view function) {
    return function.starts_with("asm_") || function == "handle_softirqs" || function == "__do_softirq";
}

}  // namespace

bool runs_in_background(const std::vector<std::string>& imports) {
    return std::any_of(imports.begin(), imports.end(), [](const std::string& import) {
        return std::find(kStarters.begin(), kStarters.end(), import) != kStarters.end();
    });
}

bool sweeps_background(const Scenario& scenario, const std::string& kernel) {
    return !scenario.kernels.empty() && scenario.kernels.front() == kernel && !has_tasks_of_its_own(scenario.steps) &&
           std::any_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) { return step.sweep; });
}

std::vector<FaultSetting> fault_settings(const RunTask& task, bool counts) {
    std::vector<FaultSetting> out;
    for (const char* attribute : kFaultAttributes) out.push_back({path_of(attribute, "probability"), "0"});
    const auto arm = [&](const char* attribute, unsigned interval, const char* times, int64_t space) {
        out.push_back({path_of(attribute, "interval"), std::to_string(interval)});
        out.push_back({path_of(attribute, "times"), times});
        out.push_back({path_of(attribute, "space"), std::to_string(space)});
        out.push_back({path_of(attribute, "probability"), "100"});
    };
    for (const char* attribute : kFaultAttributes) {
        if (counts)
            arm(attribute, INT32_MAX, "-1", kSpace);
        else if (task.background == attribute)
            arm(attribute, task.met + task.fail_nth, "1", 0);
    }
    return out;
}

std::optional<unsigned> met_after(const RunTask& task, const Run& run) {
    if (!run.background_fired) return std::nullopt;
    const unsigned interval = task.met + task.fail_nth;
    return interval > 1 ? interval : task.met;  // an interval of 1 is not counted
}

void look_at_background(Guest& guest, Run& run, std::chrono::milliseconds limit) {
    if (run.background.empty()) {
        for (const char* attribute : kFaultAttributes)
            if (const auto left = read_number(guest, path_of(attribute, "space"), limit); left && *left < kSpace)
                run.background_points.emplace_back(attribute);
        return;
    }
    // A guest that died of it has reported it.
    run.background_fired = run.console.find(kReport) != std::string::npos;
    if (!run.background_fired && guest.end() == vm::End::running)
        run.background_fired = read_number(guest, path_of(run.background.c_str(), "times"), limit) == 0;
}

std::optional<std::string> background_site(const Run& run) {
    for (const Splat& splat : parse_console(run.console)) {
        if (splat.kind != "fault-injection") continue;
        std::string site;
        for (const ConsoleFrame& frame : splat.stack) {
            if (frame.unreliable) continue;
            if (frame.module.empty() && is_entry(frame.function)) return std::nullopt;
            site += frame.function + "+" + std::to_string(frame.offset) + "\n";
            if (!frame.module.empty()) break;
        }
        return site;
    }
    return "";
}

}  // namespace ferrule::grader
