#include "lessons/workbench/guest_shell.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/image/image.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::workbench {
namespace {

constexpr auto kDeadline = std::chrono::seconds(20);
constexpr auto kTurn = std::chrono::milliseconds(100);
constexpr const char* kGuestFolder = "/run";

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
        say(reader::printable(fmt::format("{}:{}: {}: {}", diagnostic.file, diagnostic.line, diagnostic.severity,
                                          diagnostic.message)) +
            "\r\n");
    std::string module;
    if (outcome.ok) {
        FERRULE_TRY(module, read_file(outcome.module.stripped));
    } else {
        say("It does not compile: the guest starts without it.\r\n");
    }
    if (over_) return {};
    say("restoring a guest …\r\n");
    FERRULE_TRY(const auto base, vm::Template::ensure(image, vm::best_accelerator(image, progress), progress));
    FERRULE_TRY(const auto clone, vm::Clone::start(base));
    const std::string at = fmt::format("{}/{}.ko", kGuestFolder, exercise.module);
    if (!module.empty() && !clone->put(at, module, kDeadline))
        return fail("guest", "the guest does not answer", "Try again; `ferrule doctor` looks at this machine.");
    int rows = rows_, columns = columns_;
    const auto shell = clone->open_shell(static_cast<unsigned>(rows), static_cast<unsigned>(columns), kGuestFolder);
    if (!shell) return fail("guest", "the guest starts no shell", "Try again; `ferrule doctor` looks at this machine.");
    say(module.empty() ? "A shell in the guest. Ctrl-] leaves it.\r\n"
                       : fmt::format("insmod {}, rmmod {}, dmesg. Ctrl-] leaves.\r\n", at, exercise.module));

    std::string out, in;  // on their way to the pane, to the guest
    constexpr size_t kBuffer = 65536;
    const auto move = [](int from, std::string& buffer, int to) {  // false: `from` has ended
        bool open = true;
        if (buffer.size() < kBuffer) {
            char bytes[16384];
            const ssize_t n = ::read(from, bytes, sizeof bytes);
            if (n > 0) buffer.append(bytes, static_cast<size_t>(n));
            open = n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
        }
        const ssize_t n = buffer.empty() ? 0 : ::send(to, buffer.data(), buffer.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0) buffer.erase(0, static_cast<size_t>(n));
        return open;
    };
    ::fcntl(*shell, F_SETFL, O_NONBLOCK);
    while (!over_) {
        // A full pane is not read from the guest; the guest's own serial port and events are served all the same.
        std::vector<int> others = {theirs_.get()};
        if (out.size() < kBuffer) others.push_back(*shell);
        const bool running = clone->serve(kTurn, others);
        if (rows != rows_ || columns != columns_) {
            rows = rows_;
            columns = columns_;
            clone->resize_shell(static_cast<unsigned>(rows), static_cast<unsigned>(columns));
        }
        const bool guest = move(*shell, out, theirs_.get());
        const bool person = move(theirs_.get(), in, *shell);
        if (!person) break;
        if ((!running || !guest) && out.empty()) break;
    }
    say("\r\nThe guest is gone; nothing of it is kept.\r\n");
    return {};
}

}  // namespace ferrule::workbench
