#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "lessons/reader/editor_support.hpp"

namespace ferrule::cli {

namespace {

Result<int> start(const std::string& id, const std::string& asked) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const grader::Exercise& exercise = *chosen.exercise;
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(exercise, asked, workspace));
    FERRULE_TRY(const auto started, workspace.start(exercise, language));
    std::cout << (started.kept ? "Your work is there already and is kept: " : "The starter is in ")
              << started.folder.string() << "\n";
    if (asked.empty() && exercise.languages.size() > 1 && !started.kept)
        std::cout << fmt::format(
            "That is the one in {}; --lang {} gives the other.\n", grader::name(language),
            grader::name(exercise.languages[0] == language ? exercise.languages[1] : exercise.languages[0]));
    std::cout << fmt::format("Edit it, then: ferrule grade {}\n", exercise.id);
    // Without them the exercise is there all the same.
    ProgressView view;
    if (const auto written = reader::write_editor_support(workspace, chosen.catalogue, view); !written)
        std::cerr << error_line(written.error()) << "\n";
    return 0;
}

}  // namespace

void add_start(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string id, language;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("start", "put an exercise's starter into your workspace (never overwrites work)");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    add_language_option(*command, options->language);
    command->callback(
        [options, &invocation] { invocation.action = [options] { return start(options->id, options->language); }; });
}

}  // namespace ferrule::cli
