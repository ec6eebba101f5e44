// Each script finds out which command stands on the line, and offers that one's words. Exercises are asked for when
// they are needed (`ferrule list --ids`): a course may change.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <functional>

#include "cli/command_tree.hpp"

namespace ferrule::cli {

namespace {

void each_command(const CommandInfo& command, const std::function<void(const CommandInfo&)>& visit) {
    visit(command);
    for (const CommandInfo& below : command.commands) each_command(below, visit);
}

std::string joined(const CommandInfo& command) { return fmt::format("{}", fmt::join(command.path, " ")); }

// In single quotes, for any of the three shells: what would end them is left out.
std::string quoted(const std::string& text) {
    std::string out = "'";
    for (const char c : text)
        if (c != '\'' && c != '\\') out += c;
    return out + "'";
}

bool takes(const CommandInfo& command, const std::string& argument) {
    for (const OptionInfo& option : command.options)
        if (option.positional && option.argument == argument) return true;
    return false;
}

bool takes_files(const CommandInfo& command) { return takes(command, "PATH") || takes(command, "FILE"); }

// The words of a command: its commands and options, and an argument's choices.
std::vector<std::pair<std::string, std::string>> words_of(const CommandInfo& command) {
    std::vector<std::pair<std::string, std::string>> out;
    for (const CommandInfo& below : command.commands) out.emplace_back(below.path.back(), below.description);
    for (const OptionInfo& option : command.options) {
        for (const std::string& name : option.names) out.emplace_back(name, option.description);
        if (option.positional)
            for (const std::string& choice : option.choices) out.emplace_back(choice, option.description);
    }
    return out;
}

// For "case": which command the words so far name. In bash and zsh alike, with `$command|WORD` looked at.
std::string path_cases(const CommandInfo& program, const std::string& indent) {
    std::string out;
    each_command(program, [&](const CommandInfo& command) {
        for (const CommandInfo& below : command.commands)
            out += fmt::format("{}{}) command={};;\n", indent, quoted(joined(command) + "|" + below.path.back()),
                               quoted(joined(below)));
    });
    return out;
}

// The values of an option that stands before the cursor.
std::string value_cases(const CommandInfo& program, const std::string& indent, const std::string& words,
                        const std::string& files) {
    std::string out;
    each_command(program, [&](const CommandInfo& command) {
        for (const OptionInfo& option : command.options) {
            if (option.positional || option.argument.empty()) continue;
            std::string patterns;
            for (const std::string& name : option.names)
                patterns += (patterns.empty() ? "" : "|") + quoted(joined(command) + "|" + name);
            const std::string what = option.choices.empty()
                                         ? (option.argument == "FILE" ? files : std::string("return"))
                                         : fmt::format(fmt::runtime(words), fmt::join(option.choices, " "));
            out += fmt::format("{}{}) {};;\n", indent, patterns, what);
        }
    });
    return out;
}

std::string bash(const CommandInfo& program) {
    std::string out = R"(# ferrule completions bash; in ~/.bashrc: source <(ferrule completions bash)
_ferrule() {
    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command= words= i
    for ((i = 1; i < COMP_CWORD; i++)); do
        case "$command|${COMP_WORDS[i]}" in
)";
    out += path_cases(program, "            ") + "        esac\n    done\n    case \"$command|$before\" in\n" +
           value_cases(program, "        ", "COMPREPLY=($(compgen -W '{}' -- \"$current\")); return",
                       "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$current\")); return") +
           "    esac\n    case \"$command\" in\n";
    each_command(program, [&](const CommandInfo& command) {
        std::vector<std::string> words;
        for (const auto& [word, ignored] : words_of(command)) words.push_back(word);
        out += fmt::format("        {}) words='{}'", quoted(joined(command)), fmt::join(words, " "));
        if (takes(command, "EXERCISE")) out += "; words+=\" $(\"${COMP_WORDS[0]}\" list --ids 2>/dev/null)\"";
        out += ";;\n";
    });
    out += "    esac\n    COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n    case \"$command\" in\n";
    each_command(program, [&](const CommandInfo& command) {
        if (takes_files(command))
            out += fmt::format("        {}) compopt -o filenames; COMPREPLY+=($(compgen -f -- \"$current\"));;\n",
                               quoted(joined(command)));
    });
    return out + "    esac\n}\ncomplete -F _ferrule ferrule ./ferrule\n";
}

std::string zsh(const CommandInfo& program) {
    std::string out = R"(#compdef ferrule
# ferrule completions zsh, into a file _ferrule of a folder in $fpath; or in ~/.zshrc: source <(ferrule completions zsh)
_ferrule() {
    local command= word
    local -a known
    for word in "${(@)words[2,CURRENT-1]}"; do
        case "$command|$word" in
)";
    out += path_cases(program, "            ") +
           "        esac\n    done\n    case \"$command|${words[CURRENT-1]}\" in\n" +
           value_cases(program, "        ", "compadd -- {}; return", "_files; return") +
           "    esac\n    case \"$command\" in\n";
    each_command(program, [&](const CommandInfo& command) {
        out += fmt::format("        {})\n            known=(", quoted(joined(command)));
        for (const auto& [word, description] : words_of(command)) {
            std::string text = description;
            for (size_t at = 0; (at = text.find(':', at)) != std::string::npos; ++at) text.replace(at, 1, ",");
            out += " " + quoted(word + ":" + text);
        }
        out += ")\n            _describe ferrule known\n";
        if (takes(command, "EXERCISE"))
            out += "            compadd -- ${(f)\"$(\"${words[1]}\" list --ids 2>/dev/null)\"}\n";
        if (takes_files(command)) out += "            _files\n";
        out += "            ;;\n";
    });
    return out + "    esac\n}\ncompdef _ferrule ferrule\n";
}

std::string fish(const CommandInfo& program) {
    std::string out = "# ferrule completions fish > ~/.config/fish/completions/ferrule.fish\ncomplete -c ferrule -f\n";
    each_command(program, [&](const CommandInfo& command) {
        std::string when = "__fish_use_subcommand";
        if (!command.path.empty()) {
            when = fmt::format("__fish_seen_subcommand_from {}", command.path.front());
            for (size_t i = 1; i < command.path.size(); ++i)
                when += fmt::format("; and __fish_seen_subcommand_from {}", command.path[i]);
        }
        std::string below;
        for (const CommandInfo& one : command.commands) below += " " + one.path.back();
        const std::string alone =
            command.path.empty() || below.empty() ? when : when + "; and not __fish_seen_subcommand_from" + below;
        for (const CommandInfo& one : command.commands)
            out += fmt::format("complete -c ferrule -n {} -a {} -d {}\n", quoted(alone), one.path.back(),
                               quoted(one.description));
        for (const OptionInfo& option : command.options) {
            std::string line = fmt::format("complete -c ferrule -n {}", quoted(option.positional ? alone : when));
            for (const std::string& name : option.names)
                line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            if (!option.choices.empty())
                line += fmt::format(" -{}a {}", option.positional ? "" : "x",
                                    quoted(fmt::format("{}", fmt::join(option.choices, " "))));
            else if (option.positional && option.argument == "EXERCISE")
                line += " -a '(ferrule list --ids 2>/dev/null)'";
            else if (option.positional && (option.argument == "PATH" || option.argument == "FILE"))
                line += " -F";
            else if (option.positional)
                continue;
            else if (option.argument == "FILE")
                line += " -r -F";
            else if (!option.argument.empty())
                line += " -x";
            out += line + " -d " + quoted(option.description) + "\n";
        }
    });
    return out;
}

}  // namespace

std::string completion_script(const CommandInfo& program, const std::string& shell) {
    if (shell == "zsh") return zsh(program);
    if (shell == "fish") return fish(program);
    return bash(program);
}

}  // namespace ferrule::cli
