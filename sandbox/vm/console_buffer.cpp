#include "sandbox/vm/console_buffer.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferrule::vm {

void ConsoleBuffer::append(std::string_view bytes) {
    if (bytes.empty()) return;
    stale_ = true;
    total_ += bytes.size();
    const size_t half = cap_ / 2;
    const size_t take = std::min(bytes.size(), half - std::min(half, head_.size()));
    head_.append(bytes.substr(0, take));
    bytes.remove_prefix(take);
    // What could never stay is not copied first.
    if (bytes.size() > half) {
        dropped_ += tail_.size() + bytes.size() - half;
        tail_.clear();
        bytes.remove_prefix(bytes.size() - half);
    }
    tail_.append(bytes);
    if (tail_.size() >= cap_) {
        dropped_ += tail_.size() - half;
        tail_.erase(0, tail_.size() - half);
    }
}

const std::string& ConsoleBuffer::text() {
    if (!stale_) return text_;
    stale_ = false;
    const size_t half = cap_ / 2;
    const size_t keep = std::min(tail_.size(), half);
    const uint64_t missing = dropped_ + (tail_.size() - keep);
    text_ = head_;
    if (missing > 0) {
        dropped_ = missing;
        tail_.erase(0, tail_.size() - keep);
        text_ += fmt::format("\n[ferrule: {} bytes of console output left out here]\n", missing);
    }
    text_.append(tail_, tail_.size() - keep);
    return text_;
}

std::string ConsoleBuffer::last_lines(size_t count) {
    std::string_view all = text();
    while (!all.empty() && (all.back() == '\n' || all.back() == '\r')) all.remove_suffix(1);
    size_t at = all.size();
    for (size_t lines = 0; at > 0 && lines < count; ++lines) {
        at = all.rfind('\n', at - 1);
        if (at == std::string_view::npos) at = 0;
    }
    if (at > 0) ++at;
    return std::string(all.substr(std::min(at, all.size())));
}

}  // namespace ferrule::vm
