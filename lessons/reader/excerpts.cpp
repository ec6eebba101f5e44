#include "lessons/reader/excerpts.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace ferrule::reader {

namespace {

constexpr std::string_view kLeftOut = "…";

// The end of what begins at `at` with a quotation mark. Of an apostrophe only where it is a character's: Rust's
// lifetimes have one that nothing closes.
size_t end_of_literal(std::string_view code, size_t at) {
    const char mark = code[at];
    if (mark == '\'') {
        if (at + 2 < code.size() && code[at + 1] != '\\' && code[at + 2] == '\'') return at + 3;
        if (at + 1 >= code.size() || code[at + 1] != '\\') return at + 1;
    }
    size_t end = at + 1;
    while (end < code.size() && code[end] != mark && code[end] != '\n') end += code[end] == '\\' ? 2 : 1;
    return std::min(end + 1, code.size());
}

// Rust's comments nest; C's do not.
size_t end_of_comment(std::string_view code, size_t at, grader::Language language) {
    int depth = 1;
    for (at += 2; at < code.size() && depth > 0;) {
        const std::string_view two = code.substr(at, 2);
        if (two == "*/") --depth;
        if (two == "/*" && language == grader::Language::rust) ++depth;
        at += two == "*/" || two == "/*" ? 2 : 1;
    }
    return std::min(at, code.size());
}

// Each comment becomes one such character: a line of nothing else is not empty.
constexpr char kComment = '\1';

std::string without_comments(std::string_view code, grader::Language language) {
    std::string out;
    for (size_t at = 0; at < code.size();) {
        const std::string_view two = code.substr(at, 2);
        size_t end = at + 1;
        if (two == "//")
            end = std::min(code.find('\n', at), code.size());
        else if (two == "/*")
            end = end_of_comment(code, at, language);
        else if (code[at] == '"' || code[at] == '\'')
            end = end_of_literal(code, at);
        if (two == "//" || two == "/*")
            out += kComment;
        else
            out += code.substr(at, end - at);
        at = end;
    }
    return out;
}

// Of code without comments.
std::string without_blanks(std::string_view code) {
    std::string out;
    for (size_t at = 0; at < code.size();) {
        const char c = code[at];
        if (c == '"' || c == '\'') {
            const size_t end = end_of_literal(code, at);
            out += code.substr(at, end - at);
            at = end;
            continue;
        }
        if ((c == ')' || c == ']' || c == '}') && out.ends_with(',')) out.pop_back();
        if (c != kComment && !std::isspace(static_cast<unsigned char>(c)) && code.substr(at, 2) != "\\\n") out += c;
        ++at;
    }
    return out;
}

std::vector<std::string> pieces_of(std::string_view block, grader::Language language) {
    std::vector<std::string> pieces;
    std::istringstream lines(without_comments(block, language));
    std::string text;
    const auto cut = [&] {
        if (const std::string piece = without_blanks(text); !piece.empty()) pieces.push_back(piece);
        text.clear();
    };
    for (std::string line; std::getline(lines, line);) {
        if (line.find_first_not_of(" \t") == std::string::npos) cut();
        for (size_t at; (at = line.find(kLeftOut)) != std::string::npos; line.erase(0, at + kLeftOut.size())) {
            text += line.substr(0, at);
            cut();
        }
        text += line + "\n";
    }
    cut();
    return pieces;
}

}  // namespace

std::string squeezed(std::string_view code, grader::Language language) {
    return without_blanks(without_comments(code, language));
}

bool is_excerpt(std::string_view block, std::string_view source, grader::Language language) {
    const std::vector<std::string> pieces = pieces_of(block, language);
    size_t at = 0;
    for (const std::string& piece : pieces) {
        const size_t found = source.find(piece, at);
        if (found == std::string_view::npos) return false;
        at = found + piece.size();
    }
    return true;
}

}  // namespace ferrule::reader
