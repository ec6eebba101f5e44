#include "grader/console/splat_list.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

void add_place(std::string& words, const std::vector<ConsoleFrame>& stack) {
    if (!stack.empty()) words += "\n" + stack.front().function + "+" + std::to_string(stack.front().offset);
}

}  // namespace

void SplatList::add(Splat splat) {
    if (full() || of_kind_[splat.kind] >= kOfKind) return;
    // Two races between the same two functions have one title.
    std::string words = splat.title;
    add_place(words, splat.stack);
    if (!splat.others.empty()) add_place(words, splat.others.front());
    if (++said_[words] > kSame) return;
    ++of_kind_[splat.kind];
    splats_.push_back(std::move(splat));
}

std::vector<Splat> SplatList::in_order() && {
    std::stable_sort(splats_.begin(), splats_.end(),
                     [](const Splat& a, const Splat& b) { return a.at_line < b.at_line; });
    return std::move(splats_);
}

}  // namespace ferrule::grader
