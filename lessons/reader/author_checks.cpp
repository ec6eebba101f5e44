#include "lessons/reader/author_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <set>

namespace ferrule::reader {

namespace {

using Clock = std::chrono::steady_clock;

std::string place(const std::string& file, int line) {
    if (file.empty()) return "";
    return line > 0 ? fmt::format(" at {}:{}", file, line) : fmt::format(" in {}", file);
}

std::string declared(const grader::Mutant& mutant) {
    std::string text = mutant.finding_class;
    for (size_t i = 0; i < mutant.lines.size(); ++i)
        text += i == 0 ? place(mutant.lines[i].file, mutant.lines[i].line)
                       : fmt::format(" or {}:{}", mutant.lines[i].file, mutant.lines[i].line);
    return text;
}

std::string in_words(const grader::Verdict& verdict) {
    if (verdict.findings.empty()) return verdict.verdict;
    const grader::Finding& first = verdict.findings.front();
    std::string text = fmt::format("{}{} ({})", first.finding_class, place(first.file, first.line), first.title);
    if (!first.scenario.empty()) text += fmt::format(", scenario \"{}\"", first.scenario);
    if (!first.fault.empty()) text += fmt::format(", {}", first.fault);
    if (verdict.findings.size() > 1) text += fmt::format(", and {} more", verdict.findings.size() - 1);
    return text;
}

void collect_programs(const std::vector<grader::Step>& steps, std::set<std::string>& out) {
    for (const grader::Step& step : steps) {
        if (step.kind == grader::StepKind::program) out.insert(fs::path(step.file_name).lexically_normal().string());
        for (const auto& lane : step.lanes) collect_programs(lane, out);
    }
}

bool is_source(const fs::path& path) {
    return path.extension() == ".c" || path.extension() == ".h" || path.extension() == ".rs";
}

// One case that has to be built, run and judged.
struct Job {
    CheckCase what;
    build::SourceSet sources;
    const grader::Mutant* mutant = nullptr;
};

Result<std::vector<Job>> jobs_of(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants) {
    std::vector<Job> jobs;
    for (const grader::Language language : exercise.languages) {
        const auto add = [&](CaseKind kind, const std::string& name, const fs::path& folder) -> Result<void> {
            FERRULE_TRY(auto sources, build::read_sources(folder, language, exercise.module));
            jobs.push_back({{kind, language, name}, std::move(sources)});
            return {};
        };
        if (!exercise.corpus) FERRULE_TRY_VOID(add(CaseKind::starter, "starter", exercise.starter(language)));
        FERRULE_TRY_VOID(add(CaseKind::solution, "solution", exercise.solution(language)));
        for (const fs::path& variant : exercise.variants(language))
            FERRULE_TRY_VOID(add(CaseKind::variant, variant.filename().string(), variant));
        for (const grader::Mutant& mutant : mutants)
            if (mutant.language == language)
                jobs.push_back({{CaseKind::mutant, language, mutant.name}, mutant.sources, &mutant});
    }
    return jobs;
}

CheckResult judge_job(const Job& job, const grader::Verdict& verdict) {
    CheckResult result;
    result.what = job.what;
    result.found = in_words(verdict);
    if (job.mutant) {
        result.ok = is_as_declared(*job.mutant, verdict, result.expected, result.found);
    } else if (job.what.kind == CaseKind::solution || job.what.kind == CaseKind::variant) {
        result.expected = "pass";
        result.ok = verdict.verdict == "pass" && verdict.findings.empty();
    } else {
        // A starter that does not even compile teaches nothing: the learner's first verdict must be about the task.
        result.expected = "fail, and it compiles";
        const bool compiles =
            std::none_of(verdict.findings.begin(), verdict.findings.end(),
                         [](const grader::Finding& finding) { return finding.finding_class == "build-error"; });
        result.ok = verdict.verdict == "fail" && !verdict.findings.empty() && compiles;
    }
    return result;
}

CheckResult check_files(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants) {
    CheckResult result;
    result.what = {CaseKind::files, exercise.languages.front(), "files"};
    result.expected = "hints for every mutant's class, no stray file";
    result.problems = stray_files(exercise, mutants);
    if (exercise.corpus) result.expected = "no stray file";
    for (std::string& problem : missing_hints(exercise, mutants)) result.problems.push_back(std::move(problem));
    result.ok = result.problems.empty();
    result.found = result.ok ? "in order" : result.problems.front();
    if (result.problems.size() > 1) result.found += fmt::format(", and {} more", result.problems.size() - 1);
    return result;
}

}  // namespace

const char* name(CaseKind kind) {
    switch (kind) {
        case CaseKind::files: return "files";
        case CaseKind::starter: return "starter";
        case CaseKind::solution: return "solution";
        case CaseKind::variant: return "variant";
        case CaseKind::mutant: return "mutant";
    }
    return "";
}

bool is_as_declared(const grader::Mutant& mutant, const grader::Verdict& verdict, std::string& expected,
                    std::string& found) {
    expected = declared(mutant);
    found = in_words(verdict);
    const auto matches = [&](const grader::Finding& finding) {
        if (finding.finding_class != mutant.finding_class) return false;
        return mutant.lines.empty() ||
               std::any_of(mutant.lines.begin(), mutant.lines.end(), [&](const grader::MarkedLine& line) {
                   return finding.file == line.file && finding.line == line.line;
               });
    };
    if (verdict.verdict != "fail" || verdict.findings.empty()) return false;
    if (matches(verdict.findings.front())) return true;
    if (std::any_of(verdict.findings.begin(), verdict.findings.end(), matches))
        found = "found, but not first: " + found;
    return false;
}

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

Result<std::vector<CheckResult>> check_exercise(const grader::Exercise& exercise, Progress& progress,
                                                const CheckHooks& hooks) {
    FERRULE_TRY(const auto mutants, grader::load_mutants(exercise));
    FERRULE_TRY(const auto jobs, jobs_of(exercise, mutants));
    std::vector<CheckResult> results;
    const auto done = [&](CheckResult result) {
        if (hooks.end) hooks.end(result);
        results.push_back(std::move(result));
    };
    done(check_files(exercise, mutants));
    for (const Job& job : jobs) {
        if (hooks.begin) hooks.begin(job.what);
        const auto start = Clock::now();
        FERRULE_TRY(const Graded graded, grade_sources(exercise, job.what.language, job.sources, progress, hooks.run));
        CheckResult result = judge_job(job, graded.verdict);
        if (!result.ok) result.observations = grader::to_json(graded.observations);
        result.seconds = std::chrono::duration<double>(Clock::now() - start).count();
        done(std::move(result));
    }
    return results;
}

}  // namespace ferrule::reader
