// What there is to check about an exercise, one case after the other, and whether a verdict is what the case declares.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "grader/verdict.hpp"

namespace ferrule::reader {

enum class CaseKind { files, style, starter, solution, variant, mutant };

struct CheckCase {
    CaseKind kind = CaseKind::files;
    grader::Language language = grader::Language::c;  // not for `files` and `style`
    std::string name;  // "starter", "solution", the variant's or mutant's folder, "files", "style"
};

struct CheckResult {
    CheckCase what;
    bool ok = false;
    std::string expected, found;  // one clause each: "memory-leak at slots.c:31", "pass"
    double seconds = 0;
    bool from_cache = false;
    std::vector<std::string> problems;  // `files`, `style`: one line for each
    std::string observations;  // of a case that is not ok: what was seen, as JSON (grader/run/observations.hpp)
};

// A case that has to be built, run and judged.
struct CheckJob {
    const grader::Exercise* exercise = nullptr;
    CheckCase what;
    build::SourceSet sources;
    std::optional<grader::Mutant> mutant;
};

// Which cases: all of the exercise's, or those with this name (in both languages), or in this language.
struct CaseFilter {
    std::string name;
    std::optional<grader::Language> language;

    bool takes(const CheckCase& what) const;
};

// In the order in which they are shown. Errors: "exercise-syntax" and those of read_sources; "no-case" when the filter
// leaves nothing.
Result<std::vector<CheckJob>> check_jobs(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants,
                                         const CaseFilter& filter = {});

// ok, expected and found of the result.
CheckResult judge_job(const CheckJob& job, const grader::Verdict& verdict);
// A mutant's verdict against what it declares: the first finding has the class and one of the lines.
bool is_as_declared(const grader::Mutant& mutant, const grader::Verdict& verdict, std::string& expected,
                    std::string& found);

const char* name(CaseKind kind);
bool has_language(CaseKind kind);  // a case of one language's sources
// "c mutant off-by-one", "rust solution", "files"
std::string label(const CheckCase& what);

}  // namespace ferrule::reader
