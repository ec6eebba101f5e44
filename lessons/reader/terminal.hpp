// The terminal we were started from: its size, raw mode with a sure way back, and paging of finished lines.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sandbox/base/result.hpp"

namespace ferrule::reader {

struct TerminalSize {
    int columns = 80, rows = 24;
};

bool is_terminal(int fd);
TerminalSize terminal_size(int fd);  // 80x24 when it cannot be asked

// Until standard input has something to read (true), or an interrupt came, also one that came just before (false).
bool wait_for_input();
// One line from standard input, without its end; none: end of input, or an interrupt.
std::optional<std::string> ask_line(const std::string& prompt);

// Raw mode until destroyed; also undone when the program dies of a signal it can catch.
class RawMode {
public:
    static Result<RawMode> enter(int fd);
    RawMode(RawMode&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    ~RawMode();

private:
    explicit RawMode(int fd) : fd_(fd) {}
    int fd_;
};

// Shows lines (with their escapes) a screen at a time: Enter or space goes on, b back, q leaves.
// Without a terminal on both ends it just prints them.
void page(const std::vector<std::string>& lines);

}  // namespace ferrule::reader
