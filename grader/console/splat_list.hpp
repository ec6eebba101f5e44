// The reports that have been read, bounded so that a flood of one kind leaves room for every other.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "grader/console/console.hpp"

namespace ferrule::grader {

class SplatList {
public:
    // Left out when the same was said kSame times, or there are kOfKind of the kind, or kMaxSplats in all.
    void add(Splat splat);
    bool full() const { return splats_.size() >= kMaxSplats; }
    std::vector<Splat> in_order() &&;  // as they began in the console

private:
    static constexpr size_t kSame = 4, kOfKind = 16;
    std::vector<Splat> splats_;
    std::map<std::string, size_t> of_kind_, said_;
};

}  // namespace ferrule::grader
