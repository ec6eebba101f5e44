// A program with a terminal of its own (a pty), whose other end is ours: the person's editor.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lessons/workbench/stream.hpp"
#include "sandbox/base/result.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule::workbench {

class PtyChild {
public:
    // argv[0] is looked up in PATH; `environment` is added to ours. Error "spawn".
    static Result<PtyChild> start(const std::vector<std::string>& argv, const std::string& directory,
                                  const std::vector<std::pair<std::string, std::string>>& environment, int rows,
                                  int columns);
    PtyChild(PtyChild&& other) noexcept;
    PtyChild& operator=(PtyChild&& other) noexcept;
    ~PtyChild();  // hangs up on it, as a closed terminal window does; what is there after a second is killed

    int fd() const { return master_.get(); }  // for a poll
    // What it wrote, at most `cap` bytes. None: it is gone.
    std::optional<std::string> read(size_t cap) { return read_some(fd(), cap); }
    // As much as it takes now; the rest stays with the caller.
    size_t write(std::string_view bytes) { return write_some(fd(), bytes); }
    void resize(int rows, int columns);
    void kill(int signal);  // to all of its group
    bool running();  // reaps it when it has ended
    int status() const { return status_; }  // as of waitpid(2), once it has ended

private:
    PtyChild(UniqueFd master, pid_t pid) : master_(std::move(master)), pid_(pid) {}
    void end();
    UniqueFd master_;
    pid_t pid_ = -1;
    int status_ = 0;
};

}  // namespace ferrule::workbench
