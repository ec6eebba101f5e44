#include "grader/detectors/unsafe_audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::grader {
namespace {

UnsafeUse::Kind kind_of(const std::string& message) {
    // rustc's lint `unsafe_code` (compiler/rustc_lint/messages.ftl)
    if (message.starts_with("usage of an `unsafe` block")) return UnsafeUse::block;
    if (message.starts_with("implementation of an `unsafe` trait")) return UnsafeUse::impl;
    for (const char* what : {"function", "method"})
        for (const char* how : {"declaration", "implementation"})
            if (message.starts_with(fmt::format("{} of an `unsafe` {}", how, what))) return UnsafeUse::function;
    return UnsafeUse::other;
}

std::string lower_words(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80);
        if (letter)
            out += c;
        else if (c >= 'A' && c <= 'Z')
            out += static_cast<char>(c - 'A' + 'a');
        else if (!out.empty() && out.back() != ' ')
            out += ' ';
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    return out;
}

// Nothing was said by it. `text`: what stands behind "SAFETY:".
bool is_filler(std::string_view text) {
    const std::string words = lower_words(text);
    static const std::set<std::string> kFillers = {"",           "todo",         "fixme",     "xxx",
                                                   "tbd",        "ok",           "okay",      "safe",
                                                   "is safe",    "it is safe",   "it s safe", "this is safe",
                                                   "this is ok", "this is fine", "trust me",  "see above",
                                                   "n a",        "none",         "safety",    "i know what i am doing"};
    if (kFillers.contains(words)) return true;
    for (const char* word : {"todo", "fixme", "xxx", "tbd"})
        if (words.starts_with(std::string(word) + " ")) return true;
    return false;
}

// A comment of one or several lines that begins with SAFETY: and says nothing.
struct Filler {
    int line = 0;
};
std::vector<Filler> fillers(const std::string& text) {
    std::vector<Filler> found;
    const auto comments = line_comments(text, Language::rust);
    for (size_t i = 0; i < comments.size(); ++i) {
        std::string_view words = comments[i].text;
        while (words.starts_with('/') || words.starts_with('!') || words.starts_with(' ')) words.remove_prefix(1);
        if (lower_words(words.substr(0, 7)) != "safety" || words.size() < 7 || words[6] != ':') continue;
        std::string said(words.substr(7));
        for (size_t k = i + 1; k < comments.size() && comments[k].line == comments[k - 1].line + 1; ++k) {
            if (comments[k].text.find("SAFETY:") != std::string::npos) break;
            said += " " + comments[k].text;
        }
        if (is_filler(said)) found.push_back({comments[i].line});
    }
    return found;
}

std::string count(size_t number, const char* what) {
    return fmt::format("{} {}{}", number, what, number == 1 ? "" : "s");
}

}  // namespace

std::vector<UnsafeUse> unsafe_uses(const Observations& observations) {
    std::vector<UnsafeUse> uses;
    for (const auto& diagnostic : observations.diagnostics) {
        if (diagnostic.tool != build::kUnsafe) continue;
        const int last = build::noted_place(diagnostic).line;
        uses.push_back(
            {kind_of(diagnostic.message), diagnostic.file, diagnostic.line, std::max(last, diagnostic.line)});
    }
    std::stable_sort(uses.begin(), uses.end(), [](const UnsafeUse& a, const UnsafeUse& b) {
        return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
    return uses;
}

std::string audit_line(const Exercise& exercise, const Observations& observations) {
    if (observations.language != Language::rust || !observations.built) return {};
    const auto uses = unsafe_uses(observations);
    size_t kinds[4] = {};
    std::set<std::pair<std::string, int>> inside;
    for (const UnsafeUse& use : uses) {
        ++kinds[use.kind];
        for (int line = use.line; use.kind == UnsafeUse::block && line <= use.last_line; ++line)
            inside.emplace(use.file, line);
    }
    size_t lines = 0, unsafe_lines = 0;
    for (const auto& [file, text] : observations.sources) {
        int number = 0;
        for (const std::string& line : code_lines(text, Language::rust)) {
            ++number;
            if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
            ++lines;
            unsafe_lines += inside.contains({file, number}) ? 1 : 0;
        }
    }
    if (uses.empty() && !exercise.unsafe_budget) return "unsafe: none";
    return fmt::format("unsafe: {}, {}, {}; {} of {} of code ({} %){}", count(kinds[UnsafeUse::block], "block"),
                       count(kinds[UnsafeUse::impl], "impl"), count(kinds[UnsafeUse::function], "function"),
                       unsafe_lines, count(lines, "line"), lines == 0 ? 0 : (100 * unsafe_lines + lines / 2) / lines,
                       exercise.unsafe_budget ? fmt::format("; budget {}", *exercise.unsafe_budget) : "");
}

std::vector<Finding> detect_unsafe(const Exercise& exercise, const Observations& observations) {
    if (observations.language != Language::rust || !observations.built) return {};
    std::vector<Finding> findings;
    const auto report = [&](const std::string& file, int line, const std::string& title) -> Finding& {
        findings.push_back(build_finding(exercise, "unsafe-audit", "unsafe", title));
        findings.back().file = sanitise(file, 200);
        findings.back().line = line;
        return findings.back();
    };
    // A block or an impl does something unsafe; `unsafe fn` only says that its caller must.
    std::vector<UnsafeUse> counted;
    for (const UnsafeUse& use : unsafe_uses(observations))
        if (use.kind == UnsafeUse::block || use.kind == UnsafeUse::impl) counted.push_back(use);
    if (exercise.unsafe_budget) {
        const size_t budget = static_cast<size_t>(std::max(0, *exercise.unsafe_budget));
        if (counted.size() > budget) {
            Finding& finding = report(counted[budget].file, counted[budget].line,
                                      fmt::format("{} unsafe blocks or impls, allowed: {}", counted.size(), budget));
            for (size_t i = 0; i < budget && i < 8; ++i)
                finding.related.push_back({"also", counted[i].file, "", counted[i].line});
        }
    }
    for (const auto& diagnostic : observations.diagnostics) {
        if (diagnostic.tool != build::kClippy) continue;
        std::string words = diagnostic.message.substr(0, diagnostic.message.find(" [clippy::"));
        Finding& finding = report(diagnostic.file, diagnostic.line, words);
        finding.detector = "clippy";
    }
    for (const auto& [file, text] : observations.sources)
        for (const Filler& filler : fillers(text))
            report(file, filler.line, "this SAFETY comment says nothing: why may the code do what follows?");
    return findings;
}

}  // namespace ferrule::grader
