// Theory of operation. Two things take time before the first call can be made: building the module, and
// a clone to put it in. They go side by side: one thread finds the template and starts the first clones
// while this one builds. Then a worker for each chain of the work list takes that chain's
// tasks. Its clone serves the next task too, unless the last one left a trace: a finding never
// reaches into the run behind it.
#include "grader/run/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "grader/exercise/prng.hpp"
#include "grader/run/clients.hpp"
#include "grader/run/ledger.hpp"
#include "grader/run/programs.hpp"
#include "grader/run/work_list.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/slots.hpp"

namespace ferrule::grader {
namespace {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A clone that does not start is tried once more: the host may have been short of memory for a moment.
Result<std::unique_ptr<Guest>> start_guest(const GuestFactory& factory) {
    auto guest = factory();
    if (guest || guest.error().code == "cancelled") return guest;
    return factory();
}

struct Prepared {
    std::shared_ptr<const vm::Template> base;
    std::vector<std::unique_ptr<Guest>> guests;
};

Result<Prepared> prepare_guests(const image::Image& image, size_t wanted, Progress& progress) {
    Prepared out;
    const vm::Accelerator accelerator = vm::best_accelerator(image, progress);
    FERRULE_TRY(out.base, vm::Template::ensure(image, accelerator, progress));
    const GuestFactory factory = clone_factory(out.base);
    // Ahead of time only where a place is free: two programs that each hold one clone and wait for a second would wait
    // for ever.
    while (out.guests.size() < wanted &&
           vm::take_slot(cache_dir() / "locks", vm::clone_limit(), std::chrono::milliseconds(0))) {
        FERRULE_TRY(auto guest, start_guest(factory));
        out.guests.push_back(std::move(guest));
    }
    return out;
}

// The workers' common state; everything below the mutex.
class Pool {
public:
    Pool(const std::vector<Scenario>& scenarios, const RunCommon& common, GuestFactory factory,
         std::vector<std::unique_ptr<Guest>> ready, unsigned chains, uint64_t seed, const RunHooks& hooks)
        : scenarios_(scenarios),
          common_(common),
          factory_(std::move(factory)),
          seed_(seed),
          hooks_(hooks),
          list_(scenarios, chains) {
        for (auto& guest : ready) ready_.push_back(std::move(guest));
    }

    Result<std::vector<Run>> run() {
        std::vector<std::thread> threads;
        for (unsigned chain = 0; chain < list_.chains(); ++chain) threads.emplace_back([this, chain] { work(chain); });
        for (std::thread& thread : threads) thread.join();
        if (error_) return tl::unexpected(*error_);
        return list_.take();
    }

private:
    struct Hand {
        std::unique_ptr<Guest> guest;
        unsigned runs = 0;  // made in this clone, all of which left it as they found it
    };

    void work(unsigned chain) {
        Hand hand;
        std::unique_lock lock(mutex_);
        while (!error_ && !list_.exhausted(chain)) {
            const auto task = list_.next(chain);
            if (!task) {
                changed_.wait(lock);
                continue;
            }
            announce(*task);
            if (!hand.guest && !ready_.empty()) {
                hand.guest = std::move(ready_.front());
                ready_.pop_front();
            }
            lock.unlock();
            auto result = run_task(*task, hand);
            lock.lock();
            if (result)
                list_.done(*task, std::move(*result));
            else if (!error_)
                error_ = result.error();
            changed_.notify_all();
        }
    }

    void announce(const RunTask& task) {
        if (!hooks_.stage) return;
        const Scenario& scenario = scenarios_[static_cast<size_t>(task.scenario)];
        std::string what = fmt::format("scenario {} of {}: {}", task.scenario + 1, scenarios_.size(), scenario.name);
        if (task.sweep_step >= 0)
            what += fmt::format(", failing allocation {} of step {}", task.fail_nth, task.sweep_step + 1);
        hooks_.stage(what);
    }

    Result<Run> run_task(const RunTask& task, Hand& hand) {
        const Scenario& scenario = scenarios_[static_cast<size_t>(task.scenario)];
        // A swept run has the values of the first plain one: the fault is all that differs.
        const uint64_t seed =
            derive_seed(derive_seed(seed_, static_cast<uint64_t>(task.scenario) + 1), task.repeat + 1);
        if (task.fresh && hand.runs > 0) hand.guest.reset();
        for (int attempt = 0;; ++attempt) {
            if (common_.cancelled()) return tl::unexpected(interrupted_error());
            if (!hand.guest) {
                hand.runs = 0;
                FERRULE_TRY(hand.guest, start_guest(factory_));
            }
            auto run = run_scenario(*hand.guest, common_, scenario, task, seed);
            if (run) {
                run->runs_before = hand.runs++;
                if (run->runs_before > 0) run->restore_seconds = 0;
            }
            if (!run || !left_as_found(*run)) hand.guest.reset();
            if (run || run.error().code != "guest-lost" || attempt > 0) return run;
        }
    }

