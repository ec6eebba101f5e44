// What an author needs to know about an exercise: the starter fails, the solution and its variants pass, every mutant
// fails with the class it declares on the line it declares, there is a hint for each of these classes, no stray file
// lies around. A driver of the corpus has no starter and no hints.
//
// Several cases are under way at once, so that one is built while others run; but no more clones than three for each
// four cores, for guests that are short of processors only get slower. A case that races has the machine to itself, but
// for what is built.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lessons/reader/check_cases.hpp"
#include "lessons/reader/grading.hpp"
#include "lessons/reader/turns.hpp"

namespace ferrule::reader {

struct CheckTarget {
    const grader::Exercise* exercise = nullptr;
    std::string only;  // one case's name; empty: all
};

struct CheckOptions {
    unsigned jobs = 0;        // cases at once; 0: default_jobs()
    bool build_only = false;  // what is compiled compiles; nothing runs
    std::optional<grader::Language> language;
    grader::Caching caching;
};

struct CheckHooks {
    std::optional<uint64_t> seed;                                          // instead of the one that the sources give
    std::function<void(const std::string&)> stage;                         // a state line; called by any thread
    std::function<void(const grader::Exercise&, const CheckResult&)> end;  // in order, one at a time
};

// Errors: only when Ferrule could not do its work; a case that is not as it should be is a result.
Result<void> check_exercises(const std::vector<CheckTarget>& targets, const CheckOptions& options, Progress& progress,
                             const CheckHooks& hooks);

// One case, run when it is its turn, and once more when its sandbox was lost; an error says which one it was.
Result<Graded> grade_job(const CheckJob& job, const grader::Caching& caching, Turns& turns, Progress& progress,
                         const CheckHooks& hooks);
// Builds it for each kernel of its exercise: as it should be, unless the compiler refuses it. Errors: only ours.
Result<CheckResult> build_job(const CheckJob& job);
unsigned default_jobs();
unsigned clones_at_once();

// The parts that need no image.
std::vector<std::string> stray_files(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants);
std::vector<std::string> unwritten_files(const grader::Exercise& exercise);  // that say TODO, starters apart
std::vector<std::string> missing_hints(const grader::Exercise& exercise, const std::vector<grader::Mutant>& mutants);

}  // namespace ferrule::reader
