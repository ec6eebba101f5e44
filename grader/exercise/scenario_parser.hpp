// [[scenario]] tables -> Scenario, every mistake at its line.
#pragma once

#include "grader/exercise/toml_table.hpp"

namespace ferrule::grader {

std::vector<Scenario> parse_scenarios(Problems& problems, const std::vector<const toml::table*>& tables);

}  // namespace ferrule::grader
