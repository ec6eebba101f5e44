#include "grader/run/race_program.hpp"

#include <algorithm>
#include <cstring>

#include "grader/exercise/kernel_abi.hpp"
#include "grader/exercise/race_rules.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

static_assert(kRaceCallsMax == FERRULE_RACE_CALLS && kSharedMax == FERRULE_RACE_SHARED &&
              kMayMax == FERRULE_RACE_ERRORS && kSharedSizeMax + kIoctlGuard <= FERRULE_RACE_SHARED_SIZE);
static_assert(sizeof(ferrule_race) == 32 && sizeof(ferrule_race_call) == 56 && sizeof(ferrule_tally) == 184,
              "the protocol has no padding");

template <class T>
void append(std::string& out, const T& part) {
    out.append(reinterpret_cast<const char*>(&part), sizeof part);
}

size_t padded(size_t length) { return (length + 7) & ~size_t{7}; }

class ListWriter {
public:
    ListWriter(const Step& race, size_t lane, const Values& values, const RacePlace& place)
        : race_(race), steps_(race.lanes[lane]), values_(values), place_(place), shared_(shared_buffers(race)) {
        program_.lane = lane;
    }

    RaceProgram run() {
        std::string calls;
        for (size_t index = 0; index < steps_.size(); ++index) {
            std::string mask;
            const auto call = this->call(steps_[index], mask);
            if (!call) continue;
            append(calls, call->head);
            const size_t before = calls.size();
            calls += call->text;
            calls += call->data;
            calls += mask;
            calls.resize(before + padded(calls.size() - before));
            program_.calls.push_back({index, mask.size()});
        }
        ferrule_race head = {};
        head.seed = place_.seed;
        head.lane = static_cast<uint32_t>(program_.lane);
        head.lanes = static_cast<uint32_t>(race_.lanes.size());
        head.rounds = race_.rounds;
        head.milliseconds = place_.milliseconds;
        head.calls = static_cast<uint32_t>(program_.calls.size());
        program_.request.op = FERRULE_RACE;
        program_.request.worker = race_worker(program_.lane);
        append(program_.request.data, head);
        program_.request.data += calls;
        FERRULE_CHECK(program_.request.data.size() <= FERRULE_DATA_MAX);
        return std::move(program_);
    }

private:
    struct Call {
        ferrule_race_call head;
        std::string text, data;
    };

    // A file's slot in this worker: one for each name, its own and those of the main sequence.
    unsigned slot_of(const std::string& name) {
        return slots_.emplace(name, static_cast<unsigned>(slots_.size())).first->second;
    }

    std::optional<Call> call(const Step& step, std::string& mask) {
        StepPlace place{place_.module, place_.module_path, {}, 0, 0, 0, 0};
        ferrule_race_call head = {};
        if (step.kind == StepKind::open && !step.as.empty()) {
            own_.insert(step.as);
            place.slot = slot_of(step.as);
        } else if (step.kind == StepKind::open) {
            place.slot = slot_of("");
        } else if (!step.target.empty() && step.kind != StepKind::load && step.kind != StepKind::read_file &&
                   step.kind != StepKind::write_file) {
            place.slot = slot_of(step.target);
            if (!own_.contains(step.target)) {
                const auto file = place_.files.find(step.target);
                if (file == place_.files.end() || !file->second) return std::nullopt;
                head.borrowed = static_cast<uint16_t>(1 + *file->second);
            }
        }
        if (place.slot >= FERRULE_SLOTS) return std::nullopt;
        auto made = make_request(step, values_, place);
        if (!made) return std::nullopt;
        if (step.out) {
            const auto out = make_data(*step.out, values_);
            if (!out) return std::nullopt;
            mask = out->mask;
            mask.resize(out->bytes.size(), '\1');
        }
        const vm::Request& request = made->request;
        head.op = static_cast<uint16_t>(request.op);
        head.slot = static_cast<uint16_t>(request.slot);
        head.times = step.times;
        head.text_len = static_cast<uint32_t>(request.text.size());
        head.data_len = static_cast<uint32_t>(request.data.size());
        head.mask_len = static_cast<uint32_t>(mask.size());
        head.a = request.a;
        head.b = request.b;
        head.c = request.c;
        if (!step.shared.empty()) {
            const auto at = std::find(shared_.begin(), shared_.end(), step.shared);
            const auto number = static_cast<uint16_t>(1 + (at - shared_.begin()));
            if (step.kind == StepKind::poke)
                head.c = number;
            else
                head.shared = number;
        }
        return Call{head, request.text, request.data};
    }

    const Step& race_;
    const std::vector<Step>& steps_;
    const Values& values_;
    const RacePlace& place_;
    const std::vector<std::string> shared_;
    std::map<std::string, unsigned> slots_;
    std::set<std::string> own_;
    RaceProgram program_;
};

// A count from the guest is a number of calls, no more; one that contradicts the others says nothing good of it.
bool read_tally(const ferrule_tally& from, std::string_view kept, size_t bytes, RaceTally& to) {
    to.made = from.made;
    to.skipped = from.skipped;
    to.good = from.good;
    to.overruns = from.overruns;
    to.overrun = from.overrun;
    to.other_errors = from.other_errors;
    to.other_values = from.other_values;
    to.other_outs = from.other_outs;
    int64_t failed = from.other_errors, succeeded = from.other_values, answered = from.other_outs;
    for (const auto& entry : from.errors) {
        if (entry.count == 0) continue;
        if (entry.error <= 0 || entry.error > 4095) return false;
        to.errors.push_back({entry.error, entry.count});
        failed += entry.count;
    }
    for (const auto& entry : from.values) {
        if (entry.count == 0) continue;
        to.values.push_back({entry.value, entry.count, entry.round});
        succeeded += entry.count;
    }
    for (size_t i = 0; i < FERRULE_RACE_OUTS; ++i) {
        const auto& entry = from.outs[i];
        if (entry.count == 0) continue;
        const std::string_view all = kept.substr(i * padded(bytes), bytes);
        to.outs.push_back({std::string(all.substr(0, entry.length)), entry.length, entry.count});
        answered += entry.count;
    }
    return failed + to.good == to.made && succeeded <= to.good && answered <= to.good && to.overruns <= to.made &&
           to.overrun >= 0 && to.overrun <= FERRULE_DATA_MAX && (to.overrun > 0) == (to.overruns > 0);
}

}  // namespace

RaceProgram make_race_program(const Step& race, size_t lane, const Values& values, const RacePlace& place) {
    return ListWriter(race, lane, values, place).run();
}

std::optional<std::vector<RaceTally>> parse_tallies(const RaceProgram& program, std::string_view data) {
    std::vector<RaceTally> out;
    for (const auto& call : program.calls) {
        const size_t kept = FERRULE_RACE_OUTS * padded(call.kept);
        ferrule_tally tally;
        if (data.size() < sizeof tally + kept) return std::nullopt;
        std::memcpy(&tally, data.data(), sizeof tally);
        data.remove_prefix(sizeof tally);
        if (!read_tally(tally, data.substr(0, kept), call.kept, out.emplace_back())) return std::nullopt;
        data.remove_prefix(kept);
    }
    if (!data.empty()) return std::nullopt;
    return out;
}

size_t last_step(const RaceProgram& program, std::string_view data) {
    ferrule_race_end end = {};
    if (data.size() >= sizeof end) std::memcpy(&end, data.data(), sizeof end);
    return program.calls.empty() ? 0 : program.calls[std::min<size_t>(end.call, program.calls.size() - 1)].step;
}

}  // namespace ferrule::grader
