#include "lessons/reader/highlight.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "lessons/reader/text_width.hpp"

namespace ferrule::reader {
namespace {

using Words = std::set<std::string_view>;

const Words kC = {"auto",     "bool",    "break",  "case",   "char",   "const",    "continue", "default", "do",
                  "double",   "else",    "enum",   "extern", "float",  "for",      "goto",     "if",      "inline",
                  "int",      "long",    "return", "short",  "signed", "sizeof",   "static",   "struct",  "switch",
                  "typedef",  "union",   "void",   "while",  "NULL",   "unsigned", "volatile", "size_t",  "ssize_t",
                  "register", "u8",      "u16",    "u32",    "u64",    "s8",       "s16",      "s32",     "s64",
                  "__user",   "__iomem", "__init", "__exit", "gfp_t",  "true",     "false"};
const Words kRust = {"as",     "async", "await", "break", "const",  "continue", "crate", "dyn",   "else",   "enum",
                     "extern", "false", "fn",    "for",   "if",     "impl",     "in",    "let",   "loop",   "match",
                     "mod",    "move",  "mut",   "pub",   "ref",    "return",   "self",  "Self",  "static", "struct",
                     "super",  "trait", "true",  "type",  "unsafe", "use",      "where", "while", "u8",     "u16",
                     "u32",    "u64",   "usize", "i8",    "i16",    "i32",      "i64",   "isize", "bool",   "str"};

// Four columns: eight would take half of a narrow terminal.
std::string without_tabs(std::string_view line) {
    std::string out;
    int column = 0;
    for (const char c : line) {
        if (c == '\t') {
            const int blanks = 4 - column % 4;
            out.append(static_cast<size_t>(blanks), ' ');
            column += blanks;
            continue;
        }
        out += c;
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column;
    }
    return out;
}

bool in_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// C and Rust, a state that lasts over lines: inside of a block comment.
class Lexer {
public:
    explicit Lexer(bool rust) : rust_(rust) {}

    Line line(std::string_view text) {
        Line out;
        for (size_t at = 0; at < text.size();) {
            const auto [end, role] = token(text, at);
            if (!out.empty() && out.back().style.role == role)
                out.back().text += text.substr(at, end - at);
            else
                out.push_back({std::string(text.substr(at, end - at)), {role}});
            at = end;
        }
        return out;
    }

private:
    struct Token {
        size_t end;
        Role role;
    };

    Token token(std::string_view text, size_t at) {
        if (depth_ > 0 || text.substr(at, 2) == "/*") return {block_comment(text, at), Role::comment};
        if (text.substr(at, 2) == "//") return {text.size(), Role::comment};
        const char c = text[at];
        if (c == '"') return {quoted(text, at), Role::string};
        if (c == '\'') return character(text, at);
        if (std::isdigit(static_cast<unsigned char>(c))) return {word(text, at), Role::number};
        if (in_word(c)) {
            const size_t end = word(text, at);
            return {end, (rust_ ? kRust : kC).count(text.substr(at, end - at)) ? Role::keyword : Role::code};
        }
        // Preprocessor, and attributes.
        if (c == '#' && text.find_first_not_of(" \t") == at) {
            if (rust_) return {text.size(), Role::comment};
            return {word(text, std::min(text.find_first_not_of(" \t#", at), text.size())), Role::keyword};
        }
        return {at + 1, Role::code};
    }

    // Rust's nest.
    size_t block_comment(std::string_view text, size_t at) {
        while (at < text.size()) {
            if (text.substr(at, 2) == "*/" && depth_ > 0) {
                at += 2;
                if (--depth_ == 0) return at;
            } else if (text.substr(at, 2) == "/*" && (rust_ || depth_ == 0)) {
                at += 2;
                ++depth_;
            } else {
                ++at;
            }
        }
        return at;
    }

    static size_t quoted(std::string_view text, size_t at) {
        for (size_t i = at + 1; i < text.size(); ++i) {
            if (text[i] == '\\')
                ++i;
            else if (text[i] == text[at])
                return i + 1;
        }
        return text.size();
    }

    // In Rust 'a may be a lifetime.
    Token character(std::string_view text, size_t at) const {
        const size_t end = quoted(text, at);
        const bool closed = end > at + 2 && text[end - 1] == '\'';
        if (!rust_ || (closed && (end - at <= 3 || text[at + 1] == '\\'))) return {end, Role::string};
        return {word(text, at + 1), Role::keyword};
    }

    static size_t word(std::string_view text, size_t at) {
        while (at < text.size() && in_word(text[at])) ++at;
        return at;
    }

    const bool rust_;
    int depth_ = 0;
};

Line diff_line(std::string_view text) {
    Role role = Role::code;
    if (text.starts_with("@@") || text.starts_with("+++") || text.starts_with("---"))
        role = Role::comment;
    else if (text.starts_with("+"))
        role = Role::added;
    else if (text.starts_with("-"))
        role = Role::removed;
    return {{std::string(text), {role}}};
}

Line shell_line(std::string_view text) {
    if (text.starts_with("#")) return {{std::string(text), {Role::comment}}};
    if (text.starts_with("$ ")) return {{"$ ", {Role::comment}}, {std::string(text.substr(2)), {Role::keyword}}};
    return {{std::string(text), {Role::code}}};
}

// What the kernel says: the heading of a report, a frame inside a module, and the rest.
Line console_line(std::string_view text) {
    constexpr std::string_view kHeadings[] = {"BUG: ", "WARNING: ", "UBSAN: ", "Oops: ", "INFO: ", "Kernel panic"};
    if (std::any_of(std::begin(kHeadings), std::end(kHeadings),
                    [&](std::string_view one) { return text.find(one) != std::string_view::npos; }))
        return {{std::string(text), {Role::removed, true}}};
    if (text.find("+0x") != std::string_view::npos && text.ends_with("]") && text.rfind(" [") != std::string_view::npos)
        return {{std::string(text), {Role::string}}};
    return {{std::string(text), {Role::code}}};
}

}  // namespace

std::vector<Line> highlight(std::string_view text, std::string_view language) {
    const bool rust = language == "rust", c = language == "c" || language == "h";
    Lexer lexer(rust);
    std::vector<Line> lines;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = printable(without_tabs(text.substr(at, end - at)));
        at = end + 1;
        if (c || rust)
            lines.push_back(lexer.line(line));
        else if (language == "diff")
            lines.push_back(diff_line(line));
        else if (language == "sh" || language == "shell")
            lines.push_back(shell_line(line));
        else if (language == "console")
            lines.push_back(console_line(line));
        else
            lines.push_back({{line, {Role::code}}});
    }
    return lines;
}

}  // namespace ferrule::reader
