#include "grader/run/kernel_run.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <thread>

#include "grader/run/background.hpp"
#include "grader/run/ledger.hpp"
#include "grader/run/programs.hpp"
#include "grader/run/work_list.hpp"
#include "grader/verdict.hpp"
#include "sandbox/base/host_load.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/slots.hpp"

namespace ferrule::grader {
namespace {

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

// A registration that brings its own kobject (misc, cdev, proc) lets go of it itself; who uses one of these functions
// has to know when.
bool manages_kobjects(const std::vector<std::string>& imports) {
    constexpr std::array<std::string_view, 9> kFunctions = {"kobject_put",   "kobject_init",    "kobject_init_and_add",
                                                            "put_device",    "device_register", "device_unregister",
                                                            "kset_register", "kset_unregister", "device_initialize"};
    return std::any_of(imports.begin(), imports.end(), [&](const std::string& import) {
        return std::find(kFunctions.begin(), kFunctions.end(), import) != kFunctions.end();
    });
}

}  // namespace

KernelRun::KernelRun(const Exercise& exercise, const Submission& submission, uint64_t seed, Progress& progress,
                     const RunHooks& hooks, std::function<bool()> cancelled)
    : exercise_(exercise),
      submission_(submission),
      seed_(seed),
      progress_(progress),
      hooks_(hooks),
      cancelled_(std::move(cancelled)) {}

Result<void> KernelRun::find(const std::string& variant) {
    FERRULE_TRY(image_, image::find(variant));
    common_.module = submission_.sources.module;
    common_.variant = variant;
    common_.kernel_name = lazy_kernel_names(image_.kernel.system_map);
    common_.cancelled = cancelled_;
    common_.patience = patience;
    // A clone has two cpus; measured on two cores, a second one at a time makes each take twice as long.
    chains_ =
        WorkList(exercise_.scenarios, variant, std::min(vm::clone_limit(), std::thread::hardware_concurrency() / 2))
            .chains();
    return {};
}

Result<build::BuildOutcome> KernelRun::build() const { return build::build_module(image_, submission_.sources); }

void KernelRun::prepare() {
    const size_t ahead = hooks_.before_run ? 0 : chains_;
    guests_ = std::async(std::launch::async, [this, ahead] { return prepare_guests(image_, ahead, progress_); });
}

void KernelRun::give_up() {
    if (guests_.valid()) guests_.wait();
}

Result<KernelRun::Prepared> KernelRun::prepare_guests(const image::Image& image, size_t wanted, Progress& progress) {
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

Result<Made> KernelRun::runs(const build::BuildOutcome& built) {
    debug_ = std::async(std::launch::async, [ko = built.module.ko] { return read_module_debug(ko, "/work/"); }).share();
    auto ko = read_file(built.module.stripped);
    auto programs = build_programs(image_, exercise_.folder, exercise_.scenarios);
    auto prepared = guests_.get();
    if (cancelled_()) return tl::unexpected(interrupted_error());
    if (!ko) return tl::unexpected(ko.error());
    if (!programs) return tl::unexpected(programs.error());
    if (!prepared) return tl::unexpected(prepared.error());
    common_.ko = std::move(*ko);
    common_.background = runs_in_background(built.module.imports);
    common_.kobjects = manages_kobjects(built.module.imports);
    common_.pci = std::find(built.module.imports.begin(), built.module.imports.end(), "__pci_register_driver") !=
                  built.module.imports.end();
    common_.programs = std::move(*programs);
    common_.resources_before = parse_listing(prepared->base->listing());
    accelerator_ = vm::name(prepared->base->accelerator());
    if (hooks_.before_run) {
        const auto start = Clock::now();
        hooks_.before_run(chains_);
        waited_seconds_ = std::chrono::duration<double>(Clock::now() - start).count();
    }
    return run_all(exercise_.scenarios, common_, clone_factory(prepared->base), std::move(prepared->guests), chains_,
                   seed_, hooks_, [this, known = observations_of(submission_)](const Run& run) mutable {
                       known.built = true;
                       if (const auto& debug = debug_.get(); debug && known.debug.empty())
                           known.debug[common_.variant] = *debug;
                       return shows_something(exercise_, known, run);
                   });
}

}  // namespace ferrule::grader
