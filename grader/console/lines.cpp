#include "grader/console/lines.hpp"

#include <cstddef>

namespace ferrule::grader {
namespace {

constexpr size_t kMaxLine = 1024;
constexpr size_t kMaxLines = 200'000;

bool digit(char c) { return c >= '0' && c <= '9'; }

// "[   12.345678][   T45] " -> length, and the caller. 0: no prefix here.
size_t prefix_at(std::string_view text, std::string_view& caller) {
    size_t at = 0;
    auto spaces = [&] {
        while (at < text.size() && text[at] == ' ') ++at;
    };
    auto digits = [&] {
        size_t from = at;
        while (at < text.size() && digit(text[at]) && at - from < 12) ++at;
        return at > from;
    };
    auto eat = [&](char c) { return at < text.size() && text[at] == c && ++at; };
    if (!eat('[')) return 0;
    spaces();
    if (!digits() || !eat('.') || !digits() || !eat(']') || !eat('[')) return 0;
    spaces();
    size_t from = at;
    if (!(eat('T') || eat('C')) || !digits()) return 0;
    caller = text.substr(from, at - from);
    if (!eat(']')) return 0;
    eat(' ');
    return at;
}

}  // namespace

std::vector<ConsoleLine> split_console(std::string_view console) {
    std::vector<ConsoleLine> lines;
    size_t number = 0;
    std::string_view last_caller;
    while (!console.empty() && lines.size() < kMaxLines) {
        size_t end = console.find('\n');
        std::string_view line = console.substr(0, end);
        console = end == std::string_view::npos ? std::string_view{} : console.substr(end + 1);
        // The kernel ends every line: what has no end is a piece of one.
        const bool piece = end == std::string_view::npos;
        while (!line.empty() && (line.back() == '\r' || line.back() == '\0')) line.remove_suffix(1);
        while (!line.empty() && (line.front() == '\r' || line.front() == '\0')) line.remove_prefix(1);
        if (line.size() > kMaxLine) line = line.substr(0, kMaxLine);

        ConsoleLine parsed;
        parsed.number = number++;
        if (line.starts_with("** ")) {
            // kernel/printk/printk.c: "** replaying previous printk message **": the line before follows again, whole.
            // "** 12 printk messages dropped **"
            if (line.find("replaying previous printk") != std::string_view::npos) {
                if (!lines.empty() && !lines.back().dropped) lines.pop_back();
                continue;
            }
            if (line.find("printk messages dropped") != std::string_view::npos) {
                parsed.dropped = true;
                lines.push_back(parsed);
                continue;
            }
        }
        if (size_t prefix = prefix_at(line, parsed.caller)) {
            line.remove_prefix(prefix);
        } else {
            parsed.caller = last_caller;
        }
        // A second prefix inside: two contexts wrote at once.
        for (size_t at = line.find("]["); at != std::string_view::npos; at = line.find("][", at + 1)) {
            size_t open = line.rfind('[', at);
            std::string_view caller;
            if (open == std::string_view::npos) continue;
            size_t prefix = prefix_at(line.substr(open), caller);
            if (!prefix) continue;
            parsed.text = line.substr(0, open);
            parsed.cut = true;
            lines.push_back(parsed);
            last_caller = parsed.caller;
            parsed.caller = caller;
            parsed.cut = false;
            line.remove_prefix(open + prefix);
            at = 0;
            if (line.size() < 2) break;
        }
        // sandbox/vm/console_buffer.cpp: both lines around it are pieces.
        if (line.starts_with("[ferrule: ") && line.ends_with(" bytes of console output left out here]")) {
            if (!lines.empty() && !lines.back().dropped) lines.pop_back();
            const size_t next = console.find('\n');
            console = next == std::string_view::npos ? std::string_view{} : console.substr(next + 1);
            ++number;
            parsed.dropped = true;
        }
        if (piece) parsed.dropped = true;
        parsed.text = line;
        last_caller = parsed.caller;
        lines.push_back(parsed);
    }
    return lines;
}

}  // namespace ferrule::grader
