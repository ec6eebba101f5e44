// Did Kconfig honour what the fragments ask for? merge_config.sh only warns, and a dependency that is
// missing turns an option off without a word: a detector that is not there finds nothing.
#pragma once

#include <string>
#include <vector>

#include "sandbox/base/result.hpp"

namespace ferrule::image {

struct Fragment {
    std::string name;  // "mem.config"
    std::string text;
};

// Every CONFIG_X=value and `# CONFIG_X is not set` of the fragments (the last one counts) against the final
// .config. Code "config-not-honoured": names each option, its fragment, and what it became.
Result<void> check_config(const std::vector<Fragment>& fragments, const std::string& final_config);

}  // namespace ferrule::image
