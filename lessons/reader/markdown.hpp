// A lesson (CommonMark) as styled lines of at most so many columns: a value that a plain printer and, later, panes
// draw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::reader {

enum class Role { text, heading, code, link, quote, mark };  // mark: bullets, rules, labels

struct Style {
    Role role = Role::text;
    bool strong = false;
    bool emphasis = false;
    bool operator==(const Style&) const = default;
};

struct Span {
    std::string text;  // printable UTF-8, no control character
    Style style;
};

using Line = std::vector<Span>;

// No line is wider than `width` columns (at least 20). Tables are not CommonMark and stay as they are written.
std::vector<Line> render_markdown(std::string_view markdown, int width);
// The text of the first heading; empty when there is none.
std::string markdown_title(std::string_view markdown);

enum class Look { plain, attributes, colour };  // no escapes at all; bold and underline only (NO_COLOR); everything
std::string to_text(const Line& line, Look look);
// From NO_COLOR, TERM and whether descriptor `fd` is a terminal.
Look look_of(int fd);

}  // namespace ferrule::reader
