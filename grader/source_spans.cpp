#include "grader/source_spans.hpp"

#include <algorithm>
#include <string>

namespace ferrule::grader {
namespace {

class Scanner {
public:
    Scanner(std::string_view text, Language language) : text_(text), rust_(language == Language::rust) {}

    std::vector<SourceSpan> run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            const std::string_view two = text_.substr(at_, 2);
            if (two == "//")
                add(SpanKind::line_comment, text_.find('\n', at_));
            else if (two == "/*")
                add(SpanKind::block_comment, end_of_comment());
            else if (const size_t raw = end_of_raw_string(); raw != 0)
                add(SpanKind::string, raw);
            else if (c == '"' || (c == '\'' && !(rust_ && lifetime())))
                add(c == '"' ? SpanKind::string : SpanKind::character, end_of_quoted());
            else if (c == '<' && !rust_ && after_include())
                add(SpanKind::include_name, end_of_include());
            else
                ++at_;
        }
        add_code();
        return std::move(spans_);
    }

private:
    void add_code() {
        const size_t begin = spans_.empty() ? 0 : spans_.back().end;
        if (begin < at_) spans_.push_back({SpanKind::code, begin, at_});
    }

    void add(SpanKind kind, size_t end) {
        add_code();
        end = std::min(end, text_.size());
        spans_.push_back({kind, at_, end});
        at_ = end;
    }

    size_t end_of_comment() const {
        size_t at = at_ + 2;
        for (int depth = 1; at < text_.size() && depth > 0;) {
            const std::string_view two = text_.substr(at, 2);
            const bool opens = rust_ && two == "/*", closes = two == "*/";
            depth += (opens ? 1 : 0) - (closes ? 1 : 0);
            at += opens || closes ? 2 : 1;
        }
        return at;
    }

    // 0: none begins here.
    size_t end_of_raw_string() const {
        if (!rust_ || (at_ > 0 && word_char(text_[at_ - 1]))) return 0;
        size_t at = at_;
        if (text_[at] == 'b' || text_[at] == 'c') ++at;
        if (at >= text_.size() || text_[at] != 'r') return 0;
        const size_t mark = std::min(text_.find_first_not_of('#', at + 1), text_.size());
        if (mark == text_.size() || text_[mark] != '"') return 0;
        const std::string closing = "\"" + std::string(mark - at - 1, '#');
        const size_t end = text_.find(closing, mark + 1);
        return end == std::string_view::npos ? text_.size() : end + closing.size();
    }

    size_t end_of_quoted() const {
        const char mark = text_[at_];
        const bool one_line = mark == '\'' || !rust_;
        size_t at = at_ + 1;
        while (at < text_.size() && text_[at] != mark) {
            if (one_line && text_[at] == '\n') return at;
            at += text_[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    // 'a without a closing quote.
    bool lifetime() const {
        if (at_ + 2 < text_.size() && text_[at_ + 2] == '\'') return false;
        return at_ + 1 < text_.size() && word_char(text_[at_ + 1]);
    }

    // "#include <" is as much a name in quotation marks as a string.
    bool after_include() const {
        const size_t before = at_ == 0 ? std::string_view::npos : text_.rfind('\n', at_ - 1);
        const size_t begin = before == std::string_view::npos ? 0 : before + 1;
        const std::string_view line = text_.substr(begin, at_ - begin);
        const size_t word = line.find_first_not_of(" \t#");
        return word != std::string_view::npos && line.find('#') < word && line.substr(word).starts_with("include");
    }

    size_t end_of_include() const {
        const size_t end = std::min(text_.find_first_of(">\n", at_), text_.size());
        return end < text_.size() && text_[end] == '>' ? end + 1 : end;
    }

    const std::string_view text_;
    const bool rust_;
    size_t at_ = 0;
    std::vector<SourceSpan> spans_;
};

}  // namespace

bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

std::string_view word_at(std::string_view text, size_t at) {
    size_t end = at;
    while (end < text.size() && word_char(text[end])) ++end;
    return at < text.size() ? text.substr(at, end - at) : std::string_view();
}

std::vector<SourceSpan> source_spans(std::string_view text, Language language) { return Scanner(text, language).run(); }

}  // namespace ferrule::grader
