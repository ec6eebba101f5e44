// Theory of operation.
//
// A child must die with us, also when we are killed with SIGKILL. PR_SET_PDEATHSIG does that, but the
// kernel sends it when the *thread* that forked ends, not the process (prctl(2)), and the runner
// spawns from short-lived worker threads. So one spawner thread per process does every fork. It is never
// joined and lives in memory that is never freed: it ends with the process and not before. (A supervisor process
// holding a pipe would do the same with one more process for each child and one more thing that can be killed.)
//
// Between fork and exec the child may only call what is async-signal-safe, for the other threads' locks are
// frozen in whatever state they had. So everything is worked out before (Plan) and the child allocates nothing.
// If it fails, it sends (step, errno) through a close-on-exec pipe; end of file without a word is a successful exec.
#include "sandbox/base/subprocess.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <thread>

#include "sandbox/base/check.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/interrupt.hpp"

extern char** environ;

namespace ferrule {
namespace {

enum class Step : int { descriptors, directory, limits, exec };

struct Failure {
    Step step;
    int error;
};

struct Plan {
    std::string program;
    std::vector<char*> argv, envp;
    const char* directory = nullptr;
    std::vector<PassedFd> fds;  // sorted by childs
    std::vector<int> moved;     // room for the child
    std::vector<std::pair<int, rlimit>> limits;
    int report = -1;  // write end of the failure pipe
    pid_t parent = -1;
};

int set_cloexec(unsigned first, unsigned last) {
    if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0) return 0;
    if (errno != ENOSYS && errno != EINVAL) return errno;
    rlimit limit;  // a kernel before 5.11
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return errno;
    for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; ++fd) fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
    return 0;
}

// Puts every descriptor under its number and marks all others close-on-exec. 0 or errno.
int arrange_descriptors(Plan& plan) {
    // First out of each other's way, above every number wanted.
    const int above = std::max(3, plan.fds.back().childs + 1);
    for (size_t i = 0; i < plan.fds.size(); ++i) {
        plan.moved[i] = fcntl(plan.fds[i].ours, F_DUPFD_CLOEXEC, above);
        if (plan.moved[i] < 0) return errno;
    }
    const int report = fcntl(plan.report, F_DUPFD_CLOEXEC, above);
    if (report < 0) return errno;
    plan.report = report;
    unsigned next = 0;
    for (size_t i = 0; i < plan.fds.size(); ++i) {
        const int childs = plan.fds[i].childs;
        if (dup2(plan.moved[i], childs) < 0) return errno;
        if (static_cast<unsigned>(childs) > next)
            if (const int error = set_cloexec(next, static_cast<unsigned>(childs) - 1); error != 0) return error;
        next = static_cast<unsigned>(childs) + 1;
    }
    return set_cloexec(next, UINT_MAX);
}

[[noreturn]] void child_fails(const Plan& plan, Step step, int error) {
    const Failure failure{step, error};
    if (write(plan.report, &failure, sizeof failure) < 0) _exit(126);
    _exit(127);
}

[[noreturn]] void child_main(Plan& plan) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != plan.parent) _exit(127);  // it died before the prctl
    setpgid(0, 0);
    for (int signal = 1; signal < NSIG; ++signal) {
        struct sigaction normal = {};
        normal.sa_handler = SIG_DFL;
        sigaction(signal, &normal, nullptr);
    }
    if (const int error = arrange_descriptors(plan); error != 0) child_fails(plan, Step::descriptors, error);
    if (plan.directory != nullptr && chdir(plan.directory) != 0) child_fails(plan, Step::directory, errno);
    for (const auto& [what, limit] : plan.limits)
        if (setrlimit(static_cast<__rlimit_resource_t>(what), &limit) != 0) child_fails(plan, Step::limits, errno);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execve(plan.program.c_str(), plan.argv.data(), plan.envp.data());
    child_fails(plan, Step::exec, errno);
}

// The one thread that forks. See the top of the file.
class Spawner {
public:
    static Spawner& get() {
        static Spawner& spawner = *new Spawner;
        return spawner;
    }

    // The pid, or -errno.
    pid_t fork_child(Plan& plan) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return plan_ == nullptr && !done_; });
        plan_ = &plan;
        changed_.notify_all();
        changed_.wait(lock, [&] { return done_; });
        done_ = false;
        const pid_t pid = pid_;
        changed_.notify_all();
        return pid;
    }

private:
    Spawner() {
        // No signal handler of ours ever runs there.
        sigset_t all, old;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        std::thread([this] { loop(); }).detach();
        pthread_sigmask(SIG_SETMASK, &old, nullptr);
    }

    [[noreturn]] void loop() {
        std::unique_lock lock(mutex_);
        for (;;) {
            changed_.wait(lock, [&] { return plan_ != nullptr && !done_; });
            const pid_t pid = fork();
            if (pid == 0) child_main(*plan_);
            pid_ = pid < 0 ? -errno : pid;
            plan_ = nullptr;
            done_ = true;
            changed_.notify_all();
        }
    }

    std::mutex mutex_;
    std::condition_variable changed_;
    Plan* plan_ = nullptr;
    bool done_ = false;
    pid_t pid_ = -1;
};

