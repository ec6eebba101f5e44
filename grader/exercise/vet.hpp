// What a module can be asked without anybody having said what it should do: an exercise made of nothing but its name.
#pragma once

#include "grader/exercise/exercise.hpp"

namespace ferrule::grader {

// Load with `parameters`, unload, the same again; every allocation of a load made to fail in turn; then `more`, as
// load_scenarios() has it, whose test programs lie in `folder`.
Exercise vet_exercise(const std::string& module, Language language, const std::string& parameters,
                      std::vector<Scenario> more, const fs::path& folder);

}  // namespace ferrule::grader
