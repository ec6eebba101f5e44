// Builds, boots, judges; writes the verdict down for hints and progress.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "cli/verdict_output.hpp"
#include "grader/report/report.hpp"
#include "lessons/reader/grading.hpp"
#include "lessons/reader/help.hpp"

namespace ferrule::cli {

namespace {

struct Options {
    std::string id, path, language;
    bool deep = false;
    VerdictOptions output;
};

// PATH's own files say the language; without a PATH the workspace does.
Result<grader::Language> language_for(const grader::Exercise& exercise, const Options& options,
                                      const reader::Workspace& workspace) {
    if (options.language.empty() && !options.path.empty()) {
        const auto guessed = reader::language_of(options.path);
        if (guessed) return choose_language(exercise, grader::name(*guessed), workspace);
        if (exercise.languages.size() == 1) return exercise.languages.front();
        std::error_code code;
        if (fs::exists(fs::symlink_status(options.path, code)))
            return fail("which-language", fmt::format("no .c and no .rs file, or both, in {}", options.path),
                        "Say --lang c or --lang rust.");
        return exercise.languages.front();  // grading says that it is not there
    }
    return choose_language(exercise, options.language, workspace);
}

Result<int> grade(const Options& options) {
    FERRULE_TRY(const Chosen chosen, choose(options.id));
    const grader::Exercise exercise = options.deep ? deep_exercise(*chosen.exercise) : *chosen.exercise;
    const reader::Workspace workspace(reader::Workspace::default_root());
    FERRULE_TRY(const grader::Language language, language_for(exercise, options, workspace));
    const fs::path path = options.path.empty() ? workspace.folder(exercise, language) : fs::path(options.path);
    ProgressView view;
    grader::RunHooks hooks;
    hooks.stage = [&](const std::string& what) { view.status(what); };
    hooks.seed = options.output.seed;
    FERRULE_TRY(const reader::Graded graded,
                reader::grade(exercise, language, path, true, view, hooks, options.output.caching()));
    view.clear();
    // The verdict stands even when it cannot be written down.
    if (const auto kept = reader::remember(graded.verdict); !kept) std::cerr << error_line(kept.error()) << "\n";
    VerdictOptions output = options.output;
    output.hint_command = fmt::format("ferrule hint {} --lang {}", exercise.id, grader::name(language));
    return print_verdict(graded, output);
}

}  // namespace

void add_grade(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("grade", "build your module, boot it, judge it");
    command->add_option("EXERCISE", options->id, "the exercise's id, see `ferrule list`")->required();
    command->add_option("PATH", options->path, "a source file or a folder of them; your workspace when left out");
    add_language_option(*command, options->language);
    add_deep_option(*command, options->deep);
    add_verdict_options(*command, options->output);
    command->callback([options, &invocation] {
        invocation.action = [options] { return grade(*options); };
        if (options->output.json())
            invocation.error_json = [options](const Error& error) {
                return grader::error_to_json(options->id, options->language, error);
            };
    });
}

}  // namespace ferrule::cli
