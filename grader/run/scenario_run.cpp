// Theory of operation. The runner makes calls and writes down what came back; whether it is right is the judge's
// question. Only three facts steer it: a call without an answer (the run ends there: a guest that
// hangs or died has no more to say), a file that could not be opened (its steps are left out),
// and a load that failed although it should not (everything up to the next load is left out).
// Worker 1 makes the calls of the main sequence, workers 2… those of parallel and raced lists, worker 0 looks around.
#include "grader/console/console.hpp"
#include "grader/run/aftermath.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "grader/exercise/prng.hpp"
#include "grader/run/background.hpp"
#include "grader/run/race_run.hpp"
#include "grader/run/step_request.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

using std::chrono::milliseconds;

// A call that is still under way this long after such a report waits for memory or a lock that is broken: the rest of
// its deadline would only be waiting. What the judge makes of the call then is a consequence of the report.
constexpr double kSecondsAfterReport = 2;
constexpr std::array<std::string_view, 3> kReports = {"BUG: KASAN: ", "WARNING: possible recursive locking detected",
                                                      "WARNING: possible circular locking dependency detected"};

// For derive_seed(), of a run's own seed; the number of the step comes on top.
constexpr uint64_t kRacePurpose = uint64_t{1} << 32, kDelayPurpose = uint64_t{2} << 32;

// As fail_nth: more fault points than a call has, so that they are counted and none fails.
constexpr unsigned kOnlyCount = 1u << 30;

class ScenarioRun {
public:
    ScenarioRun(Guest& guest, const RunCommon& common, const Scenario& scenario, const RunTask& task)
        : guest_(guest),
          common_(common),
          scenario_(scenario),
          task_(task),
          module_path_("/run/" + common.module + ".ko"),
          deadline_seconds_(scenario.deadline_seconds * common.patience()),
          counts_background_(common.background && task.sweep_step < 0 && task.background.empty() && task.repeat == 0 &&
                             sweeps_background(scenario, common.variant)),
          fail_nth_(counts_background_ || !task.background.empty() ? kOnlyCount : 0) {}

    Result<Run> go(uint64_t seed);

private:
    struct Lane {
        unsigned worker;
        int index;
        const std::vector<Step>* steps;
        std::map<std::string, std::optional<unsigned>> files;  // name -> slot, none: not open
        size_t next = 0;
        uint32_t pending = 0;
        StepRequest made;
        Clock::time_point deadline;
        bool waiting = false, ended = false;
    };

    Result<void> set_up();
    Result<void> write_word(const char* file, const char* word);
    Result<void> steps();
    bool step(int index, unsigned fail_nth, bool retry);
    bool parallel(int index);
    bool race(int index);
    bool ladder(int index);
    bool lane_send(Lane& lane, int index);
    void lane_done(Lane& lane, StepObservation&& seen);
    std::optional<StepRequest> prepare(const Step& step, Lane& lane, unsigned fail_nth, StepObservation& seen);
    void follow(const Step& step, Lane& lane, const StepObservation& seen);
    bool hopeless(StepKind kind);
    tl::expected<vm::Reply, vm::Lost> call(const vm::Request& request, StepKind kind);
    milliseconds deadline(StepKind kind) const {
        // The agent itself ends a program that takes too long.
        return milliseconds(static_cast<int64_t>((deadline_seconds_ + (kind == StepKind::program ? 2 : 0)) * 1000));
    }
    bool cancelled() const { return common_.cancelled && common_.cancelled(); }

    Guest& guest_;
    const RunCommon& common_;
    const Scenario& scenario_;
    const RunTask task_;
    const std::string module_path_;
    const double deadline_seconds_;  // of a step
    const bool counts_background_;
    const unsigned fail_nth_;  // of calls that are not swept
    Run run_;
    Lane main_{1, -1, nullptr};
    bool loaded_ = false;       // by what LOAD and UNLOAD returned
    bool load_failed_ = false;  // the last load should have worked and did not
    Aftermath aftermath_{guest_, common_, run_};
    bool worker_died_ = false;
    int open_files_ = 0;
    size_t mark_ = 0;  // where the run begins in the console
    size_t searched_ = 0;
    std::optional<Clock::time_point> reported_;
    unsigned last_worker_ = 1;
};

