#include "grader/detectors/source_scan.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

struct Literal {
    size_t at;
    std::string_view text;
};

bool word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

class Blanker {
public:
    Blanker(std::string_view text, Language language) : text_(text), out_(text), rust_(language == Language::rust) {}

    std::string run(std::vector<Literal>* literals = nullptr) {
        literals_ = literals;
        while (at_ < text_.size()) {
            char c = text_[at_];
            char d = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
            bool after_word = at_ > 0 && word_char(text_[at_ - 1]);
            if (c == '/' && d == '/') {
                const size_t end = std::min(text_.find('\n', at_), text_.size());
                comments_.emplace_back(at_, text_.substr(at_ + 2, end - at_ - 2));
                blank_to(end);
            } else if (c == '/' && d == '*')
                comment();
            else if (rust_ && !after_word && (c == 'r' || ((c == 'b' || c == 'c') && d == 'r')) && raw_string()) {
            } else if (c == '"')
                quoted('"');
            else if (c == '\'' && !(rust_ && lifetime()))
                quoted('\'');
            else if (c == '<' && !rust_ && after_include())
                blank_to(text_.find_first_of(">\n", at_));
            else
                ++at_;
        }
        return std::move(out_);
    }
    const std::vector<std::pair<size_t, std::string_view>>& comments() const { return comments_; }  // after run()

private:
    void blank_to(size_t end) {
        end = std::min(end, text_.size());
        for (; at_ < end; ++at_)
            if (out_[at_] != '\n') out_[at_] = ' ';
    }

    // "#include <" is as much a name in quotation marks as a string.
    bool after_include() const {
        const size_t begin = text_.rfind('\n', at_);
        std::string_view line = text_.substr(begin == std::string_view::npos ? 0 : begin + 1);
        line = line.substr(0, at_ - (begin == std::string_view::npos ? 0 : begin + 1));
        const size_t word = line.find_first_not_of(" \t#");
        return word != std::string_view::npos && word > 0 && line.find('#') < word &&
               line.substr(word).starts_with("include");
    }

    void comment() {
        size_t at = at_ + 2;
        int depth = 1;  // Rust's nest
        while (at < text_.size() && depth > 0) {
            if (text_.substr(at, 2) == "*/")
                --depth, at += 2;
            else if (rust_ && text_.substr(at, 2) == "/*")
                ++depth, at += 2;
            else
                ++at;
        }
        blank_to(at);
    }

    bool raw_string() {
        size_t at = text_.find('r', at_) + 1, hashes = 0;
        while (at < text_.size() && text_[at] == '#') ++at, ++hashes;
        if (at >= text_.size() || text_[at] != '"') return false;
        size_t end = text_.find("\"" + std::string(hashes, '#'), at + 1);
        keep(at + 1, end);
        blank_to(end == std::string_view::npos ? text_.size() : end + 1 + hashes);
        return true;
    }

    // 'a without a closing quote is a lifetime; 'a' is a character.
    bool lifetime() {
        if (at_ + 2 >= text_.size() || text_[at_ + 1] == '\\' || text_[at_ + 2] == '\'') return false;
        if (!word_char(text_[at_ + 1])) return false;
        at_ += 2;
        return true;
    }

    void quoted(char quote) {
        size_t at = at_ + 1;
        while (at < text_.size() && text_[at] != quote) {
            if (text_[at] == '\n' && quote == '\'') break;
            at += text_[at] == '\\' ? 2 : 1;
        }
        if (quote == '"') keep(at_ + 1, at);
        blank_to(at + 1);
    }

    void keep(size_t begin, size_t end) {
        end = std::min(end, text_.size());
        if (literals_ && begin < end) literals_->push_back({begin, text_.substr(begin, end - begin)});
    }

    std::string_view text_;
    std::string out_;
    bool rust_;
    std::vector<Literal>* literals_ = nullptr;
    size_t at_ = 0;
    std::vector<std::pair<size_t, std::string_view>> comments_;
};

}  // namespace

std::string code_only(std::string_view text, Language language) { return Blanker(text, language).run(); }

std::vector<Mention> literals_with(const Observations& observations, std::string_view part) {
    std::vector<Mention> found;
    for (const auto& [file, text] : observations.sources) {
        std::vector<Literal> literals;
        Blanker(text, observations.language).run(&literals);
        for (const Literal& literal : literals)
            if (literal.text.find(part) != std::string_view::npos)
                found.push_back(
                    {file, 1 + static_cast<int>(
                                   std::count(text.begin(), text.begin() + static_cast<ptrdiff_t>(literal.at), '\n'))});
    }
    return found;
}

std::vector<Comment> line_comments(std::string_view text, Language language) {
    Blanker blanker(text, language);
    blanker.run();
    std::vector<Comment> found;
    int line = 1;
    size_t counted = 0;
    for (const auto& [at, words] : blanker.comments()) {
        line += static_cast<int>(std::count(text.begin() + static_cast<ptrdiff_t>(counted),
                                            text.begin() + static_cast<ptrdiff_t>(at), '\n'));
        counted = at;
        found.push_back({line, std::string(words)});
    }
    return found;
}

std::vector<Mention> mentions(const Observations& observations, std::string_view word) {
    std::vector<Mention> found;
    if (word.empty()) return found;
    for (const auto& [file, text] : observations.sources) {
        std::string code = code_only(text, observations.language);
        int line = 1;
        size_t counted = 0;
        for (size_t at = code.find(word); at != std::string::npos; at = code.find(word, at + 1)) {
            if (at > 0 && word_char(code[at - 1])) continue;
            size_t end = at + word.size();
            if (word.back() != '_' && end < code.size() && word_char(code[end])) continue;
            line += static_cast<int>(std::count(code.begin() + static_cast<ptrdiff_t>(counted),
                                                code.begin() + static_cast<ptrdiff_t>(at), '\n'));
            counted = at;
            found.push_back({file, line});
            if (found.size() >= 64) return found;
        }
    }
    return found;
}

}  // namespace ferrule::grader
