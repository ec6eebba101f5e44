#include "lessons/workbench/pty_child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utmp.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

extern char** environ;

namespace ferrule::workbench {
namespace {

winsize size_of(int rows, int columns) {
    return {static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
}

// Ours, with some replaced.
std::vector<std::string> merged(const std::vector<std::pair<std::string, std::string>>& ours) {
    std::vector<std::string> out;
    for (const auto& [name, value] : ours) out.push_back(name + "=" + value);
    for (char** one = environ; *one; ++one) {
        const std::string_view text = *one;
        bool replaced = false;
        for (const auto& [name, value] : ours)
            replaced = replaced || (text.starts_with(name) && text.substr(name.size(), 1) == "=");
        if (!replaced) out.emplace_back(text);
    }
    return out;
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> out;
    for (const std::string& word : words) out.push_back(const_cast<char*>(word.c_str()));
    out.push_back(nullptr);
    return out;
}

}  // namespace

Result<PtyChild> PtyChild::start(const std::vector<std::string>& argv, const std::string& directory,
                                 const std::vector<std::pair<std::string, std::string>>& environment, int rows,
                                 int columns) {
    const winsize size = size_of(rows, columns);
    int master = -1, slave = -1, report[2] = {-1, -1};
    if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0)
        return fail("spawn", fmt::format("no terminal for {}: {}", argv.at(0), std::strerror(errno)), "");
    UniqueFd ours(master), theirs(slave);
    if (::pipe2(report, O_CLOEXEC) != 0)
        return fail("spawn", fmt::format("no pipe for {}: {}", argv.at(0), std::strerror(errno)), "");
    UniqueFd reading(report[0]), writing(report[1]);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(master, F_SETFL, O_NONBLOCK);
    // All memory is taken before the fork: other threads may hold the allocator's lock.
    const std::vector<std::string> variables = merged(environment);
    const std::vector<char*> words = pointers(argv), settings = pointers(variables);
    const pid_t pid = ::fork();
    if (pid < 0) return fail("spawn", fmt::format("cannot start {}: {}", argv.at(0), std::strerror(errno)), "");
    if (pid == 0) {
        ::login_tty(slave);
        for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        if (directory.empty() || ::chdir(directory.c_str()) == 0) ::execvpe(words[0], words.data(), settings.data());
        const int error = errno;
        (void)!::write(report[1], &error, sizeof error);
        ::_exit(127);
    }
    writing.reset();
    theirs.reset();
    PtyChild child(std::move(ours), pid);
    int error = 0;
    ssize_t got = 0;
    do got = ::read(reading.get(), &error, sizeof error);
    while (got < 0 && errno == EINTR);
    if (got == sizeof error)
        return fail("spawn", fmt::format("cannot start {}: {}", argv.at(0), std::strerror(error)),
                    "Set EDITOR to the editor you use.");
    return child;
}

PtyChild::PtyChild(PtyChild&& other) noexcept
    : master_(std::move(other.master_)), pid_(std::exchange(other.pid_, -1)), status_(other.status_) {}

PtyChild& PtyChild::operator=(PtyChild&& other) noexcept {
    if (this == &other) return *this;
    end();
    master_ = std::move(other.master_);
    pid_ = std::exchange(other.pid_, -1);
    status_ = other.status_;
    return *this;
}

PtyChild::~PtyChild() { end(); }

void PtyChild::end() {
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGHUP);
    ::kill(-pid_, SIGCONT);
    master_.reset();
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (running() && std::chrono::steady_clock::now() < limit)
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void PtyChild::resize(int rows, int columns) {
    const winsize size = size_of(rows, columns);
    ::ioctl(master_.get(), TIOCSWINSZ, &size);
}

void PtyChild::kill(int signal) {
    if (pid_ > 0) ::kill(-pid_, signal);
}

bool PtyChild::running() {
    if (pid_ <= 0) return false;
    if (::waitpid(pid_, &status_, WNOHANG) == 0) return true;
    pid_ = -1;
    return false;
}

}  // namespace ferrule::workbench
