// Finding a symbol in the learner's sources, for the tools that name a symbol and no line.
#include <cctype>

#include "sandbox/build/diagnostics.hpp"
#include "sandbox/build/sources.hpp"

namespace ferrule::build {
namespace {

// Comments, strings and character constants become spaces; line feeds stay. Good enough for both languages (a Rust
// lifetime is told from a character by the closing quote).
std::string code_only(std::string_view text) {
    std::string out(text);
    const auto blank = [&](size_t from, size_t to) {
        for (size_t i = from; i < to && i < out.size(); ++i)
            if (out[i] != '\n') out[i] = ' ';
    };
    for (size_t i = 0; i < text.size();) {
        const std::string_view rest = text.substr(i);
        size_t end = i + 1;
        if (rest.starts_with("//")) {
            end = std::min(text.find('\n', i), text.size());
            blank(i, end);
        } else if (rest.starts_with("/*")) {
            const size_t close = text.find("*/", i + 2);
            end = close == std::string_view::npos ? text.size() : close + 2;
            blank(i, end);
        } else if (rest[0] == '"') {
            while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
            ++end;
            blank(i, end);
        } else if (rest[0] == '\'' && rest.size() > 2 && (rest[1] == '\\' || rest[2] == '\'')) {
            end = i + (rest[1] == '\\' ? 3 : 2);
            while (end < text.size() && text[end] != '\'' && text[end] != '\n') ++end;
            if (end < text.size() && text[end] == '\'') ++end;
            blank(i, end);
        }
        i = end;
    }
    return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The best occurrence by `rank` (higher is better, 0: none at all); the first among equals.
template <class Rank>
Place find_word(const SourceSet& sources, std::string_view word, Rank rank) {
    Place best;
    int best_rank = 0;
    if (word.empty() || !is_word(word[0])) return best;
    for (const SourceFile& file : sources.files) {
        const std::string code = code_only(file.text);
        int line = 1;
        size_t line_start = 0;
        for (size_t at = code.find(word), seen = 0; at != std::string::npos; at = code.find(word, at + 1)) {
            for (; seen < at; ++seen)
                if (code[seen] == '\n') {
                    ++line;
                    line_start = seen + 1;
                }
            const size_t end = at + word.size();
            if ((at > 0 && is_word(code[at - 1])) || (end < code.size() && is_word(code[end]))) continue;
            const size_t line_end = std::min(code.find('\n', at), code.size());
            const int value = rank(std::string_view(code).substr(line_start, line_end - line_start), at - line_start,
                                   word.size(), has_suffix(file.name, ".h"));
            if (value > best_rank) {
                best_rank = value;
                best = {file.name, line, static_cast<int>(at - line_start) + 1};
            }
        }
    }
    return best;
}

bool called(std::string_view line, size_t end) {
    const size_t next = line.find_first_not_of(" \t", end);
    return next != std::string_view::npos && line[next] == '(';
}

}  // namespace

Place find_use(const SourceSet& sources, std::string_view symbol) {
    return find_word(sources, symbol, [](std::string_view line, size_t at, size_t length, bool header) {
        const bool indented = line[0] == ' ' || line[0] == '\t';
        const bool declared = line.find("extern ") < at || (at >= 3 && line.substr(at - 3, 3) == "fn ");
        if (declared) return 1;
        return (indented ? 4 : 2) + (called(line, at + length) ? 1 : 0) - (header ? 1 : 0);
    });
}

Place find_definition(const SourceSet& sources, std::string_view function) {
    return find_word(sources, function, [](std::string_view line, size_t at, size_t length, bool) {
        if (at >= 3 && line.substr(at - 3, 3) == "fn ") return 3;
        const bool indented = line[0] == ' ' || line[0] == '\t';
        const size_t last = line.find_last_not_of(" \t\r");
        if (!indented && called(line, at + length) && line[last] != ';') return 2;
        return 0;
    });
}

}  // namespace ferrule::build
