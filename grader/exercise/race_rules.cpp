#include "grader/exercise/race_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace ferrule::grader {
namespace {

template <class F>
void each_step(const Step& race, F f) {
    for (const auto& lane : race.lanes)
        for (const Step& step : lane) f(step);
}

}  // namespace

std::vector<std::string> shared_buffers(const Step& race) {
    std::set<std::string> names;
    each_step(race, [&](const Step& step) {
        if (!step.shared.empty()) names.insert(step.shared);
    });
    return {names.begin(), names.end()};
}

bool changes_what_is_loaded(const Step& race) {
    bool found = false;
    each_step(race,
              [&](const Step& step) { found = found || step.kind == StepKind::load || step.kind == StepKind::unload; });
    return found;
}

void check_race(Problems& problems, const Step& race) {
    std::set<std::string> used;
    each_step(race, [&](const Step& step) {
        if (!step.shared.empty() && step.kind != StepKind::poke) used.insert(step.shared);
        if (!step.shared.empty() && !is_value_name(step.shared))
            problems.add(step.at.line, fmt::format("found a shared buffer named \"{}\"; expected a name of [a-z0-9_]",
                                                   step.shared.substr(0, 40)));
    });
    if (used.size() > kSharedMax)
        problems.add(race.at.line,
                     fmt::format("found {} shared buffers in a race; expected at most {}", used.size(), kSharedMax));
    each_step(race, [&](const Step& step) {
        if (step.kind == StepKind::poke && !used.contains(step.shared))
            problems.add(step.at.line, fmt::format("found poke = \"{}\"; expected a buffer that an ioctl or a write of "
                                                   "the race has with shared = \"{}\"",
                                                   step.shared.substr(0, 40), step.shared.substr(0, 40)));
    });
    for (const auto& lane : race.lanes) {
        std::set<std::string> files;
        for (const Step& step : lane)
            if (step.kind == StepKind::open) files.insert(step.as);
        if (files.size() + lane.size() > kRaceCallsMax)
            problems.add(race.at.line, fmt::format("found a race's list that is too long; expected at most {} steps",
                                                   kRaceCallsMax / 2));
    }
}

void check_race_sizes(Problems& problems, const Step& race, const Values& values) {
    std::map<std::string, size_t> sizes;
    const auto length = [&](const DataRule& rule) {
        const auto made = make_data(rule, values);
        return made ? made->bytes.size() : 0;  // what is wrong with it is told of the step itself
    };
    for (const auto& lane : race.lanes) {
        size_t total = 0;
        for (const Step& step : lane) {
            size_t in = length(step.in);
            if (step.kind == StepKind::ioctl && step.argument.empty())
                in = std::max<size_t>(in, ioctl_size(*ioctl_number(step.cmd)));
            total += in + (step.out ? 2 * length(*step.out) : 0);
            if (step.shared.empty() || step.kind == StepKind::poke) continue;
            const auto [known, fresh] = sizes.emplace(step.shared, in);
            if (!fresh) known->second = std::min(known->second, in);
            if (in > kSharedSizeMax || !step.count.empty())
                problems.add(step.at.line, fmt::format("found a shared buffer of {} bytes, or with \"count\"; expected "
                                                       "at most {} and no count",
                                                       in, kSharedSizeMax));
        }
        if (total > kRaceDataMax)
            problems.add(race.at.line, fmt::format("found {} bytes of data in a race's list; expected at most {}",
                                                   total, kRaceDataMax));
    }
    each_step(race, [&](const Step& step) {
        if (step.kind != StepKind::poke) return;
        const auto offset = step.offset.empty() ? Result<int64_t>(0) : evaluate(step.offset, values);
        const auto size = static_cast<int64_t>(sizes[step.shared]), in = static_cast<int64_t>(length(step.in));
        if (offset && (*offset < 0 || in > size || *offset > size - in))
            problems.add(step.at.line, fmt::format("found a poke at byte {} of {} bytes into a buffer of {}; expected "
                                                   "bytes that lie in it",
                                                   *offset, in, size));
    });
}

}  // namespace ferrule::grader
