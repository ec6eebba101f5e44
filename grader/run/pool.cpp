#include "grader/run/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <tuple>
#include <utility>

#include "grader/exercise/prng.hpp"
#include "grader/run/background.hpp"
#include "grader/run/canaries.hpp"
#include "grader/run/runner.hpp"
#include "grader/run/work_list.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::grader {
namespace {

// The workers' common state; everything below the mutex.
class Pool {
public:
    Pool(const std::vector<Scenario>& scenarios, const RunCommon& common, GuestFactory factory,
         std::vector<std::unique_ptr<Guest>> ready, unsigned chains, uint64_t seed, const RunHooks& hooks,
         std::function<bool(const Run&)> shows)
        : scenarios_(scenarios),
          common_(common),
          factory_(std::move(factory)),
          seed_(seed),
          hooks_(hooks),
          list_(scenarios, common.variant, chains, std::move(shows)) {
        for (auto& guest : ready) ready_.push_back(std::move(guest));
    }

    Result<Made> run() {
        std::vector<std::thread> threads;
        for (unsigned chain = 0; chain < list_.chains(); ++chain) threads.emplace_back([this, chain] { work(chain); });
        for (std::thread& thread : threads) thread.join();
        if (error_) return tl::unexpected(*error_);
        // In the order of the scenarios, whichever clone was done first.
        std::stable_sort(canaries_.begin(), canaries_.end(), [](const Canaries& a, const Canaries& b) {
            return std::tie(a.scenario, a.heard) < std::tie(b.scenario, b.heard);
        });
        return Made{list_.take(), std::move(canaries_)};
    }

private:
    struct Hand {
        std::unique_ptr<Guest> guest;
        unsigned runs = 0;  // made in this clone, all of which left it as they found it
        LastRun last;       // of these
        std::map<std::string, std::optional<unsigned>> met = {};  // RunTask::met by attribute; absent: 0
    };

    // A clone that had runs proves at its end that its detectors are alive: what they did not report counts only then.
    Result<void> let_go(Hand& hand) {
        const std::unique_ptr<Guest> guest = std::move(hand.guest);
        hand.met.clear();
        if (!guest || std::exchange(hand.runs, 0) == 0) return {};
        FERRULE_TRY(Canaries heard, ask_canaries(*guest, common_, std::move(hand.last)));
        const std::lock_guard lock(mutex_);
        canaries_.push_back(std::move(heard));
        return {};
    }

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
        const bool finished = !error_;
        lock.unlock();
        if (!finished) return;
        if (const auto gone = let_go(hand); !gone) {
            lock.lock();
            if (!error_) error_ = gone.error();
        }
    }

    void announce(const RunTask& task) {
        if (!hooks_.stage) return;
        const Scenario& scenario = scenarios_[static_cast<size_t>(task.scenario)];
        std::string what = fmt::format("scenario {} of {}: {}", task.scenario + 1, scenarios_.size(), scenario.name);
        if (scenario.kernels.size() > 1) what += fmt::format(" (kernel {})", common_.variant);
        if (task.sweep_step >= 0)
            what += fmt::format(", failing allocation {} of step {}", task.fail_nth, task.sweep_step + 1);
        if (!task.background.empty())
            what += fmt::format(", failing allocation {} outside of its calls", task.fail_nth);
        hooks_.stage(what);
    }

    Result<Run> run_task(const RunTask& task, Hand& hand) {
        const Scenario& scenario = scenarios_[static_cast<size_t>(task.scenario)];
        // A swept run has the values of the first plain one: the fault is all that differs.
        const uint64_t seed =
            derive_seed(derive_seed(seed_, static_cast<uint64_t>(task.scenario) + 1), task.repeat + 1);
        const auto unknown = hand.met.find(task.background);
        const bool worn = unknown != hand.met.end() && !unknown->second;
        // A device keeps what is in its registers, whoever unbinds it (QEMU's hw/misc/edu.c has no reset).
        if ((task.fresh || worn || common_.pci) && hand.runs > 0) FERRULE_TRY_VOID(let_go(hand));
        for (int attempt = 0;; ++attempt) {
            if (common_.cancelled()) return tl::unexpected(interrupted_error());
            if (!hand.guest) {
                hand.runs = 0;
                hand.met.clear();
                FERRULE_TRY(hand.guest, start_guest(factory_));
            }
            RunTask made = task;
            if (!task.background.empty()) made.met = hand.met.try_emplace(task.background, 0).first->second.value_or(0);
            auto run = run_scenario(*hand.guest, common_, scenario, made, seed);
            if (run) {
                if (!task.background.empty()) hand.met[task.background] = met_after(made, *run);
                run->runs_before = hand.runs++;
                if (run->runs_before > 0) run->restore_seconds = 0;
                hand.last = last_run(*run);
                if (!left_as_found(*run))
                    if (const auto gone = let_go(hand); !gone) run = tl::unexpected(gone.error());
            } else {
                hand.guest.reset();
            }
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
    std::vector<Canaries> canaries_;
    std::optional<Error> error_;
};

}  // namespace

Result<std::unique_ptr<Guest>> start_guest(const GuestFactory& factory) {
    auto guest = factory();
    if (guest || guest.error().code == "cancelled") return guest;
    return factory();
}

Result<Made> run_all(const std::vector<Scenario>& scenarios, const RunCommon& common, const GuestFactory& factory,
                     std::vector<std::unique_ptr<Guest>> ready, unsigned chains, uint64_t seed, const RunHooks& hooks,
                     std::function<bool(const Run&)> shows) {
    return Pool(scenarios, common, factory, std::move(ready), chains, seed, hooks, std::move(shows)).run();
}

}  // namespace ferrule::grader
