#include "grader/detectors/source_scan.hpp"

#include <algorithm>

#include "grader/source_spans.hpp"

namespace ferrule::grader {
namespace {

// The lines of places that come in their order.
class LineCounter {
public:
    explicit LineCounter(std::string_view text) : text_(text) {}

    int line_of(size_t at) {
        line_ += static_cast<int>(std::count(text_.begin() + static_cast<ptrdiff_t>(counted_),
                                             text_.begin() + static_cast<ptrdiff_t>(at), '\n'));
        counted_ = at;
        return line_;
    }

private:
    const std::string_view text_;
    int line_ = 1;
    size_t counted_ = 0;
};

}  // namespace

std::string code_only(std::string_view text, Language language) {
    std::string out(text);
    for (const SourceSpan& span : source_spans(text, language)) {
        if (span.kind == SpanKind::code) continue;
        for (size_t at = span.begin; at < span.end; ++at)
            if (out[at] != '\n') out[at] = ' ';
    }
    return out;
}

std::vector<std::string> code_lines(std::string_view text, Language language) {
    const std::string code = code_only(text, language);
    std::vector<std::string> lines;
    for (size_t at = 0; at <= code.size();) {
        const size_t end = std::min(code.find('\n', at), code.size());
        lines.push_back(code.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

std::vector<Mention> literals_with(const Observations& observations, std::string_view part) {
    std::vector<Mention> found;
    for (const auto& [file, text] : observations.sources) {
        LineCounter lines(text);
        for (const SourceSpan& span : source_spans(text, observations.language))
            if (span.kind == SpanKind::string &&
                std::string_view(text).substr(span.begin, span.end - span.begin).find(part) != std::string_view::npos)
                found.push_back({file, lines.line_of(span.begin)});
    }
    return found;
}

std::vector<Comment> line_comments(std::string_view text, Language language) {
    std::vector<Comment> found;
    LineCounter lines(text);
    for (const SourceSpan& span : source_spans(text, language))
        if (span.kind == SpanKind::line_comment)
            found.push_back(
                {lines.line_of(span.begin), std::string(text.substr(span.begin + 2, span.end - span.begin - 2))});
    return found;
}

std::vector<Mention> mentions(const Observations& observations, std::string_view word) {
    std::vector<Mention> found;
    if (word.empty()) return found;
    for (const auto& [file, text] : observations.sources) {
        const std::string code = code_only(text, observations.language);
        LineCounter lines(code);
        for (size_t at = code.find(word); at != std::string::npos; at = code.find(word, at + 1)) {
            if (at > 0 && word_char(code[at - 1])) continue;
            const size_t end = at + word.size();
            if (word.back() != '_' && end < code.size() && word_char(code[end])) continue;
            found.push_back({file, lines.line_of(at)});
            if (found.size() >= 64) return found;
        }
    }
    return found;
}

}  // namespace ferrule::grader
