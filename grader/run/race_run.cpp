// Theory of operation. The guest races on its own; the host waits and listens to the console. A report with the module
// in it ends a race of so many seconds: what has been found need not be found again, and a flood of reports would only
// take time. So does the deadline; a list that then does not come to its end hangs in a call.
#include "grader/run/race_run.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grader/console/console.hpp"

namespace ferrule::grader {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kListen{100};
constexpr size_t kEnoughRaces = 16;
constexpr int kMostDeadlines = 20;  // a list of many rounds on a slow host

// Has the kernel said enough about the module? One report breaks memory, or says what a lock is used for; of data races
// each names two accesses out of several, and which line is to blame shows when many were seen.
bool said_enough(std::string_view news, const std::string& module) {
    // Cheap first: most of the time nothing is said.
    if (news.find(" [" + module + "]") == std::string_view::npos) return false;
    size_t races = 0;
    for (const Splat& splat : parse_console(news)) {
        if (splat.kind == "fault-injection" || splat.text.find("[" + module + "]") == std::string::npos) continue;
        if (splat.kind != "kcsan" || ++races == kEnoughRaces) return true;
    }
    return false;
}

class Race {
public:
    Race(Guest& guest, Run& run, Aftermath& aftermath, const Step& race, int index, const RacePlace& place,
         const RaceLimits& limits)
        : guest_(guest),
          run_(run),
          aftermath_(aftermath),
          race_(race),
          index_(index),
          place_(place),
          limits_(limits),
          mark_(guest.console().size()) {}

    RaceOutcome go() {
        for (size_t lane = 0; lane < race_.lanes.size(); ++lane) {
            lanes_.push_back({make_race_program(race_, lane, run_.values, place_)});
            Lane& made = lanes_.back();
            if (const auto id = guest_.send(made.program.request); id)
                made.id = *id;
            else
                made.lost = lost_word(id.error());
        }
        collect();
        std::string where;
        if (waiting()) {
            where = positions(true);
            wait(limits_.grace);
        }
        for (Lane& lane : lanes_) note(lane, where);
        return outcome_;
    }

private:
    struct Lane {
        RaceProgram program;
        uint32_t id = 0;
        std::string lost = {};
        std::optional<vm::Reply> reply = {};
    };

    bool waiting() const {
        return std::any_of(lanes_.begin(), lanes_.end(),
                           [](const Lane& lane) { return !lane.reply && lane.lost.empty(); });
    }

    // Until all have answered, at most so long. One slice is for whoever comes first.
    void wait(milliseconds limit) {
        const auto end = Clock::now() + limit;
        for (Lane& lane : lanes_) {
            if (lane.reply || !lane.lost.empty()) continue;
            const auto left = std::chrono::duration_cast<milliseconds>(end - Clock::now());
            auto reply = guest_.receive(lane.id, std::max(left, milliseconds(0)), true);
            if (reply)
                lane.reply = std::move(*reply);
            else if (reply.error() != vm::Lost::deadline)
                lane.lost = lost_word(reply.error());
        }
    }

    void collect() {
        auto end = Clock::now() + limits_.deadline;
        std::string before;
        int deadlines = 1;
        bool told = false;
        while (waiting() && !limits_.cancelled()) {
            if (Clock::now() >= end) {
                const std::string now = told ? before : positions(false);
                if (now == before || ++deadlines > kMostDeadlines) return;
                before = now;
                end += limits_.deadline;
            }
            wait(std::min(kListen, std::chrono::duration_cast<milliseconds>(end - Clock::now()) + milliseconds(1)));
            // So many rounds were asked for, and what comes of them is judged.
            if (told || race_.rounds > 0 || !waiting()) continue;
            const std::string& console = guest_.console();
            if (!said_enough(std::string_view(console).substr(std::min(mark_, console.size())), place_.module))
                continue;
            told = true;
            positions(true);
            end = std::min(end, Clock::now() + limits_.after_report);
        }
    }

    // Where each worker is, as it says.
    std::string positions(bool stop) {
        vm::Request ask{FERRULE_STOP};
        ask.a = stop ? 0 : 1;
        const auto reply = guest_.call(ask, kProbe);
        return reply && reply->error == 0 ? reply->data : std::string();
    }

    StepObservation observation(const Lane& lane, size_t step) const {
        StepObservation seen;
        seen.step = index_;
        seen.lane = static_cast<int>(lane.program.lane);
        seen.lane_step = static_cast<int>(step);
        return seen;
    }

    void note(Lane& lane, std::string_view positions) {
        const auto& steps = race_.lanes[lane.program.lane];
        const unsigned worker = race_worker(lane.program.lane);
        size_t at = last_step(lane.program, {});
        std::optional<std::vector<RaceTally>> tallies;
        if (!lane.reply && lane.lost.empty()) {
            lane.lost = "deadline";
            const size_t offset = worker * sizeof(ferrule_race_end);
            at = last_step(lane.program, positions.size() > offset ? positions.substr(offset) : "");
        } else if (lane.reply && (lane.reply->flags & FERRULE_WORKER_DIED) != 0) {
            lane.lost = "worker-died";
            at = last_step(lane.program, lane.reply->data);
        } else if (lane.reply) {
            // An agent that cannot run its own program, or does not answer with its tallies, is none any more.
            if (lane.reply->error == 0) tallies = parse_tallies(lane.program, lane.reply->data);
            if (!tallies) lane.lost = "protocol";
        }
        for (size_t step = 0; step < steps.size(); ++step) {
            StepObservation seen = observation(lane, step);
            const auto call = std::find_if(lane.program.calls.begin(), lane.program.calls.end(),
                                           [&](const auto& made) { return made.step == step; });
            if (tallies && call != lane.program.calls.end()) {
                RaceTally& tally = (*tallies)[static_cast<size_t>(call - lane.program.calls.begin())];
                seen.attempted = tally.made > 0;
                count_loads(steps[step], tally);
                if (seen.attempted) seen.race.push_back(std::move(tally));
            } else if (!lane.lost.empty() && step == at) {
                seen.attempted = true;
                seen.lost = lane.lost;
            }
            if (!tallies && (steps[step].kind == StepKind::load || steps[step].kind == StepKind::unload))
                outcome_.loading_unknown = true;
            run_.steps.push_back(std::move(seen));
        }
        if (lane.lost == "worker-died") {
            outcome_.died = true;
            aftermath_.died = true;
        } else if (!lane.lost.empty()) {
            aftermath_.gone = true;
        }
        if (!lane.lost.empty()) outcome_.go_on = false;
        if (lane.lost == "deadline") aftermath_.look_at_hang(worker, fmt::format("worker {}", worker));
    }

    void count_loads(const Step& step, const RaceTally& tally) {
        if (step.kind == StepKind::load) outcome_.loads += tally.good;
        if (step.kind == StepKind::unload) outcome_.unloads += tally.good;
    }

    Guest& guest_;
    Run& run_;
    Aftermath& aftermath_;
    const Step& race_;
    const int index_;
    const RacePlace& place_;
    const RaceLimits& limits_;
    const size_t mark_;
    std::vector<Lane> lanes_;
    RaceOutcome outcome_;
};

}  // namespace

RaceOutcome run_race(Guest& guest, Run& run, Aftermath& aftermath, const Step& race, int index, const RacePlace& place,
                     const RaceLimits& limits) {
    return Race(guest, run, aftermath, race, index, place, limits).go();
}

}  // namespace ferrule::grader
