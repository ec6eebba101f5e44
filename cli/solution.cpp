#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/command.hpp"

namespace ferrule::cli {

namespace {

Result<int> solution(const std::string& id, const std::string& asked, bool yes) {
    FERRULE_TRY(const Chosen chosen, choose(id));
    const grader::Exercise& exercise = *chosen.exercise;
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, choose_language(exercise, asked, workspace));
    if (!yes) {
        FERRULE_TRY(const auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
        FERRULE_TRY(const auto progress, store.progress(exercise.id, grader::name(language)));
        if (!progress.passed &&
            !confirm("You have not passed this exercise yet. Show the solution all the same?", true))
            return 0;
    }
    std::vector<fs::path> files;
    std::error_code code;
    for (fs::recursive_directory_iterator it(exercise.solution(language), code), end; !code && it != end;
         it.increment(code))
        if (it->is_regular_file(code)) files.push_back(it->path());
    if (code) return tl::unexpected(system_error("read", exercise.solution(language), code.value()));
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files) {
        FERRULE_TRY(const std::string text, read_file(file, 1u << 20));
        const std::string name = fs::relative(file, exercise.solution(language)).string();
        if (files.size() > 1) std::cout << fmt::format("{}==> {} <==\n", file == files.front() ? "" : "\n", name);
        std::cout << text;
    }
    return 0;
}

}  // namespace

void add_solution(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string id, language;
        bool yes = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("solution", "print the reference solution of an exercise");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    add_language_option(*command, options->language);
    command->add_flag("-y,--yes", options->yes, "do not ask, even when the exercise is not passed yet");
    command->callback([options, &invocation] {
        invocation.action = [options] { return solution(options->id, options->language, options->yes); };
    });
}

}  // namespace ferrule::cli