bool may_fail_with(const Step& step, int error) {
    return std::any_of(step.may.begin(), step.may.end(), [&](const auto& name) { return errno_number(name) == error; });
}

std::string program_path(const RunCommon& common, const std::string& name) {
    size_t index = 0;
    for (const auto& [known, bytes] : common.programs) {
        if (known == name) break;
        ++index;
    }
    return fmt::format("/run/ferrule-program-{}", index);
}

void collect_programs(const std::vector<Step>& steps, std::set<std::string>& out) {
    for (const Step& step : steps) {
        if (step.kind == StepKind::program) out.insert(step.file_name);
        for (const auto& lane : step.lanes) collect_programs(lane, out);
    }
}

tl::unexpected<Error> guest_lost(const char* doing, vm::Lost lost) {
    return fail("guest-lost", fmt::format("the sandbox's guest gave no answer ({}) while {}", lost_word(lost), doing),
                "Try again; if it stays, run ferrule doctor and look for a lack of memory.");
}

Result<void> ScenarioRun::write_word(const char* file, const char* word) {
    vm::Request write{FERRULE_WRITE_FILE};
    write.text = file;
    write.data = word;
    const auto reply = guest_.call(write, kHousekeeping);
    if (!reply) return guest_lost("making the guest ready", reply.error());
    if (reply->error == 0) return {};
    return fail("guest-lost", fmt::format("{} of the guest cannot be written: {}", file, errno_name(reply->error)),
                "Build the image again: ferrule image build");
}

Result<void> ScenarioRun::set_up() {
    if (auto put = guest_.put(module_path_, common_.ko, kHousekeeping); !put)
        return guest_lost("taking the module", put.error());
    std::set<std::string> programs;
    collect_programs(scenario_.steps, programs);
    for (const std::string& name : programs) {
        const auto program = common_.programs.find(name);
        FERRULE_CHECK(program != common_.programs.end());
        if (auto put = guest_.put(program_path(common_, name), program->second, kHousekeeping); !put)
            return guest_lost("taking a test program", put.error());
    }
    // Off in the template (CONFIG_KCSAN_EARLY_ENABLE=n).
    if (common_.variant == kRaceVariant) FERRULE_TRY_VOID(write_word("/sys/kernel/debug/kcsan", "on"));
    if (common_.pci) {
        static const std::string remove = fmt::format("/sys/bus/pci/devices/{}/remove", vm::kEduAddress);
        FERRULE_TRY_VOID(write_word(remove.c_str(), "1"));
        FERRULE_TRY_VOID(write_word("/sys/bus/pci/rescan", "1"));
    }
    if (common_.background)
        for (const FaultSetting& setting : fault_settings(task_, counts_background_))
            FERRULE_TRY_VOID(write_word(setting.file.c_str(), setting.value.c_str()));
    // Long enough for what frees the memory meanwhile, or the module; settling waits for it, so that it has its price.
    if (common_.kobjects) FERRULE_TRY_VOID(write_word("/sys/kernel/debug/ferrule/release-delay", "100"));
    vm::Request start{FERRULE_LEDGER};
    start.a = 1;
    const auto reply = guest_.call(start, kHousekeeping);
    if (!reply) return guest_lost("starting the ledger", reply.error());
    if (reply->error != 0)
        return fail("guest-lost", fmt::format("the guest's ledger could not be started: {}", errno_name(reply->error)),
                    "Build the image again: ferrule image build");
    return {};
}

