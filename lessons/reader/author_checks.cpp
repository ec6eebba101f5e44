#include "lessons/reader/author_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "lessons/reader/in_order.hpp"
#include "lessons/reader/lesson_text.hpp"
#include "lessons/reader/style_checks.hpp"

namespace ferrule::reader {

namespace {

using Clock = std::chrono::steady_clock;

void collect_programs(const std::vector<grader::Step>& steps, std::set<std::string>& out) {
    for (const grader::Step& step : steps) {
        if (step.kind == grader::StepKind::program) out.insert(fs::path(step.file_name).lexically_normal().string());
        for (const auto& lane : step.lanes) collect_programs(lane, out);
    }
}

bool is_source(const fs::path& path) {
    return path.extension() == ".c" || path.extension() == ".h" || path.extension() == ".rs";
}

// `found` and the rest of a case that is a list of problems.
CheckResult with_problems(CheckResult result, std::vector<std::string> problems) {
    result.problems = std::move(problems);
    result.ok = result.problems.empty();
    result.found = result.ok ? "in order" : result.problems.front();
    if (result.problems.size() > 1) result.found += fmt::format(", and {} more", result.problems.size() - 1);
    return result;
}

CheckResult check_files(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants) {
    CheckResult result;
    result.what = {CaseKind::files, exercise.languages.front(), "files"};
    result.expected = "hints for every mutant's class, no stray file, no TODO";
    auto problems = stray_files(exercise, mutants);
    for (std::string& problem : unwritten_files(exercise)) problems.push_back(std::move(problem));
    if (exercise.corpus) result.expected = "no stray file, no TODO";
    for (std::string& problem : missing_hints(exercise, mutants)) problems.push_back(std::move(problem));
    return with_problems(std::move(result), std::move(problems));
}

Result<CheckResult> check_style(const grader::Exercise& exercise) {
    const auto start = Clock::now();
    CheckResult result;
    result.what = {CaseKind::style, exercise.languages.front(), "style"};
    result.expected = "solutions as checkpatch.pl --strict and rustfmt want them";
    FERRULE_TRY(const auto image, image::find(exercise.kernels.front()));
    FERRULE_TRY(auto problems, style_problems(exercise, image));
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return with_problems(std::move(result), std::move(problems));
}

// A case of its own for the files, which nothing has to be run for, one for the style, and the others.
struct Item {
    const grader::Exercise* exercise;
    std::optional<CheckResult> files;
    std::optional<CheckJob> job;  // neither: the style
};

Result<std::vector<Item>> items_of(const std::vector<CheckTarget>& targets, const CheckOptions& options) {
    std::vector<Item> items;
    for (const CheckTarget& target : targets) {
        FERRULE_TRY(const auto mutants, grader::load_mutants(*target.exercise));
        if (target.only.empty() && !options.language) {
            items.push_back({target.exercise, check_files(*target.exercise, mutants), std::nullopt});
            // A driver of the corpus is nobody's model, and is written in many styles on purpose.
            if (!target.exercise->corpus) items.push_back({target.exercise, std::nullopt, std::nullopt});
        }
        FERRULE_TRY(auto jobs, check_jobs(*target.exercise, mutants, {target.only, options.language}));
        for (CheckJob& job : jobs) items.push_back({target.exercise, std::nullopt, std::move(job)});
    }
    return items;
}

constexpr unsigned kAllThereAre = ~0u;

// A race is seen when two processors meet; other guests at the same time keep them apart.
bool needs_all_processors(const grader::Exercise& exercise) {
    const auto races = [](const grader::Step& step) {
        return step.kind == grader::StepKind::race || step.kind == grader::StepKind::parallel;
    };
    return std::find(exercise.kernels.begin(), exercise.kernels.end(), grader::kRaceVariant) !=
               exercise.kernels.end() ||
           std::any_of(exercise.scenarios.begin(), exercise.scenarios.end(), [&](const grader::Scenario& one) {
               return std::any_of(one.steps.begin(), one.steps.end(), races);
           });
}

// What a machine with too much to do, or too little memory, does to a sandbox says nothing about the case, and hundreds
// of others wait behind it.
bool worth_another_try(const Error& error) {
    return error.code == "guest-lost" || error.code == "host-busy" || error.code == "host-limit";
}

}  // namespace

std::vector<std::string> stray_files(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants) {
    std::vector<std::string> problems;
    std::set<std::string> tests;
    for (const grader::Scenario& scenario : exercise.scenarios) collect_programs(scenario.steps, tests);
    std::error_code code;
    const auto expected = [&](const std::string& relative, const fs::path& path) {
        if (relative == "exercise.toml" || tests.count(relative)) return true;
        for (const grader::Language language : exercise.languages) {
            const std::string folder = std::string(grader::name(language)) + "/";
            for (const char* kind : {"starter/", "solution/", "variants/"})
                if (relative.rfind(folder + kind, 0) == 0) return is_source(path);
        }
        // load_clients has looked at what is in them.
        if (relative.rfind("rust/clients/", 0) == 0)
            return path.filename() == "client.toml" || path.filename() == "client.rs";
        // load_mutants has refused anything else in a mutant's folder.
        return std::any_of(mutants.begin(), mutants.end(), [&](const grader::Mutant& mutant) {
            return relative.rfind(fmt::format("{}/mutants/{}/", grader::name(mutant.language), mutant.name), 0) == 0;
        });
    };
    for (fs::recursive_directory_iterator it(exercise.folder, code), end; !code && it != end; it.increment(code)) {
        const std::string relative = it->path().lexically_relative(exercise.folder).generic_string();
        if (it->is_symlink(code) || (!it->is_directory(code) && !expected(relative, it->path())))
            problems.push_back("stray file " + relative);
        if (it->is_directory(code) && fs::is_empty(it->path(), code)) problems.push_back("empty folder " + relative);
    }
    if (code) problems.push_back(fmt::format("cannot list {}: {}", exercise.folder.string(), code.message()));
    std::sort(problems.begin(), problems.end());
    return problems;
}

std::vector<std::string> unwritten_files(const grader::Exercise& exercise) {
    std::vector<std::string> problems;
    std::error_code code;
    for (fs::recursive_directory_iterator it(exercise.folder, code), end; !code && it != end; it.increment(code)) {
        const std::string relative = it->path().lexically_relative(exercise.folder).generic_string();
        if (!it->is_regular_file(code) || relative.find("/starter/") != std::string::npos) continue;
        const auto text = read_file(it->path(), 1u << 20);
        if (!text)
            problems.push_back(text.error().message);
        else if (const size_t at = text->find("TODO"); at != std::string::npos)
            problems.push_back(
                fmt::format("{}:{}: found TODO; expected it in a starter only", relative, line_at(*text, at)));
    }
    std::sort(problems.begin(), problems.end());
    return problems;
}

std::vector<std::string> missing_hints(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants) {
    if (exercise.corpus) return {};
    std::set<std::string> there, missing;
    for (const grader::Hint& hint : exercise.hints) there.insert(hint.finding_class);
    for (const grader::Mutant& mutant : mutants)
        if (!there.count(mutant.finding_class)) missing.insert(mutant.finding_class);
    std::vector<std::string> problems;
    for (const std::string& one : missing)
        problems.push_back(fmt::format("no hint for {}, which a mutant declares", one));
    return problems;
}

Result<CheckResult> build_job(const CheckJob& job) {
    const auto start = Clock::now();
    const bool refused = job.mutant && job.mutant->finding_class == "build-error";
    CheckResult result;
    result.what = job.what;
    result.expected = refused ? "does not build" : "builds";
    result.found = "builds";
    bool builds = true;
    for (const std::string& variant : job.exercise->kernels) {
        FERRULE_TRY(const auto image, image::find(variant));
        FERRULE_TRY(const auto built, build::build_module(image, job.sources));
        builds = built.ok;
        if (builds) continue;
        const auto error = std::find_if(built.diagnostics.begin(), built.diagnostics.end(),
                                        [](const build::Diagnostic& one) { return one.severity == "error"; });
        result.found = error == built.diagnostics.end()
                           ? "does not build"
                           : fmt::format("does not build: {}:{}: {}", error->file, error->line,
                                         error->message.substr(0, error->message.find('\n')));
        break;
    }
    result.ok = builds != refused;
    result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return result;
}

// One that runs keeps 1.5 processors busy (no KVM, 2 cores: a quarter of them was idle with one clone at a time).
unsigned clones_at_once() { return std::max(1u, (std::thread::hardware_concurrency() * 3 + 3) / 4); }
unsigned default_jobs() { return clones_at_once() + 1; }

Result<Graded> grade_job(const CheckJob& job, const grader::Caching& caching, Turns& turns, Progress& progress,
                         const CheckHooks& hooks) {
    Turns::Turn turn(turns);
    grader::RunHooks run;
    run.seed = hooks.seed;
    run.before_run = [&](unsigned clones) { turn.take(needs_all_processors(*job.exercise) ? kAllThereAre : clones); };
    const std::string who = fmt::format("{} {}", job.exercise->id, label(job.what));
    if (hooks.stage) run.stage = [&](const std::string& stage) { hooks.stage(who + ": " + stage); };
    const auto grade = [&] {
        return grade_sources(*job.exercise, job.what.language, job.sources, progress, run, caching);
    };
    auto graded = grade();
    if (!graded && worth_another_try(graded.error())) graded = grade();
    if (!graded && graded.error().code != "cancelled")
        graded.error().message = fmt::format("{}: {}", who, graded.error().message);
    return graded;
}

Result<void> check_exercises(const std::vector<CheckTarget>& targets, const CheckOptions& options, Progress& progress,
                             const CheckHooks& hooks) {
    FERRULE_TRY(const auto items, items_of(targets, options));
    Turns turns(clones_at_once());
    const auto work = [&](size_t index) -> Result<CheckResult> {
        const Item& item = items[index];
        if (item.files) return *item.files;
        if (!item.job) return check_style(*item.exercise);
        if (options.build_only) return build_job(*item.job);
        const auto start = Clock::now();
        FERRULE_TRY(Graded graded, grade_job(*item.job, options.caching, turns, progress, hooks));
        CheckResult result = judge_job(*item.job, graded.verdict);
        // What was seen before may have been a race that a busy machine did not let happen: no case fails unseen.
        if (!result.ok && graded.from_cache) {
            FERRULE_TRY(graded, grade_job(*item.job, {}, turns, progress, hooks));
            result = judge_job(*item.job, graded.verdict);
        }
        if (!result.ok) result.observations = grader::to_json(graded.observations);
        result.from_cache = graded.from_cache;
        // What it took, not how long it had to wait for others.
        result.seconds = graded.from_cache ? std::chrono::duration<double>(Clock::now() - start).count()
                                           : graded.observations.build_seconds + graded.observations.run_seconds;
        return result;
    };
    return in_order<CheckResult>(
        items.size(), options.jobs > 0 ? options.jobs : default_jobs(), work,
        [&](size_t index, const CheckResult& result) { hooks.end(*items[index].exercise, result); });
}

}  // namespace ferrule::reader
