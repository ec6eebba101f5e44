// The real program on a terminal of its own (a pty): menu, paging, the shell in the guest, and that the terminal is
// left as it was found.
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using Catch::Matchers::Contains;

namespace {

class Terminal {
public:
    Terminal(const std::vector<std::string>& arguments, const fs::path& home, const char* cache_home = nullptr) {
        winsize size{24, 80, 0, 0};
        int slave = -1;
        REQUIRE(::openpty(&master_, &slave, nullptr, nullptr, &size) == 0);
        slave_ = slave;
        REQUIRE(::tcgetattr(slave_, &before_) == 0);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) {
            ::close(master_);
            ::login_tty(slave);
            ::setenv("HOME", home.c_str(), 1);
            ::setenv("TERM", "xterm", 1);
            ::setenv("FERRULE_WORKSPACE", (home / "work").c_str(), 1);
            ::setenv("XDG_DATA_HOME", (home / "data").c_str(), 1);
            ::setenv("XDG_CACHE_HOME", cache_home ? cache_home : (home / "cache").c_str(), 1);
            std::vector<char*> argv = {const_cast<char*>(FERRULE_PROGRAM)};
            for (const std::string& one : arguments) argv.push_back(const_cast<char*>(one.c_str()));
            argv.push_back(nullptr);
            ::execv(FERRULE_PROGRAM, argv.data());
            ::_exit(127);
        }
    }
    ~Terminal() {
        if (pid_ > 0) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, nullptr, 0);
        }
        ::close(slave_);
        ::close(master_);
    }

    void type(std::string_view text) {
        REQUIRE(::write(master_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    }

    // Reads until the text is there; what came before it is forgotten.
    void expect(const std::string& text, int seconds = 20) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        size_t at = 0;
        while ((at = seen_.find(text)) == std::string::npos) {
            if (std::chrono::steady_clock::now() > deadline)
                FAIL("no \"" << text << "\" on the terminal, but: " << seen_);
            read_some();
        }
        seen_.erase(0, at + text.size());
    }

    // The exit status; what is still said is read meanwhile.
    int wait(int seconds = 20) {
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
        int status = 0;
        while (::waitpid(pid_, &status, WNOHANG) == 0) {
            if (std::chrono::steady_clock::now() > deadline) FAIL("the program does not end: " << seen_);
            read_some();
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
    }

    void interrupt() { ::kill(pid_, SIGINT); }
    bool as_found() const {
        termios now{};
        return ::tcgetattr(slave_, &now) == 0 && now.c_lflag == before_.c_lflag && now.c_iflag == before_.c_iflag &&
               now.c_oflag == before_.c_oflag;
    }

private:
    void read_some() {
        pollfd wait{master_, POLLIN, 0};
        char buffer[4096];
        if (::poll(&wait, 1, 100) <= 0) return;
        const ssize_t n = ::read(master_, buffer, sizeof buffer);
        if (n > 0) seen_.append(buffer, static_cast<size_t>(n));
    }

    int master_ = -1, slave_ = -1;
    pid_t pid_ = -1;
    termios before_{};
    std::string seen_;
};

}  // namespace

TEST_CASE("the menu opens a lesson, pages it, and leaves the terminal as it was") {
    const auto home = TempDir::make();
    REQUIRE(home);
    Terminal terminal({"learn", "--plain"}, home->path());
    terminal.expect("Ownership");
    terminal.expect("ferrule image build");  // the image is not there in this home
    terminal.expect("q leaves. > ");
    terminal.type("77\n");
    terminal.expect("q leaves. > ");
    terminal.type("1\n");
    terminal.expect("q leave --");
    terminal.type(" ");
    terminal.expect("q leave --");
    terminal.type("q");
    terminal.expect("q leaves. > ");
    terminal.type("q\n");
    CHECK(terminal.wait() == 0);
    CHECK(terminal.as_found());
}

TEST_CASE("an interrupt at the menu and in the middle of a page is status 130") {
    const auto home = TempDir::make();
    REQUIRE(home);
    for (const bool in_page : {false, true}) {
        Terminal terminal({"learn", "--plain"}, home->path());
        terminal.expect("q leaves. > ");
        if (in_page) {
            terminal.type("1\n");
            terminal.expect("q leave --");
        }
        terminal.interrupt();
        CHECK(terminal.wait() == 130);
        CHECK(terminal.as_found());
    }
}

TEST_CASE("the shell in the guest has the module, and the escape key leaves it", "[image]") {
    const auto home = TempDir::make();
    REQUIRE(home);
    const std::string cache = cache_dir().parent_path().string();
    REQUIRE(write_file(
        home->path() / "hello.c",
        "#include <linux/module.h>\nstatic int __init hello_init(void)\n{\n\tpr_info(\"hello from the "
        "guest\\n\");\n\treturn 0;\n}\n"
        "static void __exit "
        "hello_exit(void)\n{\n}\nmodule_init(hello_init);\nmodule_exit(hello_exit);\nMODULE_LICENSE(\"GPL\");\n"));
    {
        Terminal terminal({"run", (home->path() / "hello.c").string()}, home->path(), cache.c_str());
        terminal.expect("Ctrl-] leaves.", 120);
        terminal.expect("# ", 20);
        terminal.type("insmod /run/hello.ko; lsmod; stty size; echo $((6 * 7))\r");
        terminal.expect("hello");
        terminal.expect("24 80");
        terminal.expect("42");
        terminal.type("while true; do echo flood; done\r");
        terminal.expect("flood\r\nflood");
        terminal.type("\x1d");
        CHECK(terminal.wait() == 0);
        CHECK(terminal.as_found());
    }
    Terminal terminal({"run", (home->path() / "hello.c").string()}, home->path(), cache.c_str());
    terminal.expect("# ", 120);
    terminal.interrupt();
    CHECK(terminal.wait() == 130);
    CHECK(terminal.as_found());
}