std::optional<StepRequest> ScenarioRun::prepare(const Step& step, Lane& lane, unsigned fail_nth,
                                                StepObservation& seen) {
    if (load_failed_ && step.kind != StepKind::load) return std::nullopt;
    StepPlace place{common_.module, module_path_, {}, lane.worker, 0, fail_nth, deadline_seconds_};
    switch (step.kind) {
        case StepKind::program: place.program_path = program_path(common_, step.file_name); break;
        case StepKind::open: {
            std::set<unsigned> used;
            for (const auto& [name, slot] : lane.files)
                if (slot) used.insert(*slot);
            while (used.contains(place.slot)) ++place.slot;
            break;
        }
        case StepKind::close:
        case StepKind::read:
        case StepKind::write:
        case StepKind::ioctl:
        case StepKind::lseek:
        case StepKind::poll:
        case StepKind::mmap: {
            const auto file = lane.files.find(step.target);
            if (file == lane.files.end() || !file->second) return std::nullopt;
            place.slot = *file->second;
            break;
        }
        default: break;
    }
    auto made = make_request(step, run_.values, place);
    if (made && step.kind == StepKind::delay && made->request.b > made->request.a) {
        const auto purpose =
            kDelayPurpose + static_cast<uint64_t>((seen.step << 16) + (seen.lane << 8) + seen.lane_step);
        made->request.a += static_cast<int64_t>(
            Prng(derive_seed(run_.seed, purpose)).below(static_cast<uint64_t>(made->request.b - made->request.a) + 1));
        made->request.b = 0;
    }
    if (!made) {
        // A name that is not there was to be captured by a step that failed or was left out.
        if (made.error().code != "unknown-value") seen.lost = "unusable-value";
        return std::nullopt;
    }
    return std::move(*made);
}

// What later steps need to know of this one.
void ScenarioRun::follow(const Step& step, Lane& lane, const StepObservation& seen) {
    if (seen.lost == "worker-died") {
        worker_died_ = aftermath_.died = true;
        return;
    }
    const bool good = seen.attempted && seen.lost.empty() && seen.error == 0;
    if (good && !step.capture.empty()) run_.values[step.capture] = seen.value;
    if (step.kind == StepKind::load && good) aftermath_.look_where_module_is();
    if (step.kind == StepKind::load && seen.attempted) {
        const bool may = may_fail_with(step, seen.error);
        loaded_ = loaded_ || good || (may && seen.error == EEXIST);
        load_failed_ = !good && !may && step.errors.empty();
    }
    if (step.kind == StepKind::unload && (good || (seen.attempted && seen.error == ENOENT))) loaded_ = false;
    if (step.kind == StepKind::open && good) ++open_files_;
    if (step.kind == StepKind::close && seen.attempted) {
        lane.files[step.target].reset();
        --open_files_;
    }
}

bool ScenarioRun::hopeless(StepKind kind) {
    if (kind == StepKind::program) return false;  // works at its own pace, whatever was reported
    const auto now = Clock::now();
    if (!reported_) {
        const std::string& console = guest_.console();
        const std::string_view news = std::string_view(console).substr(std::min(searched_, console.size()));
        for (const std::string_view report : kReports)
            if (news.find(report) != std::string_view::npos) reported_ = now;
        searched_ = std::max(mark_, console.size() - std::min<size_t>(console.size(), 100));
    }
    return reported_ &&
           now >= *reported_ + milliseconds(static_cast<int64_t>(kSecondsAfterReport * common_.patience() * 1000));
}

tl::expected<vm::Reply, vm::Lost> ScenarioRun::call(const vm::Request& request, StepKind kind) {
    const auto id = guest_.send(request);
    if (!id) return tl::unexpected(id.error());
    for (milliseconds left = deadline(kind);;) {
        const milliseconds slice = std::min(left, milliseconds(250));
        left -= slice;
        auto reply = guest_.receive(*id, slice, left.count() > 0);
        if (reply || reply.error() != vm::Lost::deadline || left.count() <= 0 || hopeless(kind) || cancelled())
            return reply;
    }
}

