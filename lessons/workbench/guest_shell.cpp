#include "lessons/workbench/guest_shell.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lessons/reader/module_shell.hpp"
#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/stream.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::workbench {
namespace {

constexpr auto kTurn = std::chrono::milliseconds(100);

}  // namespace

GuestShell::GuestShell(const grader::Exercise& exercise, grader::Language language, fs::path sources, int rows,
                       int columns)
    : rows_(rows), columns_(columns) {
    int ends[2];
    FERRULE_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    ours_.reset(ends[0]);
    theirs_.reset(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    ::fcntl(ends[1], F_SETFL, O_NONBLOCK);
    thread_ = std::thread([this, &exercise, language, folder = std::move(sources)] { work(exercise, language, folder); });
}

GuestShell::~GuestShell() {
    over_ = true;
    ::shutdown(ours_.get(), SHUT_RDWR);  // ends a poll
    thread_.join();
}

void GuestShell::resize(int rows, int columns) {
    rows_ = rows;
    columns_ = columns;
}

void GuestShell::say(std::string_view words) { (void)!::write(theirs_.get(), words.data(), words.size()); }

void GuestShell::work(const grader::Exercise& exercise, grader::Language language, const fs::path& sources) {
    if (const auto done = serve(exercise, language, sources); !done)
        say(fmt::format("\r\n{}\r\n{}\r\n", reader::printable(done.error().message),
                        reader::printable(done.error().hint)));
    ::shutdown(theirs_.get(), SHUT_WR);
}

Result<void> GuestShell::serve(const grader::Exercise& exercise, grader::Language language, const fs::path& sources) {
    NoProgress progress;
    say("building the module …\r\n");
    FERRULE_TRY(const auto image, image::find(exercise.kernels.front()));
    FERRULE_TRY(const auto set, build::read_sources(sources, language, exercise.module));
    FERRULE_TRY(const auto outcome, build::build_module(image, set));
    for (const auto& diagnostic : outcome.diagnostics)
        say(reader::diagnostic_line(diagnostic) + "\r\n");
    std::string module;
    if (outcome.ok) {
        FERRULE_TRY(module, read_file(outcome.module.stripped));
    } else {
        say("It does not compile: the guest starts without it.\r\n");
    }
    if (over_) return {};
    say("restoring a guest …\r\n");
    FERRULE_TRY(const auto base, vm::Template::ensure(image, vm::best_accelerator(image, progress), progress));
    reader::TerminalSize size{columns_, rows_};
    FERRULE_TRY(const auto shell, reader::open_module_shell(base, exercise.module, module, size));
    say(module.empty() ? "A shell in the guest. Ctrl-] leaves it.\r\n"
                       : fmt::format("insmod {}, rmmod {}, dmesg. Ctrl-] leaves.\r\n", shell.at, exercise.module));

    std::string out, in;  // on their way to the pane, to the guest
    constexpr size_t kBuffer = 65536;
    const auto move = [](int from, std::string& buffer, int to) {  // false: `from` has ended
        bool open = true;
        if (buffer.size() < kBuffer) {
            const auto bytes = read_some(from, 16384);
            open = bytes.has_value();
            buffer += bytes.value_or("");
        }
        if (!buffer.empty()) buffer.erase(0, write_some(to, buffer));
        return open;
    };
    ::fcntl(shell.fd, F_SETFL, O_NONBLOCK);
    while (!over_) {
        // A full pane is not read from the guest; the guest's own serial port and events are served all the same.
        std::vector<int> others = {theirs_.get()};
        if (out.size() < kBuffer) others.push_back(shell.fd);
        const bool running = shell.clone->serve(kTurn, others);
        if (size.rows != rows_ || size.columns != columns_) {
            size = {columns_, rows_};
            shell.clone->resize_shell(static_cast<unsigned>(size.rows), static_cast<unsigned>(size.columns));
        }
        const bool guest = move(shell.fd, out, theirs_.get());
        const bool person = move(theirs_.get(), in, shell.fd);
        if (!person) break;
        if ((!running || !guest) && out.empty()) break;
    }
    say("\r\nThe guest is gone; nothing of it is kept.\r\n");
    return {};
}

}  // namespace ferrule::workbench
