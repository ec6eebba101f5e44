#include "grader/detectors/copies_out.hpp"

#include <algorithm>
#include <set>

#include "grader/detectors/source_scan.hpp"
#include "grader/source_spans.hpp"

namespace ferrule::grader {
namespace {

constexpr std::string_view kCopies[] = {"copy_to_user", "__copy_to_user",  "put_user",
                                        "__put_user",   "unsafe_put_user", "simple_read_from_buffer",
                                        "copy_to_iter", "write_slice",     "writer.write"};

// include/linux/fs.h struct file_operations; rust/kernel/miscdevice.rs trait MiscDevice.
struct Operation {
    StepKind kind;
    std::string_view c, rust;
};
constexpr Operation kOperations[] = {{StepKind::read, "read", "read_iter"},
                                     {StepKind::read, "read_iter", "read_iter"},
                                     {StepKind::ioctl, "unlocked_ioctl", "ioctl"},
                                     {StepKind::write, "write", "write_iter"},
                                     {StepKind::write, "write_iter", "write_iter"}};

// The name of the function that a line is in: "fn NAME", or the last word before the first parenthesis of what begins
// in the first column.
std::string function_around(const std::vector<std::string>& lines, int line, Language language) {
    for (int at = std::min(line, static_cast<int>(lines.size())) - 1; at >= 0; --at) {
        const std::string& text = lines[static_cast<size_t>(at)];
        if (language == Language::rust) {
            for (size_t fn = text.find("fn "); fn != std::string::npos; fn = text.find("fn ", fn + 1))
                if (fn == 0 || !word_char(text[fn - 1])) return std::string(word_at(text, fn + 3));
            continue;
        }
        const size_t open = text.find('(');
        if (text.empty() || !word_char(text[0]) || open == std::string::npos || open == 0) continue;
        size_t begin = open;
        while (begin > 0 && word_char(text[begin - 1])) --begin;
        return text.substr(begin, open - begin);
    }
    return {};
}

// ".read = ring_read" -> ring_read
std::set<std::string> functions_of(const Observations& all, std::string_view member) {
    std::set<std::string> names;
    for (const auto& [file, text] : all.sources) {
        const std::string code = code_only(text, all.language);
        const std::string word = "." + std::string(member);
        for (size_t at = code.find(word); at != std::string::npos; at = code.find(word, at + 1)) {
            size_t next = at + word.size();
            if (next < code.size() && word_char(code[next])) continue;
            next = code.find_first_not_of(" \t", next);
            if (next == std::string::npos || code[next] != '=') continue;
            next = code.find_first_not_of(" \t\n", next + 1);
            if (next != std::string::npos) names.emplace(word_at(code, next));
        }
    }
    return names;
}

}  // namespace

std::optional<SourcePlace> copy_out(const Observations& all, StepKind kind) {
    std::set<std::string> own, others;
    for (const Operation& operation : kOperations) {
        auto& names = operation.kind == kind ? own : others;
        if (all.language == Language::rust)
            names.insert(std::string(operation.rust));
        else
            names.merge(functions_of(all, operation.c));
    }
    std::vector<SourcePlace> direct, helpers;
    for (std::string_view copy : kCopies)
        for (const auto& mention : mentions(all, copy)) {
            const auto lines = code_lines(all.sources.at(mention.file), all.language);
            const std::string function = function_around(lines, mention.line, all.language);
            if (own.contains(function))
                direct.push_back({mention.file, mention.line, function, true});
            else if (!others.contains(function))
                helpers.push_back({mention.file, mention.line, function, true});
        }
    const auto& found = direct.empty() ? helpers : direct;
    return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

}  // namespace ferrule::grader