Result<std::string> look_up(const std::string& name) {
    if (name.find('/') != std::string::npos) return name;
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const size_t colon = std::min(rest.find(':'), rest.size());
        const std::string candidate = std::string(rest.substr(0, colon)) + "/" + name;
        rest.remove_prefix(std::min(colon + 1, rest.size()));
        std::error_code ignored;
        if (candidate[0] == '/' && access(candidate.c_str(), X_OK) == 0 && fs::is_regular_file(candidate, ignored))
            return candidate;
    }
    return fail("spawn", "cannot start " + name + ": no such program in PATH",
                "install it, or run ./ferrule, which does");
}

void add_limit(Plan& plan, int what, std::optional<unsigned long> value) {
    if (value) plan.limits.emplace_back(what, rlimit{*value, *value});
}

tl::unexpected<Error> spawn_error(const SpawnRequest& request, const Plan& plan, const Failure& failure) {
    const std::string reason = std::strerror(failure.error);
    switch (failure.step) {
        case Step::descriptors:
            return fail("spawn", "cannot start " + plan.program + ": passing descriptors: " + reason);
        case Step::directory:
            return fail("spawn", "cannot start " + plan.program + " in " + request.directory + ": " + reason);
        case Step::limits: return fail("spawn", "cannot start " + plan.program + ": setting limits: " + reason);
        case Step::exec: break;
    }
    return fail("spawn", "cannot start " + plan.program + ": " + reason);
}

int milliseconds_until(Clock::time_point deadline) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, INT_MAX));
}

// One of the child's output pipes.
struct Stream {
    UniqueFd fd;
    std::string* into;
    const std::function<void(std::string_view)>* listener;

    // Reads what is there; closes at the end.
    void read_some(size_t cap, bool& truncated) {
        std::array<char, 64 * 1024> buffer;
        const ssize_t got = read(fd.get(), buffer.data(), buffer.size());
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return;
        if (got <= 0) return fd.reset();
        const std::string_view bytes(buffer.data(), static_cast<size_t>(got));
        if (listener != nullptr && *listener) (*listener)(bytes);
        const size_t room = cap - std::min(cap, into->size());
        if (bytes.size() > room) truncated = true;
        into->append(bytes.substr(0, room));
    }
};

Result<std::pair<UniqueFd, UniqueFd>> make_pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return fail("spawn", std::string("cannot make a pipe: ") + std::strerror(errno));
    return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

// A file without a name, read from its beginning: nothing has to be fed, and a child that does not read cannot block
// us.
Result<UniqueFd> input_file(std::string_view text) {
    UniqueFd fd(memfd_create("ferrule-input", MFD_CLOEXEC));
    while (fd && !text.empty()) {
        const ssize_t put = write(fd.get(), text.data(), text.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return fail("spawn", std::string("cannot hold a child's input: ") + std::strerror(errno));
        text.remove_prefix(static_cast<size_t>(put));
    }
    if (!fd || lseek(fd.get(), 0, SEEK_SET) != 0)
        return fail("spawn", std::string("cannot hold a child's input: ") + std::strerror(errno));
    return fd;
}

}  // namespace

Child::Child(Child&& other) noexcept { *this = std::move(other); }

Child& Child::operator=(Child&& other) noexcept {
    if (this != &other) {
        kill();
        pid_ = std::exchange(other.pid_, -1);
        status_ = other.status_;
        reaped_ = std::exchange(other.reaped_, true);
        pidfd_ = std::move(other.pidfd_);
    }
    return *this;
}

Child::~Child() { kill(); }

void Child::reap() {
    // Before waitpid: while the leader is a zombie its number cannot belong to another group.
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);  // one that had not got as far as its own group
    pid_t got;
    while ((got = waitpid(pid_, &status_, 0)) < 0 && errno == EINTR) {
    }
    FERRULE_CHECK(got == pid_);
    reaped_ = true;
}

bool Child::running() {
    if (reaped_) return false;
    siginfo_t info = {};
    FERRULE_CHECK(waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0);
    if (info.si_pid == 0) return true;
    reap();
    return false;
}

