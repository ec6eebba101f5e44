// A lesson (CommonMark, with GitHub's tables) as styled lines of at most so many columns: a value that a plain printer
// and, later, panes draw.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::reader {

enum class Role {
    text,
    heading,
    code,
    link,
    quote,
    mark,  // bullets, rules, labels
    // Of code, see highlight.hpp:
    comment,
    keyword,
    string,
    number,
    added,
    removed,
};

struct Style {
    Role role = Role::text;
    bool strong = false;
    bool emphasis = false;
    bool operator==(const Style&) const = default;
};

struct Span {
    std::string text;  // printable UTF-8, no control character
    Style style;
    std::string link = {};  // where it leads, as the author wrote it; empty: it is no link
};

// What a role looks like, without its colour and with it. Of the eight colours those that can be read on a dark and on
// a light background; none carries meaning alone.
struct Paint {
    bool bold = false, italic = false, underline = false, dim = false;
    int colour = -1;  // 0 to 7; -1: the terminal's own
};
Paint paint_of(const Style& style);

using Line = std::vector<Span>;
int columns(const Line& line);
// As it stands, in pieces of at most `width` columns: what is too long goes on below. At least one piece.
std::vector<Line> fold(const Line& line, int width);

// `written`: behind a link stands where it leads. `followed`: only where that is no other lesson of the course.
enum class Links { written, followed };
// No line is wider than `width` columns (at least 20).
std::vector<Line> render_markdown(std::string_view markdown, int width, Links links = Links::written);
// The text of the first heading; empty when there is none.
std::string markdown_title(std::string_view markdown);

enum class Look { plain, attributes, colour };  // no escapes at all; bold and underline only (NO_COLOR); everything
std::string to_text(const Line& line, Look look);
// From NO_COLOR, TERM and whether descriptor `fd` is a terminal.
Look look_of(int fd);

}  // namespace ferrule::reader