    const std::vector<Scenario>& scenarios_;
    const RunCommon& common_;
    const GuestFactory factory_;
    const uint64_t seed_;
    const RunHooks& hooks_;
    std::mutex mutex_;
    std::condition_variable changed_;
    WorkList list_;
    std::deque<std::unique_ptr<Guest>> ready_;
    std::optional<Error> error_;
};

// On a host with many times more to do than it has processors a guest is slow without being stuck, and the
// same submission must get the same verdict. Our own clones and their build keep two tasks a processor busy.
double patience() {
    double load = 0;
    if (getloadavg(&load, 1) != 1) return 1;
    return std::clamp(load / (2.0 * std::max(1u, std::thread::hardware_concurrency())), 1.0, 6.0);
}

// System.map is read when the first address asks for a name: a clean run has none.
std::function<std::string(uint64_t)> lazy_kernel_names(const fs::path& system_map) {
    struct State {
        std::once_flag once;
        std::shared_ptr<const KernelSymbols> symbols;
    };
    return [system_map, state = std::make_shared<State>()](uint64_t address) -> std::string {
        std::call_once(state->once, [&] {
            if (auto loaded = KernelSymbols::load(system_map)) state->symbols = std::move(*loaded);
        });
        return state->symbols ? state->symbols->name(address) : std::string();
    };
}

}  // namespace

Result<Observations> observe(const Exercise& exercise, const Submission& submission, uint64_t seed, Progress& progress,
                             const RunHooks& hooks) {
    const auto start = Clock::now();
    const auto cancelled = [&hooks] { return interrupted() || (hooks.cancel && hooks.cancel->load()); };
    const auto stage = [&](const std::string& what) {
        if (hooks.stage) hooks.stage(what);
    };
    if (cancelled()) return tl::unexpected(interrupted_error());

    Observations out;
    out.exercise = submission.exercise_id;
    out.module = submission.sources.module;
    out.language = submission.language;
    for (const build::SourceFile& file : submission.sources.files) {
        out.source_files.push_back(file.name);
        out.sources[file.name] = file.text;
    }
    const std::string variant = exercise.kernels.empty() ? "mem" : exercise.kernels.front();
    FERRULE_TRY(const image::Image image, image::find(variant));
    out.kernel_release = image.kernel.release;
    out.image_key = image.key;

    // A clone has two cpus; measured on two cores, a second one at a time makes each take twice as long.
    const unsigned chains =
        WorkList(exercise.scenarios, std::min(vm::clone_limit(), std::thread::hardware_concurrency() / 2)).chains();
    stage("building");
    auto guests = std::async(std::launch::async, [&] { return prepare_guests(image, chains, progress); });
    const auto build_start = Clock::now();
    auto built = build::build_module(image, submission.sources);
    out.build_seconds = seconds_since(build_start);
    if (!built) {
        guests.wait();
        return tl::unexpected(built.error());
    }
    out.built = built->ok;
    out.diagnostics = std::move(built->diagnostics);
    out.imports = built->module.imports;
    if (!built->ok) {
        // What the template is worth is the next grading's question.
        guests.wait();
        out.accelerator = "none";
        out.total_seconds = seconds_since(start);
        return out;
    }

    RunCommon common;
    common.module = submission.sources.module;
    common.variant = variant;
    common.kernel_name = lazy_kernel_names(image.kernel.system_map);
    common.cancelled = cancelled;
    common.patience = patience;
    auto debug = std::async(std::launch::async, [&] { return read_module_debug(built->module.ko, "/work/"); });
    auto ko = read_file(built->module.stripped);
    auto programs = build_programs(image, exercise.folder, exercise.scenarios);
    auto prepared = guests.get();
    if (cancelled()) return tl::unexpected(interrupted_error());
    if (!ko) return tl::unexpected(ko.error());
    if (!programs) return tl::unexpected(programs.error());
    if (!prepared) return tl::unexpected(prepared.error());
    common.ko = std::move(*ko);
    common.programs = std::move(*programs);
    common.resources_before = parse_listing(prepared->base->listing());
    out.accelerator = vm::name(prepared->base->accelerator());

    const auto run_start = Clock::now();
    // Its clones end with it: those of the clients below take their places.
    auto runs = Pool(exercise.scenarios, common, clone_factory(prepared->base), std::move(prepared->guests), chains,
                     seed, hooks)
                    .run();
    out.run_seconds = seconds_since(run_start);
    auto debug_info = debug.get();
    if (!runs) return tl::unexpected(runs.error());
    if (!debug_info) return tl::unexpected(debug_info.error());
    out.runs = std::move(*runs);
    out.debug = std::move(*debug_info);
    FERRULE_TRY(out.clients, observe_clients(exercise, submission, seed, progress, hooks));
    for (const Run& run : out.runs) out.restore_seconds = std::max(out.restore_seconds, run.restore_seconds);
    out.total_seconds = seconds_since(start);
    return out;
}

}  // namespace ferrule::grader
