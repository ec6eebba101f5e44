// The console is a merge of several callers' lines; each is read on its own (caller_reader.hpp).
#include "grader/console/console.hpp"

#include <unordered_map>

#include "grader/console/caller_reader.hpp"

namespace ferrule::grader {
namespace {

constexpr size_t kMaxCallers = 256;

}  // namespace

std::vector<Splat> parse_console(std::string_view console) {
    SplatList splats;
    std::unordered_map<std::string_view, CallerReader> callers;
    for (const auto& line : split_console(console)) {
        if (splats.full()) break;
        if (line.dropped) {
            for (auto& [caller, reader] : callers) reader.truncated();
            continue;
        }
        auto found = callers.find(line.caller);
        if (found == callers.end()) {
            if (callers.size() >= kMaxCallers) continue;
            found = callers.emplace(line.caller, CallerReader(splats)).first;
        }
        found->second.line(line);
    }
    for (auto& [caller, reader] : callers) reader.end();
    return std::move(splats).in_order();
}

}  // namespace ferrule::grader
