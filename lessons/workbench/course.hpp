// The course as the workbench shows it: what is on disk, and how far the learner is.
#pragma once

#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/progress_store.hpp"
#include "lessons/reader/workspace.hpp"
#include "lessons/workbench/state.hpp"

namespace ferrule::workbench {

// Errors: of reading a lesson, "progress-db".
Result<Course> read_course(const reader::Catalogue& catalogue, const reader::ProgressStore& store,
                           const reader::Workspace& workspace);

// Where one stopped, as a note in the store: "ownership/leaks 120 keeper c". What no longer exists is passed over.
std::string place_note(const State& state);
void restore_place(State& state, const std::string& note);

}  // namespace ferrule::workbench