bool ScenarioRun::step(int index, unsigned fail_nth, bool retry) {
    const Step& step = scenario_.steps[static_cast<size_t>(index)];
    StepObservation seen;
    seen.step = index;
    seen.retry = retry;
    const auto made = prepare(step, main_, fail_nth, seen);
    if (made) {
        auto reply = call(made->request, step.kind);
        seen.attempted = true;
        if (reply) {
            take_reply(step, *made, std::move(*reply), seen);
        } else {
            seen.lost = lost_word(reply.error());
            aftermath_.gone = true;
        }
        if (step.kind == StepKind::open && seen.lost.empty() && seen.error == 0 && !step.as.empty())
            main_.files[step.as] = made->request.slot;
        follow(step, main_, seen);
    }
    const bool hung = seen.lost == "deadline";
    const bool stop = hung || aftermath_.gone || worker_died_;
    run_.steps.push_back(std::move(seen));
    if (hung) {
        aftermath_.gone = true;
        aftermath_.look_at_hang(main_.worker, fmt::format("worker {}", main_.worker));
    }
    return !stop;
}

bool ScenarioRun::lane_send(Lane& lane, int index) {
    while (lane.next < lane.steps->size()) {
        const Step& step = (*lane.steps)[lane.next];
        StepObservation seen;
        seen.step = index;
        seen.lane = lane.index;
        seen.lane_step = static_cast<int>(lane.next);
        auto made = prepare(step, lane, fail_nth_, seen);
        if (!made) {
            run_.steps.push_back(std::move(seen));
            ++lane.next;
            continue;
        }
        lane.made = std::move(*made);
        const auto id = guest_.send(lane.made.request);
        if (!id) {
            seen.attempted = true;
            seen.lost = lost_word(id.error());
            run_.steps.push_back(std::move(seen));
            aftermath_.gone = true;
            return false;
        }
        lane.pending = *id;
        lane.waiting = true;
        lane.deadline = Clock::now() + deadline(step.kind);
        return true;
    }
    lane.ended = true;
    return true;
}

void ScenarioRun::lane_done(Lane& lane, StepObservation&& seen) {
    const Step& step = (*lane.steps)[lane.next];
    if (step.kind == StepKind::open && seen.lost.empty() && seen.error == 0 && !step.as.empty())
        lane.files[step.as] = lane.made.request.slot;
    follow(step, lane, seen);
    if (seen.lost == "worker-died") lane.ended = true;
    run_.steps.push_back(std::move(seen));
    lane.waiting = false;
    ++lane.next;
}

// Each list goes at its own pace: its next call is sent when its last one was answered.
bool ScenarioRun::parallel(int index) {
    const Step& step = scenario_.steps[static_cast<size_t>(index)];
    std::vector<Lane> lanes;
    for (const auto& steps : step.lanes) {
        const int number = static_cast<int>(lanes.size());
        lanes.push_back({static_cast<unsigned>(2 + number), number, &steps});
        last_worker_ = std::max(last_worker_, lanes.back().worker);
    }
    for (Lane& lane : lanes)
        if (!lane_send(lane, index)) return false;
    const auto observation = [&](const Lane& lane) {
        StepObservation seen;
        seen.step = index;
        seen.lane = lane.index;
        seen.lane_step = static_cast<int>(lane.next);
        seen.attempted = true;
        return seen;
    };
    for (;;) {
        const auto busy = std::count_if(lanes.begin(), lanes.end(), [](const Lane& lane) { return lane.waiting; });
        if (busy == 0) break;
        for (Lane& lane : lanes) {
            if (!lane.waiting) continue;
            auto reply = guest_.receive(lane.pending, milliseconds(busy == 1 ? 100 : 2), true);
            const StepKind kind = (*lane.steps)[lane.next].kind;
            if (!reply && reply.error() == vm::Lost::deadline && Clock::now() < lane.deadline && !hopeless(kind))
                continue;
            StepObservation seen = observation(lane);
            if (!reply) {
                seen.lost = lost_word(reply.error());
                run_.steps.push_back(std::move(seen));
                aftermath_.gone = true;
                if (reply.error() != vm::Lost::deadline) return false;
                for (const Lane& other : lanes)
                    if (other.waiting) aftermath_.look_at_hang(other.worker, fmt::format("list {}", other.index + 1));
                return false;
            }
            take_reply((*lane.steps)[lane.next], lane.made, std::move(*reply), seen);
            const bool hung = seen.lost == "deadline";
            lane_done(lane, std::move(seen));
            if (hung) {
                aftermath_.gone = true;
                aftermath_.look_at_hang(lane.worker, fmt::format("list {}", lane.index + 1));
                return false;
            }
            if (!lane.ended && !lane_send(lane, index)) return false;
        }
        if (cancelled()) return false;
    }
    return !aftermath_.gone && !worker_died_;
}

