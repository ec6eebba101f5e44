// The commands and their options as a value, taken from the parser: what completions and the man page are made of.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"

namespace ferrule::cli {

struct OptionInfo {
    std::vector<std::string> names;  // "--lang", "-y"; of an argument none
    std::string argument;            // "EXERCISE", "PATH": an argument's name, or that of an option's value; a flag: ""
    std::string description;
    std::vector<std::string> choices;  // all that the value may be; empty: anything
    bool positional = false, required = false, many = false;
};

struct CommandInfo {
    std::vector<std::string> path;  // {"image", "build"}; the program itself: {}
    std::string description;
    std::vector<OptionInfo> options;  // in the order of --help, arguments among them
    std::vector<CommandInfo> commands;
};

CommandInfo command_tree(const CLI::App& app);

// What a shell reads to complete the command line. `shell`: "bash", "zsh" or "fish".
std::string completion_script(const CommandInfo& program, const std::string& shell);
// roff, for man(1).
std::string man_page(const CommandInfo& program);

}  // namespace ferrule::cli
