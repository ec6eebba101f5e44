// The same module by the kernel's own Kbuild (`make M=`): four times slower than the replay of recipe.hpp, and what
// that replay must equal. Tests compare the two; bench/ calls it "by hand".
#pragma once

#include "sandbox/build/recipe.hpp"

namespace ferrule::build {

struct ReferenceBuild {
    TempDir folder;      // owns
    fs::path ko;         // in it
    double seconds = 0;  // of the whole jail
};

// Errors: those of build_module, and "build-broken" with Kbuild's words when it fails.
Result<ReferenceBuild> build_by_kbuild(const image::Image& image, const SourceSet& sources);

}  // namespace ferrule::build
