// What the guest's serial port said, bounded: of a flood the beginning and the end are kept, for the first
// report and the last words are what a reader wants.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ferrule::vm {

class ConsoleBuffer {
public:
    explicit ConsoleBuffer(size_t cap) : cap_(cap) {}

    void append(std::string_view bytes);
    // Head, a line that says how much is missing, tail. Valid until the next append.
    const std::string& text();
    bool truncated() const { return dropped_ > 0; }
    uint64_t total() const { return total_; }  // bytes ever seen
    // The last whole or half lines, for an error message.
    std::string last_lines(size_t count);

private:
    size_t cap_;
    std::string head_;  // up to half of the cap
    std::string tail_;  // grows to a whole cap, then loses its older half
    uint64_t dropped_ = 0, total_ = 0;
    std::string text_;
    bool stale_ = false;
};

}  // namespace ferrule::vm
