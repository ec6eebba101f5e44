// What an author needs to know about an exercise: the starter fails, the solution and its variants pass, every mutant
// fails with the class it declares on the line it declares, there is a hint for each of these classes, no stray file
// lies around. A driver of the corpus has no starter and no hints.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lessons/reader/grading.hpp"

namespace ferrule::reader {

enum class CaseKind { files, starter, solution, variant, mutant };

struct CheckCase {
    CaseKind kind = CaseKind::files;
    grader::Language language = grader::Language::c;  // not for `files`
    std::string name;  // "starter", "solution", the variant's or mutant's folder, "files"
};

struct CheckResult {
    CheckCase what;
    bool ok = false;
    std::string expected, found;  // one clause each: "memory-leak at slots.c:31", "pass"
    double seconds = 0;
    std::vector<std::string> problems;  // `files`: one line for each
    std::string observations;  // of a case that is not ok: what was seen, as JSON (grader/run/observations.hpp)
};

// Called before a case (for a state line) and after it.
struct CheckHooks {
    std::function<void(const CheckCase&)> begin;
    std::function<void(const CheckResult&)> end;
    grader::RunHooks run;
};

// Errors: only when Ferrule could not do its work; a case that is not as it should be is a result.
Result<std::vector<CheckResult>> check_exercise(const grader::Exercise& exercise, Progress& progress,
                                                const CheckHooks& hooks = {});

// The parts that need no image.
std::vector<std::string> stray_files(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants);
std::vector<std::string> missing_hints(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants);
// A mutant's verdict against what it declares: the first finding has the class and one of the lines.
bool is_as_declared(const grader::Mutant& mutant, const grader::Verdict& verdict, std::string& expected,
                    std::string& found);

const char* name(CaseKind kind);

}  // namespace ferrule::reader
