// A shell in a fresh guest with the module at hand. Ctrl-] always leaves, whatever the guest does.
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "lessons/reader/module_shell.hpp"
#include "lessons/reader/terminal.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/build/driver_folder.hpp"
#include "sandbox/build/module_builder.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::cli {

namespace {

constexpr char kEscape = 0x1d;  // Ctrl-]
// Undoes what a guest may have left on: colours, hidden cursor, alternate screen, mouse, bracketed paste.
constexpr std::string_view kTidy = "\x1b[0m\x1b[?25h\x1b[?1049l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?2004l";

struct Target {
    fs::path path;
    grader::Language language;
    std::string module, variant;
};

// PATH may be an exercise's id: then the workspace has the sources. Inside the workspace the exercise names the module.
Result<Target> resolve(const std::string& given, const std::string& asked) {
    const reader::Workspace workspace(reader::Workspace::default_root());
    std::error_code code;
    const auto catalogue = load_course();
    if (!fs::exists(given, code) && catalogue) {
        if (const auto exercise = catalogue->find(given)) {
            FERRULE_TRY(const auto language, choose_language(**exercise, asked, workspace));
            if (!workspace.started(**exercise, language))
                return fail("no-submission", fmt::format("\"{}\" is not started", given),
                            fmt::format("`ferrule start {}` puts the starter there.", given));
            return Target{workspace.folder(**exercise, language), language, (*exercise)->module,
                          (*exercise)->kernels.front()};
        }
    }
    if (!fs::exists(given, code))
        return fail("no-submission", fmt::format("no file, folder or exercise \"{}\"", given),
                    "Give a .c or .rs file, a folder of them, or an exercise's id.");
    const fs::path own = fs::is_directory(given, code) ? fs::canonical(given, code) : fs::path(given);
    Target target{given, grader::Language::c, build::module_name(own.filename().string()), "mem"};
    const auto guessed = asked.empty() ? reader::language_of(given) : grader::language_from(asked);
    if (!guessed)
        return fail("which-language", fmt::format("no .c and no .rs file, or both, in {}", given),
                    "Say --lang c or --lang rust.");
    target.language = *guessed;
    if (catalogue)
        for (const auto* exercise : catalogue->exercises())
            for (const auto language : exercise->languages)
                for (const fs::path& known :
                     {workspace.folder(*exercise, language), exercise->starter(language), exercise->solution(language)})
                    if (fs::equivalent(known, given, code)) target.module = exercise->module;
    return target;
}

bool write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t n = ::write(fd, bytes.data(), bytes.size());
        if (n > 0) {
            bytes.remove_prefix(static_cast<size_t>(n));
            continue;
        }
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            if (interrupted()) return false;
            pollfd wait{fd, POLLOUT, 0};
            ::poll(&wait, 1, 100);
            continue;
        }
        return false;
    }
    return true;
}

// What the guest's shell has said, to the screen. False: it or the screen is gone.
bool take_output(int shell) {
    char buffer[4096];
    const ssize_t n = ::recv(shell, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    return n > 0 && write_all(STDOUT_FILENO, {buffer, static_cast<size_t>(n)});
}

// Copies both ways until the guest ends, the escape key, or a signal.
void converse(vm::Clone& clone, int shell, bool terminal, reader::TerminalSize size) {
    bool input_open = true;
    char buffer[4096];
    while (!interrupted()) {
        std::vector<int> others = {shell};
        if (input_open) others.push_back(STDIN_FILENO);
        const bool running = clone.serve(std::chrono::milliseconds(500), others);
        if (const auto now = reader::terminal_size(STDOUT_FILENO);
            terminal && (now.rows != size.rows || now.columns != size.columns)) {
            size = now;
            clone.resize_shell(static_cast<unsigned>(size.rows), static_cast<unsigned>(size.columns));
        }
        pollfd wait[] = {{shell, POLLIN, 0}, {input_open ? STDIN_FILENO : -1, POLLIN, 0}};
        ::poll(wait, 2, 0);
        if (wait[0].revents != 0) {
            if (!take_output(shell)) return;
            continue;
        }
        if (!running) return;
        // A script has said everything: end of file for the guest's shell, which then powers off. Again whenever it is
        // quiet, for one that arrives while a command runs is lost when the shell takes the terminal back.
        if (!input_open && !write_all(shell, "\x04")) return;
        if (wait[1].revents == 0) continue;
        const ssize_t n = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (n <= 0) {
            input_open = false;
            continue;
        }
        const std::string_view typed(buffer, static_cast<size_t>(n));
        const size_t escape = terminal ? typed.find(kEscape) : std::string_view::npos;
        if (!write_all(shell, typed.substr(0, escape)) || escape != std::string_view::npos) return;
    }
}

Result<int> run_shell(const std::string& given, const std::string& asked) {
    FERRULE_TRY(const Target target, resolve(given, asked));
    ProgressView view;
    FERRULE_TRY(const auto image, image::ensure(target.variant, view));
    FERRULE_TRY(const auto sources, build::read_sources(target.path, target.language, target.module));
    view.status("building");
    FERRULE_TRY(const auto outcome, build::build_module(image, sources));
    view.clear();
    for (const auto& diagnostic : outcome.diagnostics) std::cerr << reader::diagnostic_line(diagnostic) << "\n";
    if (!outcome.ok) return fail("build-error", fmt::format("{} does not compile", target.path.string()), "");
    FERRULE_TRY(const std::string module, read_file(outcome.module.stripped));
    FERRULE_TRY(const auto base, vm::Template::ensure(image, vm::best_accelerator(image, view), view));
    view.status("booting");
    const bool terminal = reader::is_terminal(STDIN_FILENO) && reader::is_terminal(STDOUT_FILENO);
    const reader::TerminalSize size = reader::terminal_size(STDOUT_FILENO);
    FERRULE_TRY(const auto shell, reader::open_module_shell(base, target.module, module, size));
    view.clear();
    if (terminal)
        std::cerr << fmt::format("A shell in the guest. insmod {}, rmmod {}, dmesg. Ctrl-] leaves.\n", shell.at,
                                 target.module);
    {
        std::optional<reader::RawMode> raw;
        if (terminal) {
            FERRULE_TRY(auto entered, reader::RawMode::enter(STDIN_FILENO));
            raw.emplace(std::move(entered));
        }
        converse(*shell.clone, shell.fd, terminal, size);
        if (terminal) write_all(STDOUT_FILENO, kTidy);
    }
    if (terminal) std::cerr << "\nThe guest is gone; nothing of it is kept.\n";
    return 0;
}

}  // namespace

void add_run(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string path, language;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("run", "a shell in the sandbox with your module at hand");
    command->add_option("PATH", options->path, "a .c or .rs file, a folder of them, or an exercise's id")->required();
    add_language_option(*command, options->language);
    command->callback([options, &invocation] {
        invocation.action = [options] { return run_shell(options->path, options->language); };
    });
}

}  // namespace ferrule::cli