std::optional<int> Child::wait(Clock::time_point deadline) {
    FERRULE_CHECK(pid_ > 0);
    while (running()) {
        pollfd fds[] = {{pidfd_.get(), POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
        const int left = milliseconds_until(deadline);
        if (left == 0 || interrupted()) return std::nullopt;
        poll(fds, 2, left);
    }
    return status_;
}

void Child::kill() {
    if (!reaped_) reap();
}

Result<Child> spawn(const SpawnRequest& request) {
    FERRULE_CHECK(!request.argv.empty());
    Plan plan;
    FERRULE_TRY(plan.program, look_up(request.argv[0]));
    for (const std::string& word : request.argv) plan.argv.push_back(const_cast<char*>(word.c_str()));
    plan.argv.push_back(nullptr);
    if (request.environment) {
        for (const std::string& word : *request.environment) plan.envp.push_back(const_cast<char*>(word.c_str()));
    } else {
        for (char** word = environ; *word != nullptr; ++word) plan.envp.push_back(*word);
    }
    plan.envp.push_back(nullptr);
    if (!request.directory.empty()) plan.directory = request.directory.c_str();

    UniqueFd null(open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return tl::unexpected(system_error("cannot open", "/dev/null", errno));
    plan.fds = request.fds;
    for (int standard = 0; standard < 3; ++standard)
        if (std::none_of(plan.fds.begin(), plan.fds.end(), [&](const PassedFd& fd) { return fd.childs == standard; }))
            plan.fds.push_back({null.get(), standard});
    std::sort(plan.fds.begin(), plan.fds.end(),
              [](const PassedFd& a, const PassedFd& b) { return a.childs < b.childs; });
    for (size_t i = 0; i < plan.fds.size(); ++i)
        FERRULE_CHECK(plan.fds[i].ours >= 0 && plan.fds[i].childs >= 0 &&
                      (i == 0 || plan.fds[i - 1].childs != plan.fds[i].childs));
    plan.moved.resize(plan.fds.size());

    add_limit(plan, RLIMIT_CORE, 0);
    add_limit(plan, RLIMIT_CPU, request.limits.cpu_seconds);
    add_limit(plan, RLIMIT_AS, request.limits.address_space_bytes);
    add_limit(plan, RLIMIT_FSIZE, request.limits.file_size_bytes);
    add_limit(plan, RLIMIT_NOFILE, request.limits.open_files);

    FERRULE_TRY(auto report, make_pipe());
    plan.report = report.second.get();
    plan.parent = getpid();
    const pid_t pid = Spawner::get().fork_child(plan);
    report.second.reset();
    if (pid < 0) return fail("spawn", "cannot start " + plan.program + ": " + std::strerror(-pid));

    Child child;
    child.pid_ = pid;
    child.reaped_ = false;
    child.pidfd_.reset(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));  // close-on-exec always
    if (!child.pidfd_)
        return fail("unsupported-host", std::string("cannot watch a process: ") + std::strerror(errno),
                    "Linux 5.3 or later is needed");
    Failure failure;
    ssize_t got;
    while ((got = read(report.first.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
    }
    if (got == sizeof failure) return spawn_error(request, plan, failure);
    return child;
}

Result<RunResult> run(SpawnRequest request, const RunOptions& options) {
    const auto deadline = Clock::now() + options.timeout;
    const auto given = [&](int number) {
        return std::any_of(request.fds.begin(), request.fds.end(),
                           [&](const PassedFd& fd) { return fd.childs == number; });
    };
    const bool own_out = !given(1), own_err = !given(2);
    RunResult result;
    UniqueFd input;
    if (!options.input.empty() && !given(0)) {
        FERRULE_TRY(input, input_file(options.input));
        request.fds.push_back({input.get(), 0});
    }
    FERRULE_TRY(auto out, make_pipe());
    FERRULE_TRY(auto err, make_pipe());
    if (own_out) request.fds.push_back({out.second.get(), 1});
    if (own_err) request.fds.push_back({options.merge_stderr ? out.second.get() : err.second.get(), 2});
    for (int fd : {out.first.get(), err.first.get()}) fcntl(fd, F_SETFL, O_NONBLOCK);
    FERRULE_TRY(Child child, spawn(request));
    out.second.reset();
    err.second.reset();

    Stream streams[] = {{std::move(out.first), &result.out, &options.on_output},
                        {std::move(err.first), &result.err, nullptr}};
    bool ended = false;
    auto until = deadline;
    while (!ended || streams[0].fd || streams[1].fd) {
        pollfd fds[] = {{streams[0].fd.get(), POLLIN, 0},
                        {streams[1].fd.get(), POLLIN, 0},
                        {ended ? -1 : child.fd(), POLLIN, 0},
                        {ended ? -1 : interrupt_fd(), POLLIN, 0}};
        poll(fds, 4, milliseconds_until(until));
        for (int i = 0; i < 2; ++i)
            if (fds[i].revents != 0) streams[i].read_some(options.output_cap, result.truncated);
        if (!ended) {
            const bool late = Clock::now() >= deadline;
            if (fds[2].revents == 0 && !late && !interrupted()) continue;
            if (child.running()) {
                result.timed_out = late;
                result.interrupted = !late;
            }
            child.kill();
            ended = true;
            // What is still in the pipes is read; somebody who left the group may hold them open, so not for ever.
            until = Clock::now() + std::chrono::milliseconds(200);
        } else if (Clock::now() >= until) {
            break;
        }
    }
    const int status = *child.wait(Clock::now());
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (WIFSIGNALED(status)) result.signal = WTERMSIG(status);
    return result;
}

}  // namespace ferrule
