// Text of the guest's, made fit for a terminal.
#include <algorithm>

#include "grader/console/console.hpp"

namespace ferrule::grader {

std::string sanitise(std::string_view hostile, size_t cap) {
    std::string clean;
    clean.reserve(std::min(hostile.size(), cap));
    auto continuation = [&](size_t at) {
        return at < hostile.size() && (static_cast<unsigned char>(hostile[at]) & 0xc0) == 0x80;
    };
    for (size_t i = 0; i < hostile.size() && clean.size() < cap;) {
        unsigned char c = hostile[i];
        if (c == 0x1b) {
            // The whole sequence goes: CSI up to its final byte, OSC and the like up to BEL or ST, else two bytes.
            ++i;
            if (i >= hostile.size()) break;
            char kind = hostile[i++];
            if (kind == '[') {
                while (i < hostile.size() && !(hostile[i] >= 0x40 && hostile[i] <= 0x7e) &&
                       static_cast<unsigned char>(hostile[i]) >= 0x20)
                    ++i;
                if (i < hostile.size() && hostile[i] >= 0x40 && hostile[i] <= 0x7e) ++i;
            } else if (kind == ']' || kind == 'P' || kind == '_' || kind == '^' || kind == 'X') {
                size_t limit = std::min(hostile.size(), i + 4096);
                while (i < limit && hostile[i] != '\a' && hostile[i] != '\x1b' && hostile[i] != '\n') ++i;
                if (i < limit && hostile[i] == '\a') ++i;
            }
            continue;
        }
        if (c == '\n') {
            clean.push_back('\n');
            ++i;
        } else if (c == '\t') {
            clean.push_back(' ');
            ++i;
        } else if (c < 0x20 || c == 0x7f) {
            ++i;
        } else if (c < 0x80) {
            clean.push_back(static_cast<char>(c));
            ++i;
        } else {
            size_t length = c >= 0xc2 && c <= 0xdf ? 2 : c >= 0xe0 && c <= 0xef ? 3 : c >= 0xf0 && c <= 0xf4 ? 4 : 0;
            bool valid = length > 0;
            for (size_t k = 1; valid && k < length; ++k) valid = continuation(i + k);
            uint32_t code = 0;
            if (valid) {
                code = c & (0xff >> (length + 1));
                for (size_t k = 1; k < length; ++k)
                    code = code << 6 | (static_cast<unsigned char>(hostile[i + k]) & 0x3f);
                static constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
                // Overlong, surrogates, C1 controls, and what reorders or hides text.
                valid = code >= kLeast[length] && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff) &&
                        code >= 0xa0 && !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
                        !(code >= 0x2060 && code <= 0x206f) && code != 0xfeff;
            }
            if (valid) {
                if (clean.size() + length > cap) break;
                clean.append(hostile.substr(i, length));
                i += length;
            } else {
                clean.push_back('?');
                ++i;
            }
        }
    }
    return clean;
}

}  // namespace ferrule::grader
