#include "lessons/reader/repeatability.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "grader/run/observation_key.hpp"
#include "lessons/reader/in_order.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::reader {
namespace {

constexpr const char* kHeading = "| driver | case | verdict | equal | as declared | median | inputs |";
constexpr const char* kBreak = "<br>";  // between the verdicts of a case that is not steady

Result<std::string> inputs_of(const CheckJob& job, std::optional<uint64_t> seed, Progress& progress) {
    FERRULE_TRY(const uint64_t derived, seed_of(*job.exercise, job.sources));
    const grader::Submission submission{job.exercise->id, job.what.language, job.sources};
    FERRULE_TRY(const std::string key,
                grader::observation_key(*job.exercise, submission, seed.value_or(derived), 0, progress));
    const std::string expected = judge_job(job, grader::Verdict{}).expected;
    return Hash().add(key).add(grader::kJudgeSources).add(label(job.what)).add(expected).hex().substr(0, 12);
}

double median_of(std::vector<double> sorted) {
    if (sorted.empty()) return 0;
    std::sort(sorted.begin(), sorted.end());
    const size_t middle = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

// In a cell: no bar, no break.
std::string in_cell(std::string text) {
    std::replace(text.begin(), text.end(), '|', '/');
    std::replace(text.begin(), text.end(), '<', '(');
    return text;
}

std::vector<std::string> split(std::string_view text, std::string_view by) {
    std::vector<std::string> parts;
    for (size_t at = 0;;) {
        const size_t end = text.find(by, at);
        parts.emplace_back(text.substr(at, end - at));
        if (end == std::string_view::npos) return parts;
        at = end + by.size();
    }
}

template <class T>
bool number(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc() && end == text.data() + text.size();
}

std::optional<RepeatRow> row_of(std::string_view line) {
    if (!line.starts_with("| ") || !line.ends_with(" |")) return std::nullopt;
    const auto cells = split(line.substr(2, line.size() - 4), " | ");
    if (cells.size() != 7) return std::nullopt;
    RepeatRow row;
    row.driver = cells[0];
    row.label = cells[1];
    row.inputs = cells[6];
    const auto counts = split(cells[3], " of ");
    unsigned equal = 0, sum = 0;
    if (counts.size() != 2 || !number(counts[0], equal) || !number(counts[1], row.runs)) return std::nullopt;
    if (cells[4] == "yes")
        row.as_declared = row.runs;
    else if (!number(cells[4], row.as_declared))
        return std::nullopt;
    if (!cells[5].ends_with(" s") || !number(std::string_view(cells[5]).substr(0, cells[5].size() - 2), row.median))
        return std::nullopt;
    const auto verdicts = split(cells[2], kBreak);
    if (verdicts.size() == 1) row.verdicts[verdicts.front()] = row.runs;
    for (size_t i = 0; verdicts.size() > 1 && i < verdicts.size(); ++i) {
        const size_t at = verdicts[i].find(" x ");
        unsigned times = 0;
        if (at == std::string::npos || !number(std::string_view(verdicts[i]).substr(0, at), times)) return std::nullopt;
        row.verdicts[verdicts[i].substr(at + 3)] = times;
    }
    for (const auto& [verdict, times] : row.verdicts) sum += times;
    if (sum != row.runs || row.equal() != equal || row.as_declared > row.runs) return std::nullopt;
    return row;
}

}  // namespace

std::string fingerprint(const grader::Verdict& verdict) {
    std::string text = verdict.verdict;
    for (size_t i = 0; i < verdict.findings.size(); ++i) {
        const grader::Finding& finding = verdict.findings[i];
        text += (i == 0 ? ": " : "; ") + finding.finding_class;
        if (!finding.file.empty()) text += fmt::format(" {}:{}", finding.file, finding.line);
    }
    return in_cell(text);
}

unsigned RepeatRow::equal() const {
    unsigned most = 0;
    for (const auto& [verdict, times] : verdicts) most = std::max(most, times);
    return most;
}

Result<std::vector<CheckJob>> repeat_jobs(const std::vector<CheckTarget>& targets, const CheckOptions& options) {
    std::vector<CheckJob> jobs;
    for (const CheckTarget& target : targets) {
        FERRULE_TRY(const auto mutants, grader::load_mutants(*target.exercise));
        FERRULE_TRY(auto some, check_jobs(*target.exercise, mutants, {target.only, options.language}));
        for (CheckJob& job : some)
            if (job.what.kind != CaseKind::starter) jobs.push_back(std::move(job));
    }
    return jobs;
}

Result<std::vector<RepeatRow>> known_rows(const std::vector<CheckJob>& jobs, unsigned times,
                                          const std::vector<RepeatRow>& recorded, std::optional<uint64_t> seed,
                                          Progress& progress) {
    std::vector<RepeatRow> rows;
    for (const CheckJob& job : jobs) {
        FERRULE_TRY(const std::string inputs, inputs_of(job, seed, progress));
        const auto known = std::find_if(recorded.begin(), recorded.end(), [&](const RepeatRow& row) {
            return row.inputs == inputs && row.runs >= times;
        });
        rows.push_back(known != recorded.end() ? *known
                                               : RepeatRow{job.exercise->id, label(job.what), inputs, 0, 0, {}, 0});
    }
    return rows;
}

Result<void> repeat_checks(const std::vector<CheckJob>& jobs, std::vector<RepeatRow>& rows, unsigned times,
                           const CheckOptions& options, Progress& progress, const CheckHooks& hooks,
                           const std::function<void(const RepeatRow&)>& end) {
    FERRULE_CHECK(rows.size() == jobs.size());
    std::vector<size_t> open;
    for (size_t i = 0; i < rows.size(); ++i)
        if (rows[i].runs == 0) open.push_back(i);
    Turns turns(clones_at_once());
    const auto work = [&](size_t index) -> Result<RepeatRow> {
        const CheckJob& job = jobs[open[index]];
        RepeatRow row = rows[open[index]];
        std::vector<double> seconds;
        for (unsigned round = 0; round < times; ++round) {
            CheckHooks check{hooks.seed, {}, {}};
            if (hooks.stage)
                check.stage = [&](const std::string& stage) {
                    hooks.stage(fmt::format("{} of {}, {} of {}: {}", index + 1, open.size(), round + 1, times, stage));
                };
            FERRULE_TRY(const Graded graded, grade_job(job, {options.caching.on, round}, turns, progress, check));
            ++row.runs;
            row.as_declared += judge_job(job, graded.verdict).ok ? 1 : 0;
            ++row.verdicts[fingerprint(graded.verdict)];
            seconds.push_back(graded.observations.run_seconds);  // also when it was recorded earlier
        }
        row.median = median_of(std::move(seconds));
        return row;
    };
    return in_order<RepeatRow>(open.size(), options.jobs > 0 ? options.jobs : default_jobs(), work,
                               [&](size_t index, const RepeatRow& row) {
                                   rows[open[index]] = row;
                                   end(row);
                               });
}

std::string repeat_table(const std::vector<RepeatRow>& rows, const std::string& machine) {
    unsigned runs = 0, least = 0;
    size_t complete = 0, steady = 0;
    for (const RepeatRow& row : rows) {
        if (row.runs == 0) continue;
        ++complete;
        runs += row.runs;
        least = least == 0 ? row.runs : std::min(least, row.runs);
        steady += row.steady() ? 1 : 0;
    }
    std::string out = fmt::format("{}: {} of {} cases, {} times each, {} runs in all. {}\n\n", machine, complete,
                                  rows.size(), least, runs,
                                  steady == complete ? "All verdicts of a case were equal, and as declared."
                                                     : fmt::format("{} cases were not steady.", complete - steady));
    out += kHeading + std::string("\n|---|---|---|---|---|---|---|\n");
    for (const RepeatRow& row : rows) {
        if (row.runs == 0) continue;
        std::string verdicts;
        for (const auto& [verdict, times] : row.verdicts) {
            if (!verdicts.empty()) verdicts += kBreak;
            verdicts += row.verdicts.size() > 1 ? fmt::format("{} x {}", times, verdict) : verdict;
        }
        out += fmt::format(
            "| {} | {} | {} | {} of {} | {} | {:.1f} s | {} |\n", row.driver, row.label, verdicts, row.equal(),
            row.runs, row.as_declared == row.runs ? "yes" : fmt::format("{}", row.as_declared), row.median, row.inputs);
    }
    return out;
}

std::vector<RepeatRow> rows_of(const std::string& text) {
    std::vector<RepeatRow> rows;
    for (const std::string& line : split(text, "\n"))
        if (auto row = row_of(line)) rows.push_back(std::move(*row));
    return rows;
}

}  // namespace ferrule::reader