// Runs in the guest alone, see race_run.cpp.
bool ScenarioRun::race(int index) {
    const Step& step = scenario_.steps[static_cast<size_t>(index)];
    // A busy host gives the lists fewer rounds in a second: they race for longer then, as deadlines are longer.
    const double patience = common_.patience();
    const auto limit = [](double seconds) { return milliseconds(static_cast<int64_t>(seconds * 1000)); };
    const milliseconds racing = limit(step.seconds * patience), after = limit(kSecondsAfterReport * patience);
    const RaceLimits limits{limit(deadline_seconds_) + (step.rounds > 0 ? milliseconds(0) : racing), after, after,
                            [this] { return cancelled(); }};
    const RacePlace place{common_.module, module_path_, main_.files,
                          derive_seed(run_.seed, kRacePurpose + static_cast<uint64_t>(index)),
                          static_cast<unsigned>(racing.count())};
    last_worker_ = std::max(last_worker_, race_worker(step.lanes.size() - 1));
    const RaceOutcome outcome = run_race(guest_, run_, aftermath_, step, index, place, limits);
    loaded_ = outcome.loading_unknown || (loaded_ ? 1 : 0) + outcome.loads - outcome.unloads > 0;
    worker_died_ = worker_died_ || outcome.died;
    return outcome.go_on;
}

// Fails the call at one fault point after the other, until it comes through.
bool ScenarioRun::ladder(int index) {
    for (unsigned n = task_.fail_nth; n <= RunTask::kFailNthCap; ++n) {
        load_failed_ = false;
        if (!step(index, n, false)) return false;
        StepObservation& seen = run_.steps.back();
        seen.retry = n > task_.fail_nth && !seen.fault_fired;
        run_.fail_nth = n;
        if (!seen.attempted || seen.error == 0 || !seen.fault_fired) break;
    }
    return true;
}

Result<void> ScenarioRun::steps() {
    for (int index = 0; index < static_cast<int>(scenario_.steps.size()); ++index) {
        if (cancelled()) return fail("cancelled", "cancelled");
        const Step& declared = scenario_.steps[static_cast<size_t>(index)];
        if (declared.kind == StepKind::parallel || declared.kind == StepKind::race) {
            if (!load_failed_ && !(declared.kind == StepKind::race ? race(index) : parallel(index))) break;
            continue;
        }
        const bool swept = index == task_.sweep_step;
        if (swept && task_.ladder) {
            if (!ladder(index)) break;
            continue;
        }
        const unsigned fail_nth = swept                                    ? task_.fail_nth
                                  : declared.sweep && task_.sweep_step < 0 ? kOnlyCount
                                                                           : fail_nth_;
        if (!step(index, fail_nth, false)) break;
        const StepObservation& seen = run_.steps.back();
        if (swept && seen.attempted && seen.error != 0) {
            load_failed_ = false;
            if (!step(index, 0, true)) break;
        }
    }
    if (cancelled()) return fail("cancelled", "cancelled");
    return {};
}

