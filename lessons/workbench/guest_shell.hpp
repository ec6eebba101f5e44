// A shell in the sandbox with the module at hand, in a thread of its own: a clone is not for two threads. What it writes
// and reads goes through one descriptor, whose other end is the pane's.
#pragma once

#include <atomic>
#include <thread>

#include "lessons/reader/grading.hpp"
#include "lessons/workbench/mailbox.hpp"

namespace ferrule::workbench {

class GuestShell {
public:
    // Builds, boots, starts the shell. Until then, and when it cannot, words appear in the pane.
    GuestShell(const grader::Exercise& exercise, grader::Language language, fs::path sources, int rows, int columns);
    ~GuestShell();  // the guest is gone

    int fd() const { return ours_.get(); }  // a stream socket that does not block; end of file: it is over
    void resize(int rows, int columns);

private:
    void work(const grader::Exercise& exercise, grader::Language language, const fs::path& sources);
    Result<void> serve(const grader::Exercise& exercise, grader::Language language, const fs::path& sources);
    void say(std::string_view words);

    UniqueFd ours_, theirs_;
    std::atomic<int> rows_, columns_;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

}  // namespace ferrule::workbench
