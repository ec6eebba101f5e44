#include "lessons/reader/check_cases.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferrule::reader {

namespace {

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

}  // namespace

const char* name(CaseKind kind) {
    switch (kind) {
        case CaseKind::files: return "files";
        case CaseKind::style: return "style";
        case CaseKind::starter: return "starter";
        case CaseKind::solution: return "solution";
        case CaseKind::variant: return "variant";
        case CaseKind::mutant: return "mutant";
    }
    return "";
}

bool has_language(CaseKind kind) { return kind != CaseKind::files && kind != CaseKind::style; }

std::string label(const CheckCase& what) {
    if (!has_language(what.kind)) return name(what.kind);
    const std::string language = grader::name(what.language);
    const bool named = what.kind == CaseKind::mutant || what.kind == CaseKind::variant;
    return named ? fmt::format("{} {} {}", language, name(what.kind), what.name)
                 : fmt::format("{} {}", language, what.name);
}

bool CaseFilter::takes(const CheckCase& what) const {
    return (name.empty() || what.name == name) && (!language || what.language == *language);
}

Result<std::vector<CheckJob>> check_jobs(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants,
                                         const CaseFilter& filter) {
    std::vector<CheckJob> jobs;
    std::string names;
    for (const grader::Language language : exercise.languages) {
        const auto wanted = [&](const CheckCase& what) {
            names += (names.empty() ? "" : ", ") + what.name;
            return filter.takes(what);
        };
        const auto add = [&](CaseKind kind, const std::string& name, const fs::path& folder) -> Result<void> {
            const CheckCase what{kind, language, name};
            if (!wanted(what)) return {};
            FERRULE_TRY(auto sources, build::read_sources(folder, language, exercise.module));
            jobs.push_back({&exercise, what, std::move(sources), std::nullopt});
            return {};
        };
        if (!exercise.corpus) FERRULE_TRY_VOID(add(CaseKind::starter, "starter", exercise.starter(language)));
        FERRULE_TRY_VOID(add(CaseKind::solution, "solution", exercise.solution(language)));
        for (const fs::path& variant : exercise.variants(language))
            FERRULE_TRY_VOID(add(CaseKind::variant, variant.filename().string(), variant));
        for (const grader::Mutant& mutant : mutants) {
            const CheckCase what{CaseKind::mutant, language, mutant.name};
            if (mutant.language == language && wanted(what)) jobs.push_back({&exercise, what, mutant.sources, mutant});
        }
    }
    if (jobs.empty() && !filter.name.empty())
        return fail("no-case", fmt::format("\"{}\" has no case \"{}\"", exercise.id, filter.name.substr(0, 100)),
                    "It has " + names);
    return jobs;
}

CheckResult judge_job(const CheckJob& job, const grader::Verdict& verdict) {
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

}  // namespace ferrule::reader
