// The man page, from the parser and the workbench's own list of keys: neither can say what the program does not.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/command_tree.hpp"
#include "lessons/workbench/update.hpp"

namespace ferrule::cli {

namespace {

// In roff a line that begins with a dot or a quote is an order, a backslash begins one anywhere, and a bare minus is a
// hyphen that cannot be pasted into a shell.
std::string roff(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\')
            out += "\\e";
        else if (c == '-')
            out += "\\-";
        else if ((c == '.' || c == '\'') && (out.empty() || out.back() == '\n'))
            out += std::string("\\&") + c;
        else
            out += c;
    }
    return out;
}

std::string names_of(const OptionInfo& option) {
    std::string out;
    for (const std::string& name : option.names)
        out += fmt::format("{}\\fB{}\\fR", out.empty() ? "" : ", ", roff(name));
    if (option.positional) return fmt::format("\\fI{}\\fR", roff(option.argument));
    if (!option.choices.empty())
        return out + fmt::format(" {}", roff(fmt::format("{}", fmt::join(option.choices, "|"))));
    return option.argument.empty() ? out : out + fmt::format(" \\fI{}\\fR", roff(option.argument));
}

std::string usage_of(const CommandInfo& command) {
    std::string out = "\\fBferrule";
    for (const std::string& word : command.path) out += " " + word;
    out += "\\fR";
    for (const OptionInfo& option : command.options)
        if (option.positional)
            out += fmt::format(" {}\\fI{}\\fR{}{}", option.required ? "" : "[", roff(option.argument),
                               option.many ? "..." : "", option.required ? "" : "]");
    return out;
}

std::string item(const std::string& head, const std::string& text) {
    return fmt::format(".TP\n{}\n{}\n", head, roff(text));
}

// `font`: of what is explained, 'B' or 'I'.
std::string section(const char* title, char font, const std::vector<std::pair<const char*, const char*>>& entries) {
    std::string out = fmt::format(".SH {}\n", title);
    for (const auto& [name, means] : entries) out += item(fmt::format("\\f{}{}\\fR", font, roff(name)), means);
    return out;
}

void describe(const CommandInfo& command, std::string& out) {
    if (!command.path.empty() && (command.commands.empty() || !command.options.empty())) {
        out += fmt::format(".SS {}\n{}\n", usage_of(command), roff(command.description + "."));
        for (const OptionInfo& option : command.options) out += item(names_of(option), option.description);
    }
    for (const CommandInfo& below : command.commands) describe(below, out);
}

}  // namespace

std::string man_page(const CommandInfo& program) {
    std::string out = fmt::format(".TH FERRULE 1 \"\" \"ferrule {}\"\n", FERRULE_VERSION);
    out += ".SH NAME\nferrule \\- learn to write Linux drivers that do not leak, deadlock or corrupt memory\n";
    out += ".SH SYNOPSIS\n.B ferrule\n.RI [ COMMAND ]\n.RI [ OPTION ...]\n";
    out += ".SH DESCRIPTION\n";
    out +=
        roff(
            "A course and a sandbox for drivers in C and in Rust. A learner's kernel module is compiled with a sealed "
            "toolchain, booted in QEMU on a kernel full of detectors, exercised, and judged from outside of the guest; "
            "each finding stands on the line that caused it. Nothing of it runs on this machine's kernel. Without a "
            "command the course is opened.") +
        "\n.SH COMMANDS\n";
    describe(program, out);
    out += ".SH KEYS\nIn the course; in an editor or a shell all keys but Ctrl\\-] are that program's.\n";
    for (const workbench::KeyHelp& key : workbench::key_help()) out += item("\\fB" + roff(key.keys) + "\\fR", key.does);
    out += section("EXIT STATUS", 'B',
                   {{"0", "It was done; of grade, vet and check: a pass."},
                    {"1", "Of grade, vet and check: not a pass. Of doctor: something is missing."},
                    {"2",
                     "It could not be done; why, and what to do, is on standard error, or in the JSON that was asked "
                     "for."},
                    {"130", "Interrupted."}});
    out += section("ENVIRONMENT", 'B',
                   {{"FERRULE_WORKSPACE", "Where the learner's work is; else ~/ferrule."},
                    {"XDG_DATA_HOME", "Progress is below it; else below ~/.local/share."},
                    {"XDG_CACHE_HOME", "Toolchain, kernels and what was built are below it; else below ~/.cache."},
                    {"VISUAL, EDITOR", "The editor that the course opens."},
                    {"NO_COLOR", "When it is set, no colours are used."}});
    out += section("FILES", 'I',
                   {{"~/ferrule/EXERCISE/c, ~/ferrule/EXERCISE/rust", "The learner's work; never written over."},
                    {"~/ferrule/compile_commands.json, ~/ferrule/rust-project.json", "For clangd and rust-analyzer."},
                    {"~/.local/share/ferrule/progress.db", "Attempts, verdicts, hints and time at work (SQLite)."},
                    {"~/.cache/ferrule/", "All the rest; it can be made again."}});
    return out;
}

}  // namespace ferrule::cli
