#include "lessons/reader/excerpts.hpp"

#include <cctype>
#include <sstream>

#include "grader/source_spans.hpp"

namespace ferrule::reader {

namespace {

using grader::SourceSpan;
using grader::SpanKind;

constexpr std::string_view kLeftOut = "…";

// Each comment becomes one such character: a line of nothing else is not empty.
constexpr char kComment = '\1';

std::string without_comments(std::string_view code, grader::Language language) {
    std::string out;
    for (const SourceSpan& span : grader::source_spans(code, language)) {
        if (span.kind == SpanKind::line_comment || span.kind == SpanKind::block_comment)
            out += kComment;
        else
            out += code.substr(span.begin, span.end - span.begin);
    }
    return out;
}

// Of code without comments.
std::string without_blanks(std::string_view code, grader::Language language) {
    std::string out;
    for (const SourceSpan& span : grader::source_spans(code, language)) {
        if (span.kind != SpanKind::code) {
            out += code.substr(span.begin, span.end - span.begin);
            continue;
        }
        for (size_t at = span.begin; at < span.end; ++at) {
            const char c = code[at];
            if ((c == ')' || c == ']' || c == '}') && out.ends_with(',')) out.pop_back();
            if (c != kComment && !std::isspace(static_cast<unsigned char>(c)) && code.substr(at, 2) != "\\\n") out += c;
        }
    }
    return out;
}

std::vector<std::string> pieces_of(std::string_view block, grader::Language language) {
    std::vector<std::string> pieces;
    std::istringstream lines(without_comments(block, language));
    std::string text;
    const auto cut = [&] {
        if (const std::string piece = without_blanks(text, language); !piece.empty()) pieces.push_back(piece);
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
    return without_blanks(without_comments(code, language), language);
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
