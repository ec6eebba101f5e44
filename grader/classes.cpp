#include "grader/classes.hpp"

#include <algorithm>

namespace ferrule::grader {

const std::vector<std::string>& finding_classes() {
    static const std::vector<std::string> classes = {"build-error",
                                                     "load-failed",
                                                     "wrong-result",
                                                     "oops",
                                                     "use-after-free",
                                                     "out-of-bounds",
                                                     "double-free",
                                                     "memory-leak",
                                                     "resource-leak",
                                                     "refcount",
                                                     "lock-imbalance",
                                                     "deadlock",
                                                     "sleep-in-atomic",
                                                     "data-race",
                                                     "rcu",
                                                     "object-lifetime",
                                                     "user-access",
                                                     "integer",
                                                     "error-path",
                                                     "hang",
                                                     "dma",
                                                     "unsafe-audit",
                                                     "tampering"};
    return classes;
}

bool is_finding_class(std::string_view word) {
    const auto& classes = finding_classes();
    return std::find(classes.begin(), classes.end(), word) != classes.end();
}

}  // namespace ferrule::grader
