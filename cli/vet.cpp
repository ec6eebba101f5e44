// The detectors for a module that belongs to no exercise.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "cli/verdict_output.hpp"
#include "grader/exercise/vet.hpp"
#include "grader/report/report.hpp"
#include "lessons/reader/grading.hpp"
#include "lessons/reader/text_width.hpp"
#include "sandbox/build/driver_folder.hpp"

namespace ferrule::cli {

namespace {

struct Options {
    std::string path, language, module, parameters, scenario;
    std::optional<double> deadline;  // seconds
    bool deep = false;
    VerdictOptions output;
};

// What a clean bill covers: nobody should believe more.
std::string what_was_done(const grader::Exercise& exercise, const grader::Observations& seen) {
    size_t failed = 0;
    for (const grader::Run& run : seen.runs)
        for (const grader::StepObservation& step : run.steps) failed += step.fault_fired ? 1 : 0;
    std::string text = fmt::format("Loaded and unloaded twice; {} of its allocations made to fail.", failed);
    if (exercise.scenarios.size() == 1) text += " Nothing used its devices: --scenario FILE does.";
    return text;
}

Result<int> vet(const Options& options) {
    std::optional<grader::Language> language;
    if (!options.language.empty()) language = grader::language_from(options.language);
    FERRULE_TRY(build::Driver driver, build::read_driver(options.path, language, options.module));
    for (const std::string& note : driver.notes) std::cerr << "ferrule: " << reader::printable(note) << "\n";
    std::vector<grader::Scenario> more;
    fs::path folder;
    std::string scenario_hash;
    if (!options.scenario.empty()) {
        FERRULE_TRY(more, grader::load_scenarios(options.scenario, &scenario_hash));
        folder = fs::absolute(options.scenario).parent_path();
    }
    grader::Exercise exercise = grader::vet_exercise(driver.sources.module, driver.sources.language, options.parameters,
                                                     std::move(more), folder);
    // What is asked of the module: the rest of vet_exercise() is the program's own.
    Hash asked;
    asked.add("vet").add(options.parameters).add(scenario_hash);
    if (options.deadline) {
        exercise.scenarios.front().deadline_seconds = *options.deadline;  // those of a file say theirs
        asked.add(fmt::format("{}", *options.deadline));
    }
    exercise.source_hash = asked.hex();
    if (options.deep) exercise = deep_exercise(exercise);
    ProgressView view;
    grader::RunHooks hooks;
    hooks.stage = [&](const std::string& what) { view.status(what); };
    hooks.seed = options.output.seed;
    for (const std::string& variant : exercise.kernels) FERRULE_TRY_VOID(image::ensure(variant, view));
    const grader::Language built_as = driver.sources.language;
    FERRULE_TRY(const reader::Graded graded, reader::grade_sources(exercise, built_as, std::move(driver.sources), view,
                                                                   hooks, options.output.caching()));
    view.clear();
    VerdictOptions output = options.output;
    if (graded.verdict.verdict == "pass") output.remark = what_was_done(exercise, graded.observations);
    return print_verdict(graded, output);
}

}  // namespace

void add_vet(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("vet", "the same detectors on any module, with no exercise");
    command->add_option("PATH", options->path, "a .c, a .rs, or a folder; its Kbuild or Makefile says which objects")
        ->required();
    add_language_option(*command, options->language);
    command->add_option("--module", options->module, "the module's name, or which one of several");
    command->add_option("--params", options->parameters, "its parameters, as for insmod: \"limit=4 debug=1\"");
    command->add_option("--scenario", options->scenario,
                        "a file of [[scenario]] tables, see grader/exercise/README.md");
    command
        ->add_option("--deadline", options->deadline,
                     "seconds that each load and unload may take, 10 without it: for a long init on a slow machine")
        ->check(CLI::Range(0.1, 120.0));
    add_deep_option(*command, options->deep);
    add_verdict_options(*command, options->output);
    command->callback([options, &invocation] {
        invocation.action = [options] { return vet(*options); };
        if (options->output.json())
            invocation.error_json = [options](const Error& error) {
                return grader::error_to_json(options->module, options->language, error);
            };
    });
}

}  // namespace ferrule::cli
