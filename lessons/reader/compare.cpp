#include "lessons/reader/compare.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lessons/reader/help.hpp"
#include "lessons/reader/highlight.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::reader {
namespace {

constexpr int kNarrowest = 56;  // columns of code beside other code
constexpr const char* kBetween = " │ ";

std::string in_words(grader::Language language) { return language == grader::Language::rust ? "Rust" : "C"; }

// As Markdown: it is text, and is wrapped as text.
std::string mistakes(const std::vector<grader::Mutant>& mutants, grader::Language language) {
    std::string refused, found;
    for (const grader::Mutant& mutant : mutants) {
        if (mutant.language != language) continue;
        if (mutant.finding_class == "build-error")
            refused += fmt::format("- {}\n", mutant.note);
        else
            found += fmt::format("- {} `{}`\n", mutant.note, mutant.finding_class);
    }
    std::string out;
    if (!refused.empty()) out += fmt::format("**{}'s compiler refuses:**\n\n{}\n", in_words(language), refused);
    if (!found.empty()) out += fmt::format("**{} compiles, and it is wrong:**\n\n{}\n", in_words(language), found);
    return out;
}

Result<std::vector<Line>> code_of(const grader::Exercise& exercise, grader::Language language, int width) {
    FERRULE_TRY(const auto files, solution_files(exercise, language));
    std::vector<Line> out;
    for (const SolutionFile& file : files) {
        out.push_back({{std::string(cut(file.name, width)), {Role::heading, true}}});
        for (const Line& line : highlight(file.text, grader::name(language)))
            for (Line& piece : fold(line, width)) out.push_back(std::move(piece));
        out.emplace_back();
    }
    return out;
}

Line beside(Line left, const Line& right, int width) {
    left.push_back({std::string(static_cast<size_t>(std::max(width - columns(left), 0)), ' '), {}});
    left.push_back({kBetween, {Role::mark}});
    left.insert(left.end(), right.begin(), right.end());
    return left;
}

}  // namespace

Result<std::vector<Line>> compare_languages(const grader::Exercise& exercise,
                                            const std::vector<grader::Mutant>& mutants, int columns) {
    std::string text;
    for (const grader::Language language : exercise.languages) text += mistakes(mutants, language);
    std::vector<Line> out = render_markdown(text, std::min(std::max(columns, 20), 100));
    if (!out.empty()) out.emplace_back();
    const int half = (columns - reader::columns(kBetween)) / 2;
    if (exercise.languages.size() == 2 && half >= kNarrowest) {
        FERRULE_TRY(const auto left, code_of(exercise, exercise.languages[0], half));
        FERRULE_TRY(const auto right, code_of(exercise, exercise.languages[1], half));
        for (size_t i = 0; i < std::max(left.size(), right.size()); ++i)
            out.push_back(beside(i < left.size() ? left[i] : Line{}, i < right.size() ? right[i] : Line{}, half));
        return out;
    }
    for (const grader::Language language : exercise.languages) {
        FERRULE_TRY(auto code, code_of(exercise, language, std::max(columns, 20)));
        out.insert(out.end(), code.begin(), code.end());
    }
    return out;
}

}  // namespace ferrule::reader