Result<Run> ScenarioRun::go(uint64_t seed) {
    run_.scenario = task_.scenario;
    run_.scenario_name = scenario_.name;
    run_.variant = common_.variant;
    run_.seed = seed;
    run_.sweep_step = task_.sweep_step;
    run_.ladder = task_.ladder;
    run_.fail_nth = task_.fail_nth;
    run_.background = task_.background;
    run_.restore_seconds = guest_.restore_seconds();
    auto values = make_values(scenario_.values, seed);
    if (!values)
        return fail("exercise-data", fmt::format("scenario \"{}\": {}", scenario_.name, values.error().message),
                    "Correct the exercise's values.");
    run_.values = std::move(*values);
    mark_ = searched_ = guest_.console().size();
    const auto start = Clock::now();
    FERRULE_TRY_VOID(set_up());
    FERRULE_TRY_VOID(steps());
    if (loaded_ && !aftermath_.gone) aftermath_.force_unload(last_worker_, deadline(StepKind::unload), fail_nth_);
    aftermath_.look_around();
    aftermath_.hear_out(mark_);
    if (!run_.background.empty() || (counts_background_ && !aftermath_.gone))
        look_at_background(guest_, run_, aftermath_.gone ? kProbe : kHousekeeping);
    // Not by anything the guest can do: the host ran out of memory, or somebody ended QEMU.
    if (guest_.end() == vm::End::killed)
        return fail("guest-lost", fmt::format("QEMU ended in the middle of the scenario \"{}\"", scenario_.name),
                    "Try again; if it stays, look with dmesg whether the host is short of memory.");
    run_.end = end_word(guest_.end());
    run_.hardware_error = guest_.hardware_error();
    run_.files_open = open_files_ > 0 && !run_.unload_forced;
    run_.run_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return std::move(run_);
}

}  // namespace

bool left_as_found(const Run& run) {
    for (const StepObservation& seen : run.steps)
        if (!seen.lost.empty() && seen.lost != "unusable-value") return false;
    if (run.end != "running" || run.files_open || run.console_truncated || run.console_silent || !run.hang.empty())
        return false;
    if (!run.ledger_read || !run.ledger_complete || !run.live.empty() || !run.unreferenced.empty()) return false;
    if (!run.resources_read || !run.module_gone || run.debug_locks != "1") return false;
    if (run.resources_after != run.resources_before) return false;
    const std::vector<Splat> splats = parse_console(run.console);
    return std::all_of(splats.begin(), splats.end(),
                       [](const Splat& splat) { return splat.kind == "fault-injection"; });
}

bool ran_out_of_time(const Run& run) {
    return !run.hang.empty() || std::any_of(run.steps.begin(), run.steps.end(),
                                            [](const StepObservation& seen) { return seen.lost == "deadline"; });
}

const char* lost_word(vm::Lost lost) {
    switch (lost) {
        case vm::Lost::deadline: return "deadline";
        case vm::Lost::guest_ended: return "guest-ended";
        default: return "protocol";
    }
}

const char* end_word(vm::End end) {
    switch (end) {
        case vm::End::running: return "running";
        case vm::End::powered_off: return "powered-off";
        case vm::End::reset: return "reset";
        case vm::End::panicked: return "panicked";
        case vm::End::device_failed: return "device-failed";
        case vm::End::killed: break;
    }
    FERRULE_CHECK(!"a run with a killed machine is an error, not an observation");
}

Result<Run> run_scenario(Guest& guest, const RunCommon& common, const Scenario& scenario, const RunTask& task,
                         uint64_t seed) {
    return ScenarioRun(guest, common, scenario, task).go(seed);
}

}  // namespace ferrule::grader
