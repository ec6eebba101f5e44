#include "lessons/reader/highlight.hpp"

#include <algorithm>
#include <cctype>
#include <set>

#include "grader/source_spans.hpp"
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

void add(Line& out, std::string_view text, Role role) {
    if (!out.empty() && out.back().style.role == role)
        out.back().text += text;
    else
        out.push_back({std::string(text), {role}});
}

size_t end_of_word(std::string_view text, size_t at) { return at + grader::word_at(text, at).size(); }

// Adds a part of a line that is neither comment nor literal.
void code(Line& out, std::string_view text, bool rust) {
    const bool first = out.empty();
    for (size_t at = 0, end = 0; at < text.size(); at = end) {
        const char c = text[at];
        Role role = Role::code;
        end = at + 1;
        if (std::isdigit(static_cast<unsigned char>(c))) {
            end = end_of_word(text, at);
            role = Role::number;
        } else if (grader::word_char(c)) {
            end = end_of_word(text, at);
            if ((rust ? kRust : kC).count(text.substr(at, end - at))) role = Role::keyword;
        } else if (rust && c == '\'') {  // a lifetime
            end = end_of_word(text, at + 1);
            role = Role::keyword;
        } else if (!rust && c == '#' && first && text.find_first_not_of(" \t") == at) {  // the preprocessor's
            end = end_of_word(text, std::min(text.find_first_not_of(" \t#", at), text.size()));
            role = Role::keyword;
        }
        add(out, text.substr(at, end - at), role);
    }
}

Role role_of(grader::SpanKind kind) {
    switch (kind) {
        case grader::SpanKind::line_comment:
        case grader::SpanKind::block_comment: return Role::comment;
        case grader::SpanKind::string:
        case grader::SpanKind::character: return Role::string;
        default: return Role::code;
    }
}

// `text` ends with a line's end, or is empty.
std::vector<Line> source_lines(std::string_view text, grader::Language language) {
    const bool rust = language == grader::Language::rust;
    std::vector<Line> lines(1);
    bool attribute = false;  // "#[…]" in Rust, to the end of its line
    for (const grader::SourceSpan& span : grader::source_spans(text, language)) {
        for (size_t at = span.begin; at < span.end;) {
            if (text[at] == '\n') {
                lines.emplace_back();
                attribute = false;
                ++at;
                continue;
            }
            const size_t end = std::min(text.find('\n', at), span.end);
            const std::string_view part = text.substr(at, end - at);
            if (rust && lines.back().empty() && span.kind == grader::SpanKind::code)
                attribute = part.substr(std::min(part.find_first_not_of(' '), part.size())).starts_with('#');
            if (attribute || span.kind != grader::SpanKind::code)
                add(lines.back(), part, attribute ? Role::comment : role_of(span.kind));
            else
                code(lines.back(), part, rust);
            at = end;
        }
    }
    lines.pop_back();
    return lines;
}

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
    std::vector<Line> lines;
    std::string source;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        const std::string line = printable(without_tabs(text.substr(at, end - at)));
        at = end + 1;
        if (c || rust)
            source += line + "\n";
        else if (language == "diff")
            lines.push_back(diff_line(line));
        else if (language == "sh" || language == "shell")
            lines.push_back(shell_line(line));
        else if (language == "console")
            lines.push_back(console_line(line));
        else
            lines.push_back({{line, {Role::code}}});
    }
    if (c || rust) return source_lines(source, rust ? grader::Language::rust : grader::Language::c);
    return lines;
}

}  // namespace ferrule::reader
