// The exercise: choosing one, and what is asked for it. Parts of an update (update.hpp).
#pragma once

#include "lessons/workbench/reading.hpp"

namespace ferrule::workbench {

// What was said of another exercise, or in another language.
void forget_verdict(State& state);
// In the language of the last one, where it has that.
void take_exercise(State& state, const ExerciseEntry& exercise);
// Of the lesson that is open now; of one with several, the one that was worked at.
void choose_exercise(State& state);

void open_side(State& state, Tab tab, Focus focus);
// With the exercise that is chosen; none is chosen: nothing.
Requests with_exercise(const State& state, Request::Kind kind);
Requests edit(State& state, const std::string& file, int line);
Requests console(State& state);
Requests grade(State& state);
Requests begin_grading(State& state);
Requests compare(const State& state);
Requests other_language(State& state);

}  // namespace ferrule::workbench
