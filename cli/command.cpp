#include "cli/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <iostream>

#include "grader/exercise/deep.hpp"
#include "grader/report/report.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::cli {

namespace {

std::string sentence(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    text = reader::printable(text);
    while (!text.empty() && (text.back() == ' ' || text.back() == '.')) text.pop_back();
    return text.empty() ? text : text + ".";
}

}  // namespace

std::string error_line(const Error& error) {
    std::string line = "ferrule: " + sentence(error.message);
    if (error.hint.empty()) return line;
    std::string hint = sentence(error.hint);
    if (!hint.starts_with("ferrule ")) hint[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(hint[0])));
    return line + " " + hint;
}

std::string error_object(const Error& error) { return grader::error_to_json("", "", error); }

Result<reader::Catalogue> load_course() {
    FERRULE_TRY(const auto folders, reader::chosen_courses());
    return reader::load_courses(folders);
}

Result<Chosen> choose(const std::string& id) {
    Chosen chosen;
    FERRULE_TRY(chosen.catalogue, load_course());
    FERRULE_TRY(chosen.exercise, chosen.catalogue.find(id));
    return chosen;
}

Result<grader::Language> choose_language(const grader::Exercise& exercise, const std::string& asked,
                                         const reader::Workspace& workspace) {
    if (!asked.empty()) {
        const auto language = grader::language_from(asked);
        const auto& known = exercise.languages;
        if (!language || std::find(known.begin(), known.end(), *language) == known.end()) {
            std::string names;
            for (const auto one : known) names += (names.empty() ? "" : " or ") + std::string(grader::name(one));
            return fail("no-language", fmt::format("exercise \"{}\" is not there in \"{}\"", exercise.id, asked),
                        fmt::format("Say --lang {}.", names));
        }
        return *language;
    }
    const auto started = workspace.started_languages(exercise);
    if (started.size() > 1)
        return fail("which-language", fmt::format("exercise \"{}\" is started in C and in Rust", exercise.id),
                    "Say --lang c or --lang rust.");
    return started.empty() ? exercise.languages.front() : started.front();
}

void add_seed_option(CLI::App& command, std::optional<uint64_t>& seed) {
    command.add_option("--seed", seed, "repeats the values and races of a run that had this seed");
}

void add_language_option(CLI::App& command, std::string& language) {
    command.add_option("--lang", language, "c or rust")->check(CLI::IsMember({"c", "rust"}));
}

void add_deep_option(CLI::App& command, bool& deep) {
    command.add_flag("--deep", deep, "a second opinion on leaks (kmemleak); takes longer and says how long");
}

grader::Exercise deep_exercise(const grader::Exercise& exercise) {
    std::cerr << fmt::format("ferrule: {}: a deep run looks for leaks after each of its runs, {:.0f} s more at least\n",
                             exercise.id, grader::deep_seconds(exercise));
    return grader::deepened(exercise);
}

bool confirm(const std::string& question, bool otherwise) {
    if (!reader::is_terminal(STDIN_FILENO) || !reader::is_terminal(STDERR_FILENO)) return otherwise;
    std::cerr << question << " [y/N] " << std::flush;
    const auto answer = reader::ask_line("");
    return answer && (*answer == "y" || *answer == "Y" || *answer == "yes");
}

}  // namespace ferrule::cli
