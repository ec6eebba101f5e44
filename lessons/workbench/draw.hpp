// From the state to the screen, and nothing else.
#pragma once

#include "lessons/workbench/state.hpp"

namespace ferrule::workbench {

Surface draw(const State& state);

}  // namespace ferrule::workbench
