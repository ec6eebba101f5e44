// The course in the terminal: one loop that turns keys, time and what the jobs report into events, and does what the
// updates ask for. It alone knows the state, the display, the jobs and the two programs in their panes.
#pragma once

#include <functional>

#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/progress_store.hpp"
#include "lessons/reader/workspace.hpp"

namespace ferrule::workbench {

struct Setup {
    const reader::Catalogue& catalogue;
    reader::ProgressStore& store;
    const reader::Workspace& workspace;
    std::string id;            // open this lesson, or this exercise's; empty: where one stopped
    bool build_image = false;  // begin with that, when it is missing
    // For an author: what is wrong with the text of a lesson (its id), in one line, asked when it is opened and whenever
    // it is saved. Empty: nothing.
    std::function<std::string(const std::string& lesson)> problem = {};
};

// Until the person leaves: 0. Standard input and output are a terminal. Errors: "terminal", and what read_course says.
Result<int> run_workbench(const Setup& setup);

}  // namespace ferrule::workbench
