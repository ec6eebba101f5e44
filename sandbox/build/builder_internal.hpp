// build_module with limits of one's own (tests).
#pragma once

#include "sandbox/build/recipe.hpp"

namespace ferrule::build {

Result<BuildOutcome> build_module_within(const image::Image& image, const SourceSet& sources, const Limits& limits);

}  // namespace ferrule::build
