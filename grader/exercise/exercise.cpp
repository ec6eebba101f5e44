#include "grader/exercise/exercise.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "grader/classes.hpp"
#include "grader/exercise/clients.hpp"
#include "grader/exercise/scenario_parser.hpp"

namespace ferrule::grader {
namespace {

constexpr uint64_t kFileCap = 1u << 20;

bool all_of(std::string_view text, std::string_view allowed) {
    return text.find_first_not_of(allowed) == std::string_view::npos;
}
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kSlug = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kWord = "abcdefghijklmnopqrstuvwxyz0123456789_";

std::string need(TomlTable& table, const char* key, const char* expected) {
    if (!table.has(key)) table.missing(key, expected);
    return table.text(key);
}

void parse_head(TomlTable& table, Exercise& exercise) {
    Problems& problems = table.problems();
    if (!table.has("format")) table.missing("format", "format = 1");
    table.integer("format", 1, 1, 1);
    exercise.id = need(table, "id", "id = \"leaky-slots\"");
    if (exercise.id.empty() || exercise.id.size() > 64 || exercise.id[0] == '-' || !all_of(exercise.id, kSlug))
        problems.add(table.line("id"),
                     fmt::format("found id = \"{}\"; expected 1 to 64 of a-z, 0-9 and -", exercise.id.substr(0, 70)));
    exercise.title = need(table, "title", "one line for the list");
    if (exercise.title.empty() || exercise.title.size() > 100)
        problems.add(table.line("title"), "found a title that is empty or long; expected 1 to 100 characters");
    if (!table.has("languages")) table.missing("languages", "languages = [\"c\", \"rust\"]");
    const auto languages = table.texts("languages");
    const auto places = table.places("languages");
    for (size_t i = 0; i < languages.size(); ++i) {
        const auto language = language_from(languages[i]);
        if (!language ||
            std::find(exercise.languages.begin(), exercise.languages.end(), *language) != exercise.languages.end())
            problems.add(places[i].line, fmt::format("found \"{}\" in \"languages\"; expected c and rust, each once",
                                                     languages[i].substr(0, 40)));
        else
            exercise.languages.push_back(*language);
    }
    if (exercise.languages.empty())
        problems.add(table.line("languages"), "found no language; expected languages = [\"c\", \"rust\"]");
    if (!table.has("minutes")) table.missing("minutes", "how long a learner needs, minutes = 20");
    exercise.minutes = static_cast<int>(table.integer("minutes", 1, 600, 1));
    exercise.module = need(table, "module", "the module's name, module = \"slots\"");
    if (exercise.module.empty() || exercise.module.size() > 32 || !all_of(exercise.module.substr(0, 1), kLower) ||
        !all_of(exercise.module, kWord))
        problems.add(table.line("module"),
                     fmt::format("found module = \"{}\"; expected [a-z][a-z0-9_]*, at most 32 characters",
                                 exercise.module.substr(0, 40)));
    exercise.kernels = table.has("kernels") ? table.texts("kernels") : std::vector<std::string>{"mem"};
    std::set<std::string> seen;
    for (const std::string& kernel : exercise.kernels)
        if (kernel.empty() || !all_of(kernel, kWord) || !seen.insert(kernel).second)
            problems.add(table.line("kernels"),
                         fmt::format("found \"{}\" in \"kernels\"; expected names of kernel variants, each once",
                                     kernel.substr(0, 40)));
    if (exercise.kernels.empty()) problems.add(table.line("kernels"), "found no kernel; expected kernels = [\"mem\"]");
}

void parse_rules(TomlTable& table, Exercise& exercise) {
    Problems& problems = table.problems();
    if (const toml::table* imports = table.table("imports")) {
        for (const auto& [key, value] : *imports) {
            const std::string symbol(key.str());
            const auto* why = value.as_string();
            if (!why || why->get().empty())
                problems.add(line_of(value),
                             fmt::format("found {} for \"{}\" in [imports]; expected a sentence that says why",
                                         describe(value), symbol));
            const std::string name = symbol.substr(0, symbol.find('*'));
            if (symbol.size() > 128 || symbol.size() - name.size() > 1 || name.empty() ||
                name.find_first_of(" \t\"'/") != std::string::npos)
                problems.add(
                    line_of(value),
                    fmt::format("found \"{}\" in [imports]; expected a symbol's name, or its beginning and one *",
                                symbol.substr(0, 60)));
            if (why) exercise.forbidden_imports.push_back({symbol, why->get()});
        }
    }
    if (const toml::table* raw = table.table("unsafe")) {
        TomlTable rules(problems, *raw, "[unsafe]", {"budget"});
        if (!rules.has("budget")) rules.missing("budget", "budget = 0");
        exercise.unsafe_budget = static_cast<int>(rules.integer("budget", 0, 1000, 0));
    }
    for (const toml::table* raw : table.tables("hint")) {
        TomlTable hint(problems, *raw, "a hint", {"class", "steps"});
        Hint parsed{need(hint, "class", "the class of a finding"), hint.texts("steps")};
        if (!is_finding_class(parsed.finding_class))
            problems.add(hint.line("class"), fmt::format("found class \"{}\"; expected a class of findings{}",
                                                         parsed.finding_class.substr(0, 40),
                                                         did_you_mean(parsed.finding_class, finding_classes())));
        if (parsed.steps.empty()) hint.missing("steps", "one sentence or more, in the order in which they are shown");
        for (const Hint& other : exercise.hints)
            if (other.finding_class == parsed.finding_class)
                problems.add(hint.line(), fmt::format("found a second hint for \"{}\"; expected one, with more steps",
                                                      parsed.finding_class));
        exercise.hints.push_back(std::move(parsed));
    }
}

void collect_programs(const std::vector<Step>& steps, std::vector<const Step*>& out) {
    for (const Step& step : steps) {
        if (step.kind == StepKind::program) out.push_back(&step);
        for (const auto& lane : step.lanes) collect_programs(lane, out);
    }
}

std::vector<const Step*> programs(const std::vector<Scenario>& scenarios) {
    std::vector<const Step*> out;
    for (const Scenario& scenario : scenarios) collect_programs(scenario.steps, out);
    return out;
}

Result<void> check_programs(const std::vector<Scenario>& scenarios, const fs::path& folder) {
    for (const Step* step : programs(scenarios)) {
        std::error_code ignored;
        if (fs::is_regular_file(fs::symlink_status(folder / step->file_name, ignored))) continue;
        Problems problems(step->at.file);
        problems.add(step->at.line, fmt::format("found program = \"{}\", and no such file; expected it below {}",
                                                step->file_name, folder.string()));
        return problems.error();
    }
    return {};
}

// A scenario that names no kernel runs on the exercise's first.
void parse_kernels(TomlTable& table, Exercise& exercise) {
    Problems& problems = table.problems();
    std::set<std::string> used;
    for (Scenario& scenario : exercise.scenarios) {
        if (scenario.kernels.empty() && !exercise.kernels.empty()) scenario.kernels = {exercise.kernels.front()};
        for (const std::string& kernel : scenario.kernels) {
            if (std::find(exercise.kernels.begin(), exercise.kernels.end(), kernel) == exercise.kernels.end())
                problems.add(scenario.at.line,
                             fmt::format("found kernel \"{}\" in scenario \"{}\"; expected one of the exercise's "
                                         "\"kernels\"{}",
                                         kernel.substr(0, 40), scenario.name, did_you_mean(kernel, exercise.kernels)));
            used.insert(kernel);
        }
    }
    for (const std::string& kernel : exercise.kernels)
        if (!exercise.scenarios.empty() && !used.contains(kernel))
            problems.add(table.line("kernels"),
                         fmt::format("found kernel \"{0}\", on which no scenario runs; expected a scenario with "
                                     "kernels = [\"{0}\"]",
                                     kernel.substr(0, 40)));
}

int languages_line(std::string_view text) {
    int line = 1;
    for (size_t at = 0; at < text.size(); ++line) {
        const size_t end = std::min(text.find('\n', at), text.size());
        if (text.substr(at, end - at).starts_with("languages")) return line;
        at = end + 1;
    }
    return 1;
}

}  // namespace

Result<Exercise> parse_exercise(std::string_view text, const fs::path& file) {
    FERRULE_TRY(const toml::table root, parse_toml(text, file));
    Problems problems(file);
    TomlTable table(problems, root, "the exercise",
                    {"format", "id", "title", "languages", "minutes", "module", "kernels", "imports", "unsafe", "hint",
                     "scenario"});
    Exercise exercise;
    parse_head(table, exercise);
    parse_rules(table, exercise);
    exercise.scenarios = parse_scenarios(problems, table.tables("scenario"));
    parse_kernels(table, exercise);
    if (exercise.scenarios.empty()) table.missing("scenario", "one [[scenario]] or more");
    if (problems.any()) return problems.error();
    return exercise;
}

namespace {

Result<Exercise> load(const fs::path& folder, bool corpus) {
    const fs::path file = folder / "exercise.toml";
    FERRULE_TRY(const std::string text, read_file(file, kFileCap));
    FERRULE_TRY(Exercise exercise, parse_exercise(text, file));
    std::error_code failed;
    exercise.folder = fs::canonical(folder, failed);
    if (failed) return tl::unexpected(system_error("cannot resolve", folder, failed.value()));
    exercise.corpus = corpus;
    const fs::path lesson = exercise.folder.parent_path();
    if (!corpus) exercise.lesson = lesson.parent_path().filename().string() + "/" + lesson.filename().string();
    for (const Language language : exercise.languages) {
        std::vector<fs::path> needed = {exercise.solution(language)};
        if (!corpus) needed.push_back(exercise.starter(language));
        for (const fs::path& path : needed) {
            if (fs::is_directory(path, failed)) continue;
            Problems problems(file);
            problems.add(languages_line(text),
                         fmt::format("found \"{}\" in \"languages\" and no folder {}; expected it beside exercise.toml",
                                     name(language), path.lexically_relative(exercise.folder).string()));
            return problems.error();
        }
    }
    FERRULE_TRY_VOID(check_programs(exercise.scenarios, exercise.folder));
    Hash hash;
    hash.add(text);
    for (const Step* step : programs(exercise.scenarios))
        FERRULE_TRY_VOID(hash.add_file(exercise.folder / step->file_name));
    FERRULE_TRY(exercise.clients, load_clients(exercise.folder));
    for (const Client& client : exercise.clients) {
        hash.add(client.name)
            .add(client.text)
            .add(client.note)
            .add(client.blames)
            .add(client.runs ? "runs" : "refused");
        for (const std::string& code : client.errors) hash.add(code);
    }
    exercise.source_hash = hash.hex();
    return exercise;
}

}  // namespace

Result<Exercise> load_exercise(const fs::path& folder) { return load(folder, false); }
Result<Exercise> load_corpus_exercise(const fs::path& folder) { return load(folder, true); }

Result<std::vector<Scenario>> load_scenarios(const fs::path& file, std::string* source_hash) {
    FERRULE_TRY(const std::string text, read_file(file, kFileCap));
    if (source_hash != nullptr) *source_hash = Hash().add(text).hex();
    FERRULE_TRY(const toml::table root, parse_toml(text, file));
    Problems problems(file);
    TomlTable table(problems, root, "a scenario file", {"scenario"});
    auto scenarios = parse_scenarios(problems, table.tables("scenario"));
    if (scenarios.empty()) table.missing("scenario", "one [[scenario]] or more");
    if (problems.any()) return problems.error();
    FERRULE_TRY_VOID(check_programs(scenarios, fs::absolute(file).parent_path()));
    return scenarios;
}

fs::path Exercise::starter(Language language) const { return folder / name(language) / "starter"; }
fs::path Exercise::solution(Language language) const { return folder / name(language) / "solution"; }

std::vector<fs::path> Exercise::variants(Language language) const {
    std::vector<fs::path> out;
    std::error_code failed;
    for (fs::directory_iterator it(folder / name(language) / "variants", failed), end; !failed && it != end;
         it.increment(failed))
        out.push_back(it->path());
    std::sort(out.begin(), out.end());
    return out;
}

const char* name(Language language) { return language == Language::c ? "c" : "rust"; }

std::optional<Language> language_from(std::string_view name) {
    if (name == "c") return Language::c;
    if (name == "rust") return Language::rust;
    return std::nullopt;
}

}  // namespace ferrule::grader
