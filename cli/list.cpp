#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"

namespace ferrule::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Row {
    grader::Language language;
    bool started;
    reader::ExerciseProgress progress;
};

Result<std::vector<Row>> rows_of(const grader::Exercise& exercise, const reader::Workspace& workspace,
                                 const reader::ProgressStore& store) {
    std::vector<Row> rows;
    for (const grader::Language language : exercise.languages) {
        FERRULE_TRY(auto progress, store.progress(exercise.id, grader::name(language)));
        rows.push_back({language, workspace.started(exercise, language), std::move(progress)});
    }
    return rows;
}

Json as_json(const Row& row) {
    return {{"started", row.started},
            {"attempts", row.progress.attempts},
            {"passed", row.progress.passed},
            {"last", row.progress.last.empty() ? Json() : Json(row.progress.last)},
            {"hints", row.progress.hints}};
}

std::string in_words(const Row& row) {
    const std::string state = reader::word_of(row.progress, row.started);
    return fmt::format("{:<4} {:<10}", grader::name(row.language), state.empty() ? "-" : state);
}

Result<int> list_ids() {
    FERRULE_TRY(const auto catalogue, load_course());
    for (const grader::Exercise* exercise : catalogue.exercises()) std::cout << exercise->id << "\n";
    return 0;
}

Result<int> list(bool json) {
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    const reader::Workspace workspace(reader::Workspace::default_root());
    Json parts = Json::array();
    std::string text;
    int total = 0, passed = 0;
    for (const auto& part : catalogue.parts) {
        text += fmt::format("{}{}\n", text.empty() ? "" : "\n", part.title);
        Json lessons = Json::array();
        for (const auto& lesson : part.lessons) {
            text += fmt::format("  {}\n", lesson.title);
            Json exercises = Json::array();
            for (const auto& exercise : lesson.exercises) {
                FERRULE_TRY(const auto rows, rows_of(exercise, workspace, store));
                Json languages = Json::array(), progress = Json::object();
                std::string states;
                bool any = false;
                for (const Row& row : rows) {
                    languages.push_back(grader::name(row.language));
                    progress[grader::name(row.language)] = as_json(row);
                    states += "  " + in_words(row);
                    any = any || row.progress.passed;
                }
                ++total;
                passed += any ? 1 : 0;
                while (!states.empty() && states.back() == ' ') states.pop_back();
                text += fmt::format("    [{}] {:<24} {:>3} min {}\n", any ? 'x' : ' ', exercise.id, exercise.minutes,
                                    states);
                exercises.push_back({{"id", exercise.id},
                                     {"title", exercise.title},
                                     {"minutes", exercise.minutes},
                                     {"languages", languages},
                                     {"progress", progress}});
            }
            lessons.push_back({{"id", lesson.id}, {"title", lesson.title}, {"exercises", exercises}});
        }
        parts.push_back({{"id", part.id}, {"title", part.title}, {"lessons", lessons}});
    }
    if (json)
        std::cout << Json{{"format", 1}, {"parts", parts}}.dump(2) << "\n";
    else
        std::cout << text
                  << fmt::format("\n{} of {} passed. Next: ferrule learn, or ferrule start EXERCISE\n", passed, total);
    return 0;
}

}  // namespace

void add_list(CLI::App& app, Invocation& invocation) {
    auto json = std::make_shared<bool>(false), ids = std::make_shared<bool>(false);
    CLI::App* command = app.add_subcommand("list", "parts, lessons and exercises with your progress");
    command->add_flag("--json", *json, "one JSON object");
    command->add_flag("--ids", *ids, "the exercises' ids alone, one a line");
    command->callback([json, ids, &invocation] {
        invocation.action = [json, ids] { return *ids ? list_ids() : list(*json); };
        if (*json) invocation.error_json = error_object;
    });
}

}  // namespace ferrule::cli
