// The same submission gets the same verdict, every time: shown by grading each case several times, each time in fresh
// clones, with the same seed. What was seen is kept in the observation cache (each repetition under a key of its own),
// so that a run of hours can be stopped and goes on where it was, and is judged anew when only the judge has changed.
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
    const grader::Exercise* exercise = nullptr;
    CheckCase what;
    unsigned runs = 0, as_declared = 0;
    std::map<std::string, unsigned> verdicts;  // fingerprint -> how often
    std::vector<double> seconds;

    void add(const grader::Verdict& verdict, bool declared, double took);
    const std::string& usual() const;  // the most frequent verdict; there is at least one run
    unsigned equal() const;            // how often it came
    double median() const;
    bool steady() const { return verdicts.size() == 1 && as_declared == runs; }
};

struct RepeatHooks {
    CheckHooks check;                                                              // `seed` and `stage`
    std::function<void(unsigned round, const std::vector<RepeatRow>&)> round_end;  // 1…
};

// Solutions, variants and mutants, `times` each: every case once, then every case a second time, and so on.
Result<std::vector<RepeatRow>> repeat_checks(const std::vector<CheckTarget>& targets, unsigned times,
                                             const CheckOptions& options, Progress& progress, const RepeatHooks& hooks);

// Markdown: a sentence of what was run, and a row for each case.
std::string repeat_table(const std::vector<RepeatRow>& rows, const std::string& machine);
// The file's text with its two marker lines, or, when there is no such file, the marker lines. Error "no-markers".
Result<std::string> table_place(const fs::path& file);
// Puts the table between the marker lines, in place of what is there.
Result<void> write_repeat_table(const fs::path& file, const std::string& table);

constexpr const char* kTableBegin = "<!-- repeatability: begin -->";
constexpr const char* kTableEnd = "<!-- repeatability: end -->";

}  // namespace ferrule::reader
