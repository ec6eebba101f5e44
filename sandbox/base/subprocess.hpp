// Child processes with an owner: every child has a deadline, dies with its parent
// (PR_SET_PDEATHSIG), starts in a process group of its own that is killed as a whole, inherits no
// descriptor but those named, and its output is capped. The group ends with its leader: when the child
// itself has ended, what it left behind in its group is killed. A descendant that leaves the group (setsid)
// is out of reach here; what runs a stranger's code goes into a PID namespace (bubblewrap --unshare-pid
// --die-with-parent) as well.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/base/result.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule {

using Clock = std::chrono::steady_clock;

struct ChildLimits {
    std::optional<unsigned long> cpu_seconds;
    std::optional<unsigned long> address_space_bytes;
    std::optional<unsigned long> file_size_bytes;
    std::optional<unsigned long> open_files;
};

// Which descriptor of ours the child sees under which number. 0, 1 and 2 default to /dev/null
// (stdin) and whatever the function using it says: spawn gives /dev/null, run a pipe.
struct PassedFd {
    int ours;
    int childs;
};

struct SpawnRequest {
    std::vector<std::string> argv;                        // argv[0] is looked up in PATH
    std::optional<std::vector<std::string>> environment;  // "K=V"; none: ours
    std::string directory;                                // empty: ours
    std::vector<PassedFd> fds;
    ChildLimits limits;
};

// A running child; killed (whole group, SIGKILL) and reaped when destroyed.
class Child {
public:
    Child() = default;
    Child(Child&&) noexcept;
    Child& operator=(Child&&) noexcept;
    ~Child();

    pid_t pid() const { return pid_; }
    bool running();  // reaps if it ended
    // Wait status as waitpid(2); none: the deadline passed, or interrupted() (interrupt.hpp). The child still runs
    // then.
    std::optional<int> wait(Clock::time_point deadline);
    int fd() const { return pidfd_.get(); }  // readable once it ended, for a poll of your own; owned here
    void kill();                             // SIGKILL to the group, then reaps; idempotent

private:
    friend Result<Child> spawn(const SpawnRequest&);
    void reap();  // it has ended
    pid_t pid_ = -1;
    int status_ = 0;
    bool reaped_ = true;
    UniqueFd pidfd_;
};

// From any thread. Errors: code "spawn" (not found, not executable, no such directory, a limit refused).
// Every limit is hard and soft; there are never core dumps.
Result<Child> spawn(const SpawnRequest& request);

struct RunResult {
    int exit_code = -1;  // -1 when a signal ended it
    int signal = 0;      // 0 when it exited
    bool timed_out = false;
    bool interrupted = false;  // killed because interrupted() (interrupt.hpp)
    bool truncated = false;    // more output than the cap
    std::string out;           // stdout (and stderr when merged)
    std::string err;
};

struct RunOptions {
    std::chrono::milliseconds timeout{60'000};
    size_t output_cap = 4u << 20;  // bytes, each of out and err; the rest is read and dropped
    bool merge_stderr = false;
    std::string input;                                // fed to stdin
    std::function<void(std::string_view)> on_output;  // stdout as it comes, before the cap
};

// Runs to the end; on the deadline or an interrupt the group is killed first. Descriptors 0, 1 or 2 named in
// `request` win over input and the pipes. Errors only when the child could not be started ("spawn").
Result<RunResult> run(SpawnRequest request, const RunOptions& options = {});

}  // namespace ferrule
