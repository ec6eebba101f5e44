#include "lessons/reader/terminal.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "sandbox/base/interrupt.hpp"

namespace ferrule::reader {

namespace {

// One raw terminal at a time; a signal handler has nowhere else to find it.
termios saved;
volatile sig_atomic_t raw_fd = -1;

constexpr int kFatal[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

void restore_and_die(int signal) {
    if (raw_fd >= 0) ::tcsetattr(raw_fd, TCSANOW, &saved);
    ::signal(signal, SIG_DFL);
    ::raise(signal);
}

// Writes everything or gives up: the terminal may be gone.
void put(const std::string& text) {
    size_t done = 0;
    while (done < text.size()) {
        const ssize_t n = ::write(STDOUT_FILENO, text.data() + done, text.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return;
        done += static_cast<size_t>(n);
    }
}

}  // namespace

bool is_terminal(int fd) { return ::isatty(fd) == 1; }

TerminalSize terminal_size(int fd) {
    winsize size{};
    TerminalSize result;
    if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
        result.columns = size.ws_col;
        result.rows = size.ws_row;
    }
    return result;
}

bool wait_for_input() {
    for (;;) {
        pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
        if (::poll(fds, 2, -1) < 0 && errno != EINTR) return false;
        if (interrupted()) return false;
        if (fds[0].revents != 0) return true;
    }
}

std::optional<std::string> ask_line(const std::string& prompt) {
    put(prompt);
    std::string line;
    for (char c = 0; line.size() < 4096;) {
        if (!wait_for_input()) return std::nullopt;
        const ssize_t n = ::read(STDIN_FILENO, &c, 1);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0 && line.empty()) return std::nullopt;
        if (n <= 0 || c == '\n') break;
        line += c;
    }
    return line;
}

Result<RawMode> RawMode::enter(int fd) {
    if (raw_fd >= 0) return fail("terminal", "the terminal is in raw mode already");
    if (::tcgetattr(fd, &saved) != 0) return fail("terminal", std::string("not a terminal: ") + std::strerror(errno));
    termios raw = saved;
    ::cfmakeraw(&raw);
    raw_fd = fd;
    for (int signal : kFatal) ::signal(signal, restore_and_die);
    if (::tcsetattr(fd, TCSADRAIN, &raw) != 0) {
        raw_fd = -1;
        return fail("terminal", std::string("cannot set the terminal to raw mode: ") + std::strerror(errno));
    }
    return RawMode(fd);
}

RawMode::~RawMode() {
    if (fd_ < 0) return;
    ::tcsetattr(fd_, TCSADRAIN, &saved);
    raw_fd = -1;
    for (int signal : kFatal) ::signal(signal, SIG_DFL);
}

void page(const std::vector<std::string>& lines) {
    const bool interactive = is_terminal(STDIN_FILENO) && is_terminal(STDOUT_FILENO);
    size_t top = 0;
    for (;;) {
        const size_t rows =
            interactive ? static_cast<size_t>(std::max(terminal_size(STDOUT_FILENO).rows - 1, 4)) : lines.size();
        const size_t end = std::min(top + rows, lines.size());
        std::string screen;
        for (size_t i = top; i < end; ++i) screen += lines[i] + "\n";
        put(screen);
        if (end >= lines.size()) return;
        put("-- " + std::to_string(end * 100 / lines.size()) + " %: Enter more, b back, q leave -- ");
        char key = 'q';
        {
            auto raw = RawMode::enter(STDIN_FILENO);
            if (!raw || !wait_for_input() || ::read(STDIN_FILENO, &key, 1) != 1) key = 'q';
        }
        put("\r\x1b[K");
        if (key == 'q' || key == 3 || key == 4 || key == 27) return;
        top = key == 'b' ? (top > rows ? top - rows : 0) : end;
    }
}

}  // namespace ferrule::reader
