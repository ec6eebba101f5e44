// Hints answer what the last verdict found, one step at a time.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"

namespace ferrule::cli {

namespace {

struct Found {
    std::string finding_class, title, file;
    int line = 0;
};

// The database is ours, but an older or a damaged one must not bring us down.
std::vector<Found> findings_of(const reader::Attempt& attempt) {
    std::vector<Found> found;
    const auto json = nlohmann::json::parse(attempt.findings, nullptr, false);
    if (!json.is_array()) return found;
    for (const auto& one : json) {
        if (!one.is_object()) continue;
        const auto text = [&](const char* key) {
            return one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : std::string();
        };
        Found entry{text("class"), text("title"), text("file"), 0};
        if (one.contains("line") && one["line"].is_number_integer()) entry.line = one["line"].get<int>();
        found.push_back(std::move(entry));
    }
    return found;
}

const grader::Hint* hint_for(const grader::Exercise& exercise, const std::string& finding_class) {
    for (const grader::Hint& hint : exercise.hints)
        if (hint.finding_class == finding_class && !hint.steps.empty()) return &hint;
    return nullptr;
}

Result<int> hint(const std::string& id, const std::string& asked) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const grader::Exercise& exercise = *chosen.exercise;
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(exercise, asked, workspace));
    FERRULE_TRY(auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    FERRULE_TRY(const auto attempt, store.last_attempt(exercise.id, grader::name(language)));
    if (attempt.exercise.empty()) {
        std::cout << fmt::format("Hints answer what grading finds. First: ferrule grade {} --lang {}\n", exercise.id,
                                 grader::name(language));
        return 0;
    }
    if (attempt.verdict == "pass") {
        std::cout << fmt::format(
            "It passed: there is nothing to hint at. The reference: ferrule solution {} --lang {}\n", exercise.id,
            grader::name(language));
        return 0;
    }
    const auto found = findings_of(attempt);
    // The first finding that has a hint: the first one is the cause more often than not.
    const Found* about = nullptr;
    const grader::Hint* steps = nullptr;
    for (const Found& one : found)
        if (!steps && (steps = hint_for(exercise, one.finding_class))) about = &one;
    if (!steps) {
        std::cout << fmt::format("There is no hint for this finding ({}). The lesson: ferrule learn {}\n",
                                 found.empty() ? "none" : found.front().finding_class, exercise.id);
        return 0;
    }
    FERRULE_TRY(const int before, store.hints_shown(exercise.id, grader::name(language), about->finding_class));
    const int count = static_cast<int>(steps->steps.size());
    const int now = std::min(before + 1, count);
    FERRULE_TRY_VOID(store.set_hints_shown(exercise.id, grader::name(language), about->finding_class, now));
    std::cout << about->finding_class;
    if (about->line > 0) std::cout << fmt::format(" at {}:{}", about->file, about->line);
    std::cout << ": " << about->title << "\n";
    for (int i = 0; i < now; ++i)
        std::cout << fmt::format("  {} of {}  {}\n", i + 1, count, steps->steps[static_cast<size_t>(i)]);
    if (before >= count)
        std::cout << fmt::format("That is all of them. The reference: ferrule solution {} --lang {}\n", exercise.id,
                                 grader::name(language));
    return 0;
}

}  // namespace

void add_hint(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string id, language;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("hint", "the next hint for what the last verdict found");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    add_language_option(*command, options->language);
    command->callback(
        [options, &invocation] { invocation.action = [options] { return hint(options->id, options->language); }; });
}

}  // namespace ferrule::cli
