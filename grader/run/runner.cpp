// Theory of operation. Two things take time before the first call can be made: building the module, and
// a clone to put it in. They go side by side (kernel_run.hpp). Then a worker for each chain of the work list takes that
// chain's tasks (pool.hpp). Its clone serves the next task too, unless the last one left a trace: a finding never
// reaches into the run behind it.
//
// All that is done for each kernel that the exercise names: the module is built for each at once, and its scenarios
// run in clones of that kernel's template. The kernels' runs go side by side where the host has processors for them,
// else one after the other. What one kernel showed does not keep the next from running: which findings there are must
// not depend on who was quicker.
#include "grader/run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <thread>

#include "grader/run/clients.hpp"
#include "grader/run/kernel_run.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/base/host_load.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/slots.hpp"

namespace ferrule::grader {
namespace {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

using KernelRuns = std::vector<std::unique_ptr<KernelRun>>;

// One clone of each kernel needs two processors.
bool side_by_side(const KernelRuns& kernels) {
    return std::min(vm::clone_limit(), std::thread::hardware_concurrency() / 2) >= kernels.size();
}

std::string image_key(const KernelRuns& kernels) {
    if (kernels.size() == 1) return kernels.front()->image().key;
    Hash hash;
    for (const auto& kernel : kernels) hash.add(kernel->image().key);
    return hash.hex();
}

}  // namespace

Observations observations_of(const Submission& submission) {
    Observations out;
    out.exercise = submission.exercise_id;
    out.module = submission.sources.module;
    out.language = submission.language;
    for (const build::SourceFile& file : submission.sources.files) {
        out.source_files.push_back(file.name);
        out.sources[file.name] = file.text;
    }
    return out;
}

Result<Observations> observe(const Exercise& exercise, const Submission& submission, uint64_t seed, Progress& progress,
                             const RunHooks& hooks) {
    const auto start = Clock::now();
    const auto cancelled = [&hooks] { return interrupted() || (hooks.cancel && hooks.cancel->load()); };
    const auto stage = [&](const std::string& what) {
        if (hooks.stage) hooks.stage(what);
    };
    if (cancelled()) return tl::unexpected(interrupted_error());

    Observations out = observations_of(submission);
    out.seed = seed;
    FERRULE_CHECK(!exercise.kernels.empty());
    KernelRuns kernels;
    for (const std::string& variant : exercise.kernels) {
        kernels.push_back(std::make_unique<KernelRun>(exercise, submission, seed, progress, hooks, cancelled));
        FERRULE_TRY_VOID(kernels.back()->find(variant));
    }
    out.kernel_release = kernels.front()->image().kernel.release;
    out.image_key = image_key(kernels);

    stage("building");
    kernels.front()->prepare();
    const auto build_start = Clock::now();
    std::vector<std::future<Result<build::BuildOutcome>>> more;  // for the other kernels; the first one's is waited for
    for (size_t i = 1; i < kernels.size(); ++i)
        more.push_back(std::async(std::launch::async, [&kernel = *kernels[i]] { return kernel.build(); }));
    std::vector<Result<build::BuildOutcome>> built{kernels.front()->build()};
    for (auto& one : more) built.push_back(one.get());
    out.build_seconds = seconds_since(build_start);
    for (const auto& one : built)
        if (!one) {
            kernels.front()->give_up();
            return tl::unexpected(one.error());
        }
    // What one kernel's configuration refuses is as wrong as what all refuse; the first one's words come first.
    const auto refused = std::find_if(built.begin(), built.end(), [](const auto& one) { return !one->ok; });
    out.built = refused == built.end();
    const build::BuildOutcome& spoken = out.built ? *built.front() : **refused;
    out.diagnostics = spoken.diagnostics;
    out.imports = spoken.module.imports;
    if (!out.built) {
        kernels.front()->give_up();
        out.accelerator = "none";
        out.total_seconds = seconds_since(start);
        return out;
    }

    const auto run_start = Clock::now();
    std::vector<std::future<Result<Made>>> others;
    // Who waits for a turn has one, not one for each kernel.
    const bool together = side_by_side(kernels) && !hooks.before_run;
    const auto begin = [&](size_t i) {
        kernels[i]->prepare();
        return kernels[i]->runs(*built[i]);
    };
    if (together)
        for (size_t i = 1; i < kernels.size(); ++i) others.push_back(std::async(std::launch::async, begin, i));
    std::vector<Result<Made>> runs{kernels.front()->runs(*built.front())};
    for (size_t i = 1; i < kernels.size(); ++i) {
        if (together)
            runs.push_back(others[i - 1].get());
        else if (runs.back())
            runs.push_back(begin(i));
    }
    out.run_seconds = seconds_since(run_start);
    for (const auto& kernel : kernels) out.run_seconds -= kernel->waited_seconds();
    for (size_t i = 0; i < runs.size(); ++i) {
        if (!runs[i]) return tl::unexpected(runs[i].error());
        FERRULE_TRY(out.debug[kernels[i]->variant()], kernels[i]->debug());
        std::move(runs[i]->runs.begin(), runs[i]->runs.end(), std::back_inserter(out.runs));
        std::move(runs[i]->canaries.begin(), runs[i]->canaries.end(), std::back_inserter(out.canaries));
    }
    if (host_too_busy())
        for (const Run& run : out.runs)
            if (ran_out_of_time(run))
                return tl::unexpected(
                    host_busy_error(fmt::format("scenario \"{}\" did not end in time", run.scenario_name)));
    out.accelerator = kernels.front()->accelerator();
    FERRULE_TRY(out.clients, observe_clients(exercise, submission, seed, progress, hooks));
    for (const Run& run : out.runs) out.restore_seconds = std::max(out.restore_seconds, run.restore_seconds);
    out.total_seconds = seconds_since(start);
    return out;
}

}  // namespace ferrule::grader
