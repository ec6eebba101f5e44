#include "cli/command_tree.hpp"

#include <iostream>
#include <memory>

namespace ferrule::cli {

namespace {

// CLI11 keeps the members of an IsMember check in the type's name alone: "TEXT:{c,rust}".
std::vector<std::string> choices_of(const std::string& type) {
    const size_t from = type.find('{'), to = type.find('}');
    if (from == std::string::npos || to == std::string::npos || to < from) return {};
    return CLI::detail::split(type.substr(from + 1, to - from - 1), ',');
}

OptionInfo info_of(const CLI::Option& option) {
    OptionInfo out;
    for (const std::string& name : option.get_snames()) out.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) out.names.push_back("--" + name);
    out.description = option.get_description();
    out.positional = option.get_positional() && out.names.empty();
    out.required = option.get_required();
    out.many = option.get_items_expected_max() > 1;
    out.choices = choices_of(option.get_type_name());
    if (out.positional)
        out.argument = option.get_name(true);
    else if (option.get_items_expected_max() > 0)
        out.argument =
            out.names.back().substr(2) == "scenario" || out.names.back().substr(2) == "table" ? "FILE" : "VALUE";
    return out;
}

CommandInfo tree_of(const CLI::App& app, const std::vector<std::string>& path) {
    CommandInfo out{path, app.get_description(), {}, {}};
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue;  // hidden
        OptionInfo info = info_of(*option);
        // --help of a command is the program's.
        if (!path.empty() && !info.names.empty() && info.names.back() == "--help") continue;
        out.options.push_back(std::move(info));
    }
    for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
        std::vector<std::string> below = path;
        below.push_back(command->get_name());
        out.commands.push_back(tree_of(*command, below));
    }
    return out;
}

}  // namespace

CommandInfo command_tree(const CLI::App& app) { return tree_of(app, {}); }

void add_completions(CLI::App& app, Invocation& invocation) {
    auto shell = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("completions", "print what a shell reads to complete this command line");
    command->add_option("SHELL", *shell, "which shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
    command->callback([&app, shell, &invocation] {
        invocation.action = [&app, shell]() -> Result<int> {
            std::cout << completion_script(command_tree(app), *shell);
            return 0;
        };
    });
}

void add_man(CLI::App& app, Invocation& invocation) {
    CLI::App* command = app.add_subcommand("man", "print the man page (ferrule man | man -l -)");
    command->callback([&app, &invocation] {
        invocation.action = [&app]() -> Result<int> {
            std::cout << man_page(command_tree(app));
            return 0;
        };
    });
}

}  // namespace ferrule::cli
