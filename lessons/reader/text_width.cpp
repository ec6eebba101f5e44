#include "lessons/reader/text_width.hpp"

#include <clocale>
#include <cwchar>

namespace ferrule::reader {

namespace {

constexpr char32_t kReplacement = 0xfffd;
constexpr const char* kReplacementText = "\xef\xbf\xbd";

// wcwidth(3) knows nothing beyond ASCII outside a UTF-8 locale.
int width_of(char32_t code) {
    static const bool ready = [] {
        return std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr || std::setlocale(LC_CTYPE, "en_US.UTF-8") != nullptr;
    }();
    if (code >= 0x20 && code < 0x7f) return 1;
    if (!ready) return 1;
    const int width = ::wcwidth(static_cast<wchar_t>(code));
    return width < 0 ? 1 : width;
}

bool control(char32_t code) { return code < 0x20 || (code >= 0x7f && code < 0xa0); }

// Characters that reorder or hide what stands around them; a lesson has no use for them.
bool hidden(char32_t code) { return (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069); }

}  // namespace

Glyph next_glyph(std::string_view text, size_t at) {
    if (at >= text.size()) return {};
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at);
    char32_t code = lead;
    size_t length = 1;
    char32_t least = 0;
    if (lead >= 0x80) {
        if ((lead & 0xe0) == 0xc0) {
            length = 2;
            code = lead & 0x1fu;
            least = 0x80;
        } else if ((lead & 0xf0) == 0xe0) {
            length = 3;
            code = lead & 0x0fu;
            least = 0x800;
        } else if ((lead & 0xf8) == 0xf0) {
            length = 4;
            code = lead & 0x07u;
            least = 0x10000;
        } else
            return {kReplacement, 1, 1};
        if (at + length > text.size()) return {kReplacement, 1, 1};
        for (size_t i = 1; i < length; ++i) {
            if ((byte(at + i) & 0xc0) != 0x80) return {kReplacement, 1, 1};
            code = (code << 6) | (byte(at + i) & 0x3fu);
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return {kReplacement, 1, 1};
    }
    if (control(code) || hidden(code)) return {kReplacement, length, 1};
    return {code, length, width_of(code)};
}

int columns(std::string_view text) {
    int total = 0;
    for (size_t at = 0; at < text.size();) {
        const Glyph glyph = next_glyph(text, at);
        total += glyph.columns;
        at += glyph.bytes;
    }
    return total;
}

std::string_view cut(std::string_view text, int limit) {
    int used = 0;
    size_t at = 0;
    while (at < text.size()) {
        const Glyph glyph = next_glyph(text, at);
        if (used + glyph.columns > limit) break;
        used += glyph.columns;
        at += glyph.bytes;
    }
    return text.substr(0, at);
}

std::string printable(std::string_view text) {
    std::string out;
    int column = 0;
    for (size_t at = 0; at < text.size();) {
        if (text[at] == '\t') {
            const int spaces = 8 - column % 8;
            out.append(static_cast<size_t>(spaces), ' ');
            column += spaces;
            ++at;
            continue;
        }
        const Glyph glyph = next_glyph(text, at);
        if (glyph.code == kReplacement)
            out += kReplacementText;
        else
            out += text.substr(at, glyph.bytes);
        column += glyph.columns;
        at += glyph.bytes;
    }
    return out;
}

std::string to_utf8(char32_t c) {
    std::string out;
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xc0 | (c >> 6));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xe0 | (c >> 12));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    } else {
        out += static_cast<char>(0xf0 | (c >> 18));
        out += static_cast<char>(0x80 | ((c >> 12) & 0x3f));
        out += static_cast<char>(0x80 | ((c >> 6) & 0x3f));
        out += static_cast<char>(0x80 | (c & 0x3f));
    }
    return out;
}

}  // namespace ferrule::reader
