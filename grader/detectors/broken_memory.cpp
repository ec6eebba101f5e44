#include "grader/detectors/broken_memory.hpp"

#include <algorithm>

#include "grader/detectors/source_scan.hpp"

namespace ferrule::grader {
namespace {

// `unsafe { … }`, not `unsafe fn` or `unsafe impl`, which only pass a duty on.
std::vector<SourcePlace> unsafe_blocks(const Observations& all) {
    std::vector<SourcePlace> blocks;
    for (const auto& mention : mentions(all, "unsafe")) {
        const std::string code = code_only(all.sources.at(mention.file), Language::rust);
        size_t at = 0;
        for (int line = 1; line < mention.line; ++line) at = code.find('\n', at) + 1;
        at = code.find("unsafe", at);
        const size_t next = code.find_first_not_of(" \t\r\n", at + 6);
        if (next != std::string::npos && code[next] == '{') blocks.push_back({mention.file, mention.line, {}, true});
    }
    return blocks;
}

}  // namespace

std::optional<SourcePlace> blame_memory(const Evidence& evidence, const Splat& splat) {
    auto place = blame(evidence, splat);
    if (evidence.all.language != Language::rust || (place && !made_by_macro(*place))) return place;
    if (!place && !touches_module(evidence, splat.stack)) return place;
    const auto blocks = unsafe_blocks(evidence.all);
    return blocks.size() == 1 ? blocks.front() : place;
}

}  // namespace ferrule::grader
