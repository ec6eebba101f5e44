// Hints answer what the last verdict found, one step at a time.
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "lessons/reader/help.hpp"

namespace ferrule::cli {

namespace {

Result<int> hint(const std::string& id, const std::string& asked) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(*chosen.exercise, asked, workspace));
    FERRULE_TRY(auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    FERRULE_TRY(const auto lines, reader::next_hint(store, *chosen.exercise, language));
    for (const std::string& line : lines) std::cout << line << "\n";
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
