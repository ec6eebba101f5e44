#include "grader/exercise/scenario_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "grader/exercise/kernel_abi.hpp"
#include "grader/exercise/race_rules.hpp"
#include "grader/exercise/step_parser.hpp"

namespace ferrule::grader {
namespace {

// Appended to a scenario that leaves the module loaded: whatever it leaves behind then shows.
void finish(Scenario& scenario, const StepContext& context) {
    bool loaded = false, perhaps = false;  // perhaps: after a race nobody knows
    for (const Step& step : scenario.steps) {
        if (step.kind == StepKind::load && step.errors.empty()) loaded = true;
        if (step.kind == StepKind::unload && step.errors.empty()) loaded = perhaps = false;
        if (step.kind == StepKind::race && changes_what_is_loaded(step)) perhaps = true;
    }
    if (!loaded && !perhaps) return;
    close_open_files(scenario.steps, context, scenario.at);
    Step unload{StepKind::unload};
    unload.at = scenario.at;
    if (perhaps) unload.may = {"ENOENT"};
    scenario.steps.push_back(std::move(unload));
}

std::vector<ValueRule> parse_values(Problems& problems, const toml::table& table, Scope& scope) {
    std::vector<std::pair<const toml::key*, const toml::node*>> entries;
    for (const auto& [key, value] : table) entries.emplace_back(&key, &value);
    // toml++ sorts by name; a value may use those before it in the file.
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
        const auto& x = a.first->source().begin;
        const auto& y = b.first->source().begin;
        return std::pair(x.line, x.column) < std::pair(y.line, y.column);
    });
    std::vector<ValueRule> rules;
    for (const auto& [key, node] : entries) {
        const int line = line_of(*node);
        ValueRule rule{std::string(key->str()), {}, problems.at(line)};
        if (!is_value_name(rule.name))
            problems.add(line, fmt::format("found a value named \"{}\"; expected a name of [a-z0-9_], at most 32",
                                           rule.name.substr(0, 40)));
        if (const auto* integer = node->as_integer()) {
            rule.text = std::to_string(integer->get());
        } else if (const auto* text = node->as_string()) {
            rule.text = text->get();
        } else {
            problems.add(line,
                         fmt::format("found {} for value \"{}\"; expected an integer or a rule, as \"random 1..100\"",
                                     describe(*node), rule.name));
        }
        const auto is_bytes = check_value_rule(rule, scope);
        if (!is_bytes) problems.add(line, is_bytes.error());
        scope.emplace(rule.name, is_bytes.value_or(false));
        rules.push_back(std::move(rule));
    }
    return rules;
}

// Works a few challenges out on trial, so that "u8 $n" with n up to 300 is the author's mistake now and
// not a puzzle for a learner later. What needs a captured value can not be tried.
class Trial {
public:
    Trial(Problems& problems, const Values& values) : problems_(problems), values_(values) {}

    void step(const Step& step) {
        const bool wants_text = step.kind == StepKind::lseek;  // `argument` is a word there
        if (!step.argument.empty() && !wants_text) take(step.at.line, evaluate(step.argument, values_));
        if (!step.returns.empty()) take(step.at.line, evaluate(step.returns, values_));
        const StepRanges ranges = step_ranges(step.kind);
        range(step, "size", step.size, ranges.size);
        range(step, "offset", step.offset, ranges.offset);
        range(step, "count", step.count, ranges.count);
        if (step.kind == StepKind::race && !problems_.any()) check_race_sizes(problems_, step, values_);
        if (step.kind == StepKind::delay && !step.count.empty()) ascending(step);
        const auto in = data(step.in);
        const auto out = step.out ? data(*step.out) : std::nullopt;
        if (step.kind == StepKind::ioctl && out && in) {
            const size_t size = std::max<size_t>(in->bytes.size(), ioctl_size(*ioctl_number(step.cmd)));
            if (out->bytes.size() > size)
                problems_.add(
                    step.at.line,
                    fmt::format("found {} bytes of \"out\" for a buffer of {}; expected no more than the buffer holds",
                                out->bytes.size(), size));
        }
        for (const auto& lane : step.lanes)
            for (const Step& inner : lane) this->step(inner);
    }

private:
    template <class T>
    void take(int line, const Result<T>& result) {
        if (!result && result.error().code != "unknown-value") problems_.add(line, result.error());
    }
    void range(const Step& step, const char* key, const std::string& expression, NumberRange range) {
        if (expression.empty()) return;
        const auto value = evaluate(expression, values_);
        take(step.at.line, value);
        if (value && (*value < range.low || *value > range.high))
            problems_.add(step.at.line, fmt::format("found {} for \"{}\"; expected {} to {}", *value,
                                                    step.kind == StepKind::poll    ? "timeout"
                                                    : step.kind == StepKind::delay ? "delay"
                                                                                   : key,
                                                    range.low, range.high));
    }
    void ascending(const Step& step) {
        const auto low = evaluate(step.size, values_), high = evaluate(step.count, values_);
        if (low && high && *low > *high)
            problems_.add(step.at.line,
                          fmt::format("found a delay from {} to {}; expected the shorter one first", *low, *high));
    }
    std::optional<Expected> data(const DataRule& rule) {
        auto made = make_data(rule, values_);
        if (made) return std::move(*made);
        take(rule.front().at.line, made);
        return std::nullopt;
    }

