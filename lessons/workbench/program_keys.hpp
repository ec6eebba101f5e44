// Keys while a program has a pane: to the program, to its history, or out of it. Parts of an update (update.hpp).
#pragma once

#include "lessons/workbench/reading.hpp"

namespace ferrule::workbench {

PaneState* program_of(State& state, Tab tab);  // null: a tab without a program
// In copy mode, or to the program. Ctrl-] always leaves, whatever runs there. `pane` is open.
Requests in_program(State& state, PaneState& pane, const Key& key);
void begin_copying(State& state, PaneState& pane);

}  // namespace ferrule::workbench
