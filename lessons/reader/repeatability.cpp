#include "lessons/reader/repeatability.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lessons/reader/in_order.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::reader {

std::string fingerprint(const grader::Verdict& verdict) {
    std::string text = verdict.verdict;
    for (size_t i = 0; i < verdict.findings.size(); ++i) {
        const grader::Finding& finding = verdict.findings[i];
        text += (i == 0 ? ": " : "; ") + finding.finding_class;
        if (!finding.file.empty()) text += fmt::format(" {}:{}", finding.file, finding.line);
    }
    return text;
}

void RepeatRow::add(const grader::Verdict& verdict, bool declared, double took) {
    ++runs;
    as_declared += declared ? 1 : 0;
    ++verdicts[fingerprint(verdict)];
    seconds.push_back(took);
}

const std::string& RepeatRow::usual() const {
    FERRULE_CHECK(!verdicts.empty());
    return std::max_element(verdicts.begin(), verdicts.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

unsigned RepeatRow::equal() const { return verdicts.at(usual()); }

double RepeatRow::median() const {
    if (seconds.empty()) return 0;
    std::vector<double> sorted = seconds;
    std::sort(sorted.begin(), sorted.end());
    const size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

Result<std::vector<RepeatRow>> repeat_checks(const std::vector<CheckTarget>& targets, unsigned times,
                                             const CheckOptions& options, Progress& progress,
                                             const RepeatHooks& hooks) {
    std::vector<CheckJob> jobs;
    for (const CheckTarget& target : targets) {
        FERRULE_TRY(const auto mutants, grader::load_mutants(*target.exercise));
        FERRULE_TRY(auto some, check_jobs(*target.exercise, mutants, {target.only, options.language}));
        for (CheckJob& job : some)
            if (job.what.kind != CaseKind::starter) jobs.push_back(std::move(job));
    }
    Turns turns(clones_at_once());
    std::vector<RepeatRow> rows;
    for (const CheckJob& job : jobs) rows.push_back({job.exercise, job.what, 0, 0, {}, {}});
    for (unsigned round = 1; round <= times; ++round) {
        CheckHooks check;
        check.seed = hooks.check.seed;
        if (hooks.check.stage)
            check.stage = [&, round](const std::string& what) {
                hooks.check.stage(fmt::format("round {} of {}: {}", round, times, what));
            };
        const grader::Caching caching{options.caching.on, round - 1};
        FERRULE_TRY_VOID(in_order<Graded>(
            jobs.size(), options.jobs > 0 ? options.jobs : default_jobs(),
            [&](size_t index) { return grade_job(jobs[index], caching, turns, progress, check); },
            [&](size_t index, const Graded& graded) {
                // The time of the run itself, also when it was recorded earlier.
                rows[index].add(graded.verdict, judge_job(jobs[index], graded.verdict).ok,
                                graded.observations.build_seconds + graded.observations.run_seconds);
            }));
        if (hooks.round_end) hooks.round_end(round, rows);
    }
    return rows;
}

std::string repeat_table(const std::vector<RepeatRow>& rows, const std::string& machine) {
    unsigned runs = 0;
    size_t steady = 0, times = 0;
    for (const RepeatRow& row : rows) {
        runs += row.runs;
        times = std::max<size_t>(times, row.runs);
        steady += row.steady() ? 1 : 0;
    }
    std::string out =
        fmt::format("{}: {} cases, {} times each, {} runs in all. {}\n\n", machine, rows.size(), times, runs,
                    steady == rows.size() ? "All verdicts of a case were equal, and as declared."
                                          : fmt::format("{} cases were not steady.", rows.size() - steady));
    out += "| driver | case | verdict | equal | as declared | median |\n|---|---|---|---|---|---|\n";
    for (const RepeatRow& row : rows) {
        if (row.runs == 0) continue;
        out += fmt::format("| {} | {} | {} | {} of {} | {} | {:.1f} s |\n", row.exercise->id, label(row.what),
                           row.usual(), row.equal(), row.runs,
                           row.as_declared == row.runs ? "yes" : fmt::format("{}", row.as_declared), row.median());
    }
    return out;
}

Result<std::string> table_place(const fs::path& file) {
    std::error_code code;
    if (!fs::exists(file, code)) return fmt::format("{}\n{}\n", kTableBegin, kTableEnd);
    FERRULE_TRY(std::string text, read_file(file, 4u << 20));
    const size_t begin = text.find(kTableBegin), end = text.find(kTableEnd);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return fail("no-markers", fmt::format("{} has no place for the table", file.string()),
                    fmt::format("Put the lines {} and {} where it belongs, or name a file that is not there yet.",
                                kTableBegin, kTableEnd));
    return text;
}

Result<void> write_repeat_table(const fs::path& file, const std::string& table) {
    FERRULE_TRY(std::string text, table_place(file));
    const size_t from = text.find(kTableBegin) + std::string(kTableBegin).size();
    text.replace(from, text.find(kTableEnd) - from, "\n" + table);
    return write_file(file, text);
}

}  // namespace ferrule::reader
