// What a learner may ask for: the next hint for what was found, and the reference solution. And what grading writes
// down for both.
#pragma once

#include "grader/verdict.hpp"
#include "lessons/reader/progress_store.hpp"

namespace ferrule::reader {

// Into the learner's progress (ProgressStore::default_file()). From any thread.
Result<void> remember(const grader::Verdict& verdict);

// Lines of text: what was found last, and the steps of its hint up to the next one, which counts as shown from now on.
// The first finding that has a hint is meant: the first one is the cause more often than not.
Result<std::vector<std::string>> next_hint(ProgressStore& store, const grader::Exercise& exercise,
                                           grader::Language language);

struct SolutionFile {
    std::string name, text;
};
// By name.
Result<std::vector<SolutionFile>> solution_files(const grader::Exercise& exercise, grader::Language language);

}  // namespace ferrule::reader
