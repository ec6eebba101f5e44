// What there is to see after a pass: the mistakes of an exercise that each language's compiler refuses, those that it
// lets through, and the reference in both languages.
#pragma once

#include "grader/exercise/exercise.hpp"
#include "lessons/reader/markdown.hpp"

namespace ferrule::reader {

// The mistakes are the exercise's mutants: that they are refused, or found, is what `ferrule check` proves. The sources
// stand side by side where `columns` allow, else one below the other. Errors: a source cannot be read.
Result<std::vector<Line>> compare_languages(const grader::Exercise& exercise,
                                            const std::vector<grader::Mutant>& mutants, int columns);

}  // namespace ferrule::reader
