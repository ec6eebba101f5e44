// The same submission gets the same verdict, every time: shown by grading each case several times, each time in fresh
// clones, with the same seed.
//
// That takes hours, on all of the course longer than a working day of one machine may be. So the table that comes of it
// is also what is known already: each row carries a hash of all that decides it (its inputs), and a row whose inputs
// are still the same is not run again. A run that is stopped goes on where it was, on another machine too.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "lessons/reader/author_checks.hpp"

namespace ferrule::reader {

// What has to be equal: pass or fail, and of every finding, in order, class, file and line.
std::string fingerprint(const grader::Verdict& verdict);

struct RepeatRow {
    std::string driver, label;
    std::string inputs;  // hash of sources, exercise, what is declared, seed, image, machine, runner, judge
    unsigned runs = 0, as_declared = 0;
    std::map<std::string, unsigned> verdicts;  // fingerprint -> how often
    double median = 0;                         // seconds of a run, of building and waiting not counted

    unsigned equal() const;  // how often the most frequent verdict came; 0 when there is no run
    bool steady() const { return verdicts.size() == 1 && as_declared == runs; }
};

// The cases: solutions, variants and mutants, not starters.
Result<std::vector<CheckJob>> repeat_jobs(const std::vector<CheckTarget>& targets, const CheckOptions& options);
// A row for each of them: what is known from `recorded` where the inputs are the same and there were enough runs, else
// one without runs. `seed` as in CheckHooks.
Result<std::vector<RepeatRow>> known_rows(const std::vector<CheckJob>& jobs, unsigned times,
                                          const std::vector<RepeatRow>& recorded, std::optional<uint64_t> seed,
                                          Progress& progress);
// Runs those that have no runs, `times` each. hooks.stage as ever; `end` with each row that is complete, in order.
Result<void> repeat_checks(const std::vector<CheckJob>& jobs, std::vector<RepeatRow>& rows, unsigned times,
                           const CheckOptions& options, Progress& progress, const CheckHooks& hooks,
                           const std::function<void(const RepeatRow&)>& end);

// Markdown: a sentence of what was run, and a line for each row that has runs.
std::string repeat_table(const std::vector<RepeatRow>& rows, const std::string& machine);
// The rows of such a table in any text around it. What is not a row of it is passed over.
std::vector<RepeatRow> rows_of(const std::string& text);

inline constexpr const char* kRepeatSection = "repeatability";  // see marked_section.hpp

}  // namespace ferrule::reader
