// The program `ferrule`: parses, runs one command, says what went wrong in one line.
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <exception>
#include <iostream>

#include "cli/command.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::cli {
namespace {

// One line for a mistake on the command line, with the help of the command it was made in.
Error usage_error(const CLI::App& app, const CLI::ParseError& error) {
    std::string command = "ferrule";
    for (const CLI::App* at = &app; !at->get_subcommands().empty();) {
        at = at->get_subcommands().front();
        command += " " + at->get_name();
    }
    return Error{"usage", std::string(error.what()) + fmt::format(", in `{}`", command),
                 fmt::format("See `{} --help`.", command)};
}

bool asks_for_json(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--json" || word == "--format=json") return true;
        if (word == "--format" && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
    }
    return false;
}

int say_interrupted() {
    std::cerr << "ferrule: interrupted\n";
    return interrupted_by() > 0 ? 128 + interrupted_by() : kInterrupted;
}

int finish(const Error& error, const std::function<std::string(const Error&)>& as_json) {
    // An interrupted command may fail in any way; the reason is the interrupt.
    if (interrupted() || error.code == "cancelled") return say_interrupted();
    if (as_json)
        std::cout << as_json(error) << std::flush;
    else
        std::cerr << error_line(error) << "\n";
    return kCouldNot;
}

// In the environment, for the programs that this one starts: an editor's terminal, a shell.
Result<void> choose_courses(const std::vector<std::string>& folders) {
    std::string names;
    for (const std::string& folder : folders) {
        if (folder.empty() || folder.find(':') != std::string::npos)
            return fail("course-missing", fmt::format("\"{}\" cannot be a course's folder", folder),
                        "FERRULE_COURSE has ':' between folders: name one without.");
        std::error_code code;
        names += (names.empty() ? "" : ":") + fs::absolute(folder, code).string();
    }
    if (!names.empty()) setenv("FERRULE_COURSE", names.c_str(), 1);
    return {};
}

// `ferrule list | head -3`: who reads has seen enough, and nothing went wrong.
bool reader_gone() {
    pollfd out{STDOUT_FILENO, 0, 0};
    return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int run(int argc, char** argv) {
    CLI::App app(
        "Ferrule: learn to write Linux drivers that do not leak, deadlock or corrupt memory, in C and in Rust.",
        "ferrule");
    app.set_version_flag("--version", std::string("ferrule ") + FERRULE_VERSION);
    app.require_subcommand(0, 1);
    app.get_formatter()->column_width(34);
    // Also behind a command, where people write it.
    app.fallthrough();
    std::vector<std::string> courses;
    app.add_option("--course", courses, "the folder of another course than Ferrule's own; FERRULE_COURSE does the same")
        ->type_name("DIR")
        ->allow_extra_args(false);
    Invocation invocation;
    add_learn(app, invocation);
    add_list(app, invocation);
    add_progress(app, invocation);
    add_start(app, invocation);
    add_grade(app, invocation);
    add_vet(app, invocation);
    add_run(app, invocation);
    add_hint(app, invocation);
    add_reset(app, invocation);
    add_solution(app, invocation);
    add_check(app, invocation);
    add_new(app, invocation);
    add_preview(app, invocation);
    add_image(app, invocation);
    add_doctor(app, invocation);
    add_completions(app, invocation);
    add_man(app, invocation);
    app.footer("Without a command: `ferrule learn --prepare`. Each command has --help.");

    try {
        app.parse(argc, argv);
        if (app.get_subcommands().empty()) {
            const auto named = courses;  // parsing forgets them
            app.parse("learn --prepare");
            courses = named;
        }
    } catch (const CLI::Success& success) {  // --help, --version
        return app.exit(success);
    } catch (const CLI::ParseError& error) {
        return finish(usage_error(app, error),
                      asks_for_json(argc, argv) ? error_object : std::function<std::string(const Error&)>());
    }
    if (const auto chosen = choose_courses(courses); !chosen) return finish(chosen.error(), invocation.error_json);
    if (!invocation.action) return finish({"usage", "no command", "See `ferrule --help`."}, {});
    const Result<int> status = invocation.action();
    if (!status) return finish(status.error(), invocation.error_json);
    if (interrupted()) return say_interrupted();
    std::cout.flush();
    if (!std::cout && !reader_gone())
        return finish({"output", "cannot write to standard output", "Is the disk full?"}, {});
    return *status;
}

}  // namespace
}  // namespace ferrule::cli

int main(int argc, char** argv) {
    std::setlocale(LC_CTYPE, "");
    std::signal(SIGPIPE, SIG_IGN);
    ferrule::install_interrupt_handlers();
    ferrule::sweep_temp_dirs();
    try {
        return ferrule::cli::run(argc, argv);
    } catch (const std::exception& error) {
        std::cerr << "ferrule: internal error: " << error.what() << ". This is a bug in Ferrule.\n";
        return ferrule::cli::kCouldNot;
    }
}
