#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "lessons/reader/compare.hpp"
#include "lessons/reader/help.hpp"
#include "lessons/reader/terminal.hpp"

namespace ferrule::cli {

namespace {

Result<int> compare(const grader::Exercise& exercise) {
    FERRULE_TRY(const auto mutants, grader::load_mutants(exercise));
    const bool terminal = reader::is_terminal(STDOUT_FILENO);
    const int width = terminal ? reader::terminal_size(STDOUT_FILENO).columns : 80;
    FERRULE_TRY(const auto lines, reader::compare_languages(exercise, mutants, width));
    for (const reader::Line& line : lines) std::cout << reader::to_text(line, reader::look_of(STDOUT_FILENO)) << "\n";
    return 0;
}

Result<int> solution(const std::string& id, const std::string& asked, bool yes, bool both) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const grader::Exercise& exercise = *chosen.exercise;
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(exercise, asked, workspace));
    if (!yes) {
        FERRULE_TRY(const auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
        FERRULE_TRY(const auto progress, store.progress(exercise.id, grader::name(language)));
        if (!progress.passed &&
            !confirm("You have not passed this exercise yet. Show the solution all the same?", true))
            return 0;
    }
    if (both) return compare(exercise);
    FERRULE_TRY(const auto files, reader::solution_files(exercise, language));
    for (size_t i = 0; i < files.size(); ++i) {
        if (files.size() > 1) std::cout << fmt::format("{}==> {} <==\n", i == 0 ? "" : "\n", files[i].name);
        std::cout << files[i].text;
    }
    return 0;
}

}  // namespace

void add_solution(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string id, language;
        bool yes = false, both = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("solution", "print the reference solution of an exercise");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    add_language_option(*command, options->language);
    command->add_flag("-y,--yes", options->yes, "do not ask, even when the exercise is not passed yet");
    command->add_flag("--compare", options->both,
                      "both languages side by side, and which mistakes each compiler refuses");
    command->callback([options, &invocation] {
        invocation.action = [options] { return solution(options->id, options->language, options->yes, options->both); };
    });
}

}  // namespace ferrule::cli
