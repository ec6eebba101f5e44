#include <iostream>
#include <memory>

#include "cli/command.hpp"

namespace ferrule::cli {

namespace {

Result<int> reset(const std::string& id, const std::string& asked) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(*chosen.exercise, asked, workspace));
    FERRULE_TRY(const auto done, workspace.reset(*chosen.exercise, language));
    if (!done.kept.empty()) std::cout << "Your work is kept in " << done.kept.string() << "\n";
    std::cout << "The starter is in " << done.folder.string() << "\n";
    return 0;
}

}  // namespace

void add_reset(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string id, language;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("reset", "begin an exercise again (your work is kept beside it, under a number)");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    add_language_option(*command, options->language);
    command->callback(
        [options, &invocation] { invocation.action = [options] { return reset(options->id, options->language); }; });
}

}  // namespace ferrule::cli
