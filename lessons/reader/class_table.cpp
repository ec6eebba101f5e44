#include "lessons/reader/class_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "grader/classes.hpp"

namespace ferrule::reader {

namespace {

constexpr std::array kLanguages = {grader::Language::c, grader::Language::rust};

// In the order of the contract.
std::string in_order(const std::set<std::string>& classes) {
    std::vector<std::string> out;
    for (const std::string& one : grader::finding_classes())
        if (classes.count(one)) out.push_back(one);
    return fmt::format("{}", fmt::join(out, ", "));
}

}  // namespace

Result<std::string> class_table(const Catalogue& catalogue) {
    struct Count {
        std::map<grader::Language, int> mutants;
        std::set<std::string> exercises;
    };
    std::map<std::string, Count> counts;
    std::string rows;
    int exercises = 0, both = 0, mutants = 0;
    for (const Part& part : catalogue.parts)
        for (const Lesson& lesson : part.lessons)
            for (const grader::Exercise& exercise : lesson.exercises) {
                FERRULE_TRY(const auto all, grader::load_mutants(exercise));
                std::map<grader::Language, std::set<std::string>> classes;
                for (const grader::Mutant& mutant : all) {
                    classes[mutant.language].insert(mutant.finding_class);
                    Count& count = counts[mutant.finding_class];
                    ++count.mutants[mutant.language];
                    count.exercises.insert(exercise.id);
                }
                ++exercises;
                both += exercise.languages.size() > 1 ? 1 : 0;
                mutants += static_cast<int>(all.size());
                rows += fmt::format("| {} | {} ", lesson.id, exercise.id);
                for (const grader::Language language : kLanguages) {
                    const auto& known = exercise.languages;
                    rows += std::find(known.begin(), known.end(), language) == known.end()
                                ? "| – "
                                : fmt::format("| {} ", in_order(classes[language]));
                }
                rows += "|\n";
            }
    std::string out =
        fmt::format("{} exercises, {} of them in C and in Rust, with {} mutants.\n\n", exercises, both, mutants) +
        "| lesson | exercise | found in C | found in Rust |\n|---|---|---|---|\n" + rows +
        "\n| class | exercises | C mutants | Rust mutants |\n|---|---|---|---|\n";
    for (const std::string& one : grader::finding_classes()) {
        Count& count = counts[one];
        out += fmt::format("| {} | {} | {} | {} |\n", one, count.exercises.size(), count.mutants[grader::Language::c],
                           count.mutants[grader::Language::rust]);
    }
    return out;
}

}  // namespace ferrule::reader
