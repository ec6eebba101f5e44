#include <fmt/format.h>

#include <map>

#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

// Digits at `at`, which moves past them; nothing above 7 digits is a line.
int take_number(std::string_view text, size_t& at) {
    int value = 0;
    const size_t start = at;
    while (at < text.size() && text[at] >= '0' && text[at] <= '9' && at - start < 7)
        value = value * 10 + (text[at++] - '0');
    return at == start ? -1 : value;
}

class ClangReader {
public:
    explicit ClangReader(const SourceSet& sources) : sources_(sources) {}

    std::vector<Diagnostic> read(std::string_view text) {
        std::string_view line;
        while (take_line(text, line)) read_line(line);
        if (pending_) add_diagnostic(found_, *std::move(pending_));
        return std::move(found_);
    }

private:
    void read_line(std::string_view line) {
        constexpr std::string_view included = "In file included from ";
        if (line.starts_with(included)) {
            // Outermost first; the last of the learner's own in the chain is the one that led to what follows.
            if (!in_chain_) chain_ = {};
            in_chain_ = true;
            if (const auto at = located(line.substr(included.size())))
                if (std::string own = own_name(sources_, at->file); !own.empty()) chain_ = {own, at->line, 0};
            return;
        }
        auto at = located(line);
        std::string_view words = at ? at->rest : line;
        std::string severity = take_severity(words);
        if (severity.empty() && !at) {  // "clang-19: error: …"
            const size_t colon = line.find(": ");
            if (colon == std::string_view::npos || !line.starts_with("clang")) return;
            words = line.substr(colon + 2);
            severity = take_severity(words);
        }
        if (severity.empty()) return;  // source line, caret, "2 errors generated."
        Place place;
        if (at) {
            place = {own_name(sources_, at->file), at->line, at->column};
            if (place.file.empty()) {
                if (in_chain_) includer_[std::string(at->file)] = chain_;
                const auto known = includer_.find(std::string(at->file));
                place = known == includer_.end() ? Place{} : known->second;
                foreign_ = severity != "note" ? true : foreign_;
            } else if (severity == "note" && foreign_ && pending_) {
                // The error was in a header; this is where the learner comes in.
                pending_->file = place.file;
                pending_->line = place.line;
                pending_->column = place.column;
                foreign_ = false;
            } else if (severity != "note") {
                foreign_ = false;
            }
        }
        in_chain_ = false;
        if (severity == "note") return;
        Diagnostic diagnostic{severity, place.file, place.line, place.column, clean_text(words, kMaxMessage), "clang"};
        if (foreign_ && at) diagnostic.message += fmt::format(" (in {}:{})", clean_text(at->file, 200), at->line);
        if (pending_) add_diagnostic(found_, *std::move(pending_));
        pending_ = std::move(diagnostic);
    }

    const SourceSet& sources_;
    std::vector<Diagnostic> found_;
    std::optional<Diagnostic> pending_;      // its notes may still say where the learner comes in
    std::map<std::string, Place> includer_;  // header -> the learner's #include
    Place chain_;
    bool in_chain_ = false, foreign_ = false;
};

}  // namespace

bool take_line(std::string_view& rest, std::string_view& line) {
    if (rest.empty()) return false;
    const size_t end = rest.find('\n');
    line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return true;
}

std::optional<Located> located(std::string_view text) {
    for (size_t colon = text.find(':'); colon != std::string_view::npos; colon = text.find(':', colon + 1)) {
        size_t at = colon + 1;
        const int line = take_number(text, at);
        if (line < 0 || (at < text.size() && text[at] != ':')) continue;
        Located found{text.substr(0, colon), line, 0, {}};
        if (at < text.size()) {
            size_t after = at + 1;
            if (const int column = take_number(text, after); column >= 0 && after < text.size() && text[after] == ':') {
                found.column = column;
                at = after;
            }
            found.rest = text.substr(at + 1);
            if (found.rest.starts_with(' ')) found.rest.remove_prefix(1);
        }
        return found;
    }
    return std::nullopt;
}

std::string take_severity(std::string_view& text) {
    for (const auto& [prefix, severity] : {std::pair<std::string_view, const char*>{"fatal error: ", "error"},
                                           {"error: ", "error"},
                                           {"warning: ", "warning"},
                                           {"note: ", "note"}})
        if (text.starts_with(prefix)) {
            text.remove_prefix(prefix.size());
            return severity;
        }
    return {};
}

std::vector<Diagnostic> read_clang(const SourceSet& sources, std::string_view text) {
    return ClangReader(sources).read(text);
}

}  // namespace ferrule::build
