#include "sandbox/base/subprocess.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/interrupt.hpp"

using namespace ferrule;
using namespace std::chrono_literals;

namespace {

SpawnRequest sh(const std::string& script) {
    SpawnRequest request;
    request.argv = {"sh", "-c", script};
    return request;
}

// Zombies count as gone: nobody may be there to reap a grandchild.
bool alive(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    return stat && stat->substr(stat->rfind(')') + 2, 1) != "Z";
}

bool gone_within(pid_t pid, std::chrono::milliseconds limit) {
    for (const auto end = Clock::now() + limit; Clock::now() < end; std::this_thread::sleep_for(5ms))
        if (!alive(pid)) return true;
    return !alive(pid);
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

}  // namespace

TEST_CASE("output, error output and status come back apart") {
    const RunResult result = run(sh("echo out; echo err >&2; exit 3")).value();
    CHECK(result.out == "out\n");
    CHECK(result.err == "err\n");
    CHECK(result.exit_code == 3);
    CHECK(result.signal == 0);
    CHECK(!result.timed_out);
}

TEST_CASE("merged, error output stands where it was said") {
    RunOptions options;
    options.merge_stderr = true;
    const RunResult result = run(sh("echo 1; echo 2 >&2; echo 3"), options).value();
    CHECK(result.out == "1\n2\n3\n");
    CHECK(result.err.empty());
}

TEST_CASE("input of any size reaches the child, and one that does not read it harms nobody") {
    RunOptions options;
    options.input = std::string(3 << 20, 'x');
    CHECK(run(sh("wc -c"), options).value().out == "3145728\n");
    CHECK(run(sh("exec true"), options).value().exit_code == 0);
    CHECK(run(sh("cat")).value().out.empty());  // /dev/null without input
}

TEST_CASE("a program ended by a signal says which") {
    const RunResult result = run(sh("kill -SEGV $$")).value();
    CHECK(result.exit_code == -1);
    CHECK(result.signal == SIGSEGV);
}

TEST_CASE("a child that cannot start is an error that names it") {
    SpawnRequest request;
    request.argv = {"no-such-program-here"};
    CHECK(run(request).error().code == "spawn");
    CHECK(run(request).error().message.find("no-such-program-here") != std::string::npos);
    request.argv = {"/etc/passwd"};
    CHECK(run(request).error().message == "cannot start /etc/passwd: Permission denied");
    request = sh("true");
    request.directory = "/no/such/folder";
    CHECK(run(request).error().message.find("/no/such/folder") != std::string::npos);
}

TEST_CASE("output above the cap is dropped, the listener hears all of it") {
    RunOptions options;
    options.output_cap = 1000;
    size_t heard = 0;
    options.on_output = [&](std::string_view bytes) { heard += bytes.size(); };
    const RunResult result = run(sh("head -c 300000 /dev/zero; echo done >&2"), options).value();
    CHECK(result.out.size() == 1000);
    CHECK(result.truncated);
    CHECK(heard == 300000);
    CHECK(result.err == "done\n");
    CHECK(result.exit_code == 0);
}

TEST_CASE("the deadline kills the whole group") {
    RunOptions options;
    options.timeout = 300ms;
    const auto start = Clock::now();
    const RunResult result = run(sh("sleep 1000 & echo $!; trap '' TERM; sleep 1000"), options).value();
    CHECK(seconds_since(start) < 5);
    CHECK(result.timed_out);
    CHECK(result.signal == SIGKILL);
    CHECK(gone_within(std::stoi(result.out), 2s));
}

TEST_CASE("what a child leaves behind in its group ends with it") {
    const auto start = Clock::now();
    const RunResult result = run(sh("sleep 1000 & echo $!")).value();
    CHECK(seconds_since(start) < 5);
    CHECK(result.exit_code == 0);
    CHECK(!result.timed_out);
    CHECK(gone_within(std::stoi(result.out), 2s));
}

TEST_CASE("one that left the group and holds the pipe does not hold us") {
    const auto start = Clock::now();
    const RunResult result = run(sh("setsid sleep 4 & exit 0")).value();
    CHECK(seconds_since(start) < 3);
    CHECK(result.exit_code == 0);
}

TEST_CASE("the child sees its descriptors and no other") {
    const int leaked = open("/dev/zero", O_RDONLY);  // not close-on-exec, on purpose
    UniqueFd passed(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    SpawnRequest request = sh("ls /proc/self/fd | tr '\\n' ' '; readlink /proc/self/fd/7");
    request.fds = {{passed.get(), 7}};
    const RunResult result = run(request).value();
    close(leaked);
    // ls itself opens one more for the folder.
    CHECK(result.out == "0 1 2 3 7 /etc/passwd\n");
}

TEST_CASE("descriptors may swap numbers") {
    UniqueFd a(open("/etc/passwd", O_RDONLY | O_CLOEXEC)), b(open("/etc/group", O_RDONLY | O_CLOEXEC));
    SpawnRequest request =
        sh("readlink /proc/self/fd/" + std::to_string(a.get()) + " /proc/self/fd/" + std::to_string(b.get()));
    request.fds = {{a.get(), b.get()}, {b.get(), a.get()}};
    CHECK(run(request).value().out == "/etc/group\n/etc/passwd\n");
}

TEST_CASE("environment, folder and limits are the child's own") {
    SpawnRequest request = sh("echo $A; pwd; ulimit -f; ulimit -n; ulimit -t; ulimit -c; env | grep -c '^HOME='");
    request.environment = {"A=1 2"};
    request.directory = "/usr";
    request.limits.file_size_bytes = 4096;
    request.limits.open_files = 50;
    request.limits.cpu_seconds = 9;
    CHECK(run(request).value().out == "1 2\n/usr\n8\n50\n9\n0\n0\n");
    request = sh("while :; do :; done");
    request.limits.cpu_seconds = 1;
    CHECK(run(request).value().signal == SIGKILL);
}

TEST_CASE("signals ignored or blocked here are neither in the child") {
    const auto old = signal(SIGPIPE, SIG_IGN);
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &block, &before);
    const RunResult result = run(sh("grep -E 'Sig(Blk|Ign)' /proc/self/status")).value();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    signal(SIGPIPE, old);
    CHECK(result.out == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST_CASE("a child started from a thread outlives the thread") {
    Child child;
    std::thread([&] { child = spawn(sh("sleep 1000")).value(); }).join();
    std::this_thread::sleep_for(100ms);
    CHECK(child.running());
    const pid_t pid = child.pid();
    child.kill();
    child.kill();
    CHECK(!child.running());
    CHECK(!alive(pid));
}

TEST_CASE("a child dies with us, however we die") {
    int ends[2];
    REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
    // Not forked from this process, whose spawner thread is not in a forked copy: this program again, as its own test
    // below.
    SpawnRequest request;
    request.argv = {"/proc/self/exe", "[.suicide]"};
    request.argv[0] = fs::read_symlink("/proc/self/exe").string();
    request.fds = {{ends[1], 1}};
    Child victim = spawn(request).value();
    close(ends[1]);
    char text[32] = {};
    REQUIRE(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    const pid_t grandchild = std::stoi(text);
    CHECK(alive(grandchild));
    kill(victim.pid(), SIGKILL);  // this process alone, not its group
    CHECK(gone_within(grandchild, 2s));
}

TEST_CASE("starts a child, tells its pid and waits to be killed", "[.suicide]") {
    Child child = spawn(sh("sleep 1000")).value();
    const std::string text = std::to_string(child.pid()) + "\n";
    REQUIRE(write(1, text.data(), text.size()) > 0);
    child.wait(Clock::now() + 60s);
}

TEST_CASE("waiting has a deadline and sees the end") {
    Child child = spawn(sh("sleep 0.2; exit 5")).value();
    CHECK(!child.wait(Clock::now() + 20ms));
    const auto status = child.wait(Clock::now() + 5s);
    REQUIRE(status);
    CHECK(WEXITSTATUS(*status) == 5);
    CHECK(child.wait(Clock::now()) == status);
}

TEST_CASE("an interrupt ends a wait and a run at once, and nothing is left") {
    install_interrupt_handlers();
    Child child = spawn(sh("sleep 1000")).value();
    std::thread ctrl_c([] {
        std::this_thread::sleep_for(100ms);
        kill(getpid(), SIGINT);
    });
    const auto start = Clock::now();
    const RunResult result = run(sh("sleep 1000 & echo $!; sleep 1000")).value();
    CHECK(!child.wait(Clock::now() + 1000s));
    CHECK(seconds_since(start) < 5);
    ctrl_c.join();
    CHECK(interrupted_by() == SIGINT);
    clear_interrupt();
    CHECK(result.interrupted);
    CHECK(!result.timed_out);
    CHECK(gone_within(std::stoi(result.out), 2s));
    CHECK(child.running());
    CHECK(run(sh("echo on")).value().out == "on\n");
}

TEST_CASE("a second signal ends the process") {
    const pid_t pid = fork();
    if (pid == 0) {
        install_interrupt_handlers();
        kill(getpid(), SIGTERM);
        if (!interrupted()) _exit(1);
        kill(getpid(), SIGTERM);
        _exit(2);
    }
    int status = 0;
    REQUIRE(waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGTERM);
}

TEST_CASE("many threads may spawn at once") {
    std::vector<std::thread> threads;
    std::vector<std::string> outs(8);
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0; i < 5; ++i) outs[t] += run(sh("echo " + std::to_string(t)))->out;
        });
    for (auto& thread : threads) thread.join();
    for (int t = 0; t < 8; ++t) {
        std::string want;
        for (int i = 0; i < 5; ++i) want += std::to_string(t) + "\n";
        CHECK(outs[t] == want);
    }
}