    Problems& problems_;
    const Values& values_;
};

Scenario parse_scenario(Problems& problems, const toml::table& raw) {
    TomlTable table(problems, raw, "a scenario", {"name", "values", "deadline", "repeat", "kernels", "steps"});
    Scenario scenario;
    scenario.at = problems.at(table.line());
    scenario.name = table.text("name");
    if (scenario.name.empty() || scenario.name.size() > 80)
        problems.add(table.line("name"), "found a scenario without a good \"name\"; expected 1 to 80 characters");
    scenario.deadline_seconds = table.number("deadline", 0.1, 120, 10);
    scenario.repeat = static_cast<unsigned>(table.integer("repeat", 1, 64, 1));
    if (table.has("kernels")) {
        scenario.kernels = table.texts("kernels");
        if (scenario.kernels.empty() ||
            std::set<std::string>(scenario.kernels.begin(), scenario.kernels.end()).size() != scenario.kernels.size())
            problems.add(table.line("kernels"),
                         "found \"kernels\" of a scenario without a name in it or with one twice; expected "
                         "kernels = [\"mem\"]");
    }
    StepContext context;
    if (const toml::table* values = table.table("values"))
        scenario.values = parse_values(problems, *values, context.scope);
    const auto steps = table.tables("steps");
    if (steps.empty()) table.missing("steps", "at least { load = \"\" }");
    if (steps.size() > 64)
        problems.add(table.line("steps"), fmt::format("found {} steps; expected at most 64", steps.size()));
    bool loads = false;
    for (const toml::table* step : steps) {
        if (problems.any()) return scenario;
        auto parsed = parse_step(problems, *step, context);
        if (!parsed) return scenario;
        loads = loads || parsed->kind == StepKind::load;
        scenario.steps.push_back(std::move(*parsed));
    }
    if (!loads)
        problems.add(
            scenario.at.line,
            fmt::format("found no load step in scenario \"{}\"; expected one, as {{ load = \"\" }}", scenario.name));
    finish(scenario, context);
    for (uint64_t seed = 1; seed <= 16 && !problems.any(); ++seed) {
        const auto values = make_values(scenario.values, seed);
        if (!values) {
            problems.add(table.line("values"), values.error());
            break;
        }
        Trial trial(problems, *values);
        for (const Step& step : scenario.steps) trial.step(step);
    }
    return scenario;
}

}  // namespace

std::vector<Scenario> parse_scenarios(Problems& problems, const std::vector<const toml::table*>& tables) {
    std::vector<Scenario> scenarios;
    std::set<std::string> names;
    if (tables.size() > 64)
        problems.add(line_of(*tables[64]), fmt::format("found {} scenarios; expected at most 64", tables.size()));
    for (const toml::table* table : tables) {
        if (problems.any()) break;
        scenarios.push_back(parse_scenario(problems, *table));
        if (!names.insert(scenarios.back().name).second)
            problems.add(
                scenarios.back().at.line,
                fmt::format("found a second scenario named \"{}\"; expected each name once", scenarios.back().name));
    }
    return scenarios;
}

}  // namespace ferrule::grader
