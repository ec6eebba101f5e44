#include "grader/run/clients.hpp"

#include <fmt/format.h>

#include "grader/exercise/clients.hpp"

namespace ferrule::grader {
namespace {

// Only what the compiler says.
Result<Observations> compile(const Exercise& exercise, const Submission& submission) {
    FERRULE_TRY(const image::Image image, image::find(exercise.kernels.front()));
    FERRULE_TRY(build::BuildOutcome built, build::build_module(image, submission.sources));
    Observations out = observations_of(submission);
    out.built = built.ok;
    out.diagnostics = std::move(built.diagnostics);
    out.build_seconds = out.total_seconds = built.seconds;
    return out;
}

}  // namespace

Exercise client_exercise(const Exercise& exercise, const Client& client) {
    Exercise out = exercise;
    out.clients.clear();
    out.unsafe_budget.reset();
    Scenario scenario;
    scenario.name = "client " + client.name;
    scenario.steps = {Step{StepKind::load}, Step{StepKind::unload}};
    if (out.kernels.size() > 1) out.kernels.resize(1);
    scenario.kernels = out.kernels;
    out.scenarios = {std::move(scenario)};
    return out;
}

Result<std::vector<Observations>> observe_clients(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                                  Progress& progress, const RunHooks& hooks) {
    std::vector<Observations> all;
    if (submission.language != Language::rust) return all;
    for (const Client& client : exercise.clients) {
        if (hooks.stage) hooks.stage("client " + client.name);
        Submission with{submission.exercise_id, submission.language, with_client(submission.sources, client)};
        RunHooks quiet = hooks;
        quiet.stage = nullptr;
        FERRULE_TRY(Observations seen, client.runs
                                           ? observe(client_exercise(exercise, client), with, seed, progress, quiet)
                                           : compile(exercise, with));
        seen.exercise = client.name;
        all.push_back(std::move(seen));
    }
    return all;
}

}  // namespace ferrule::grader
