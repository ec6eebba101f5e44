// How many terminal columns a text takes. Text is UTF-8; a byte that is none counts as one replacement
// character, and a control character as nothing printable: it is never passed through.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::reader {

struct Glyph {
    char32_t code = 0;  // U+FFFD for a bad byte or a control character
    size_t bytes = 0;   // how many bytes of the text it took; 0 only at the end
    int columns = 0;    // 0 for combining characters, 2 for wide ones
};

Glyph next_glyph(std::string_view text, size_t at);
int columns(std::string_view text);
// The longest beginning that fits in `limit` columns (whole characters, with their combining ones).
std::string_view cut(std::string_view text, int limit);
// Bad bytes and control characters replaced by U+FFFD; a tab becomes spaces up to the next stop of eight.
std::string printable(std::string_view text);
std::string to_utf8(char32_t code);

}  // namespace ferrule::reader
