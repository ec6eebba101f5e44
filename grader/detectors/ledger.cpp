// Memory that the module allocated and that is still live after it is gone, by the line that allocated it.
#include <map>
#include <tuple>

#include "grader/detectors/registrations.hpp"

namespace ferrule::grader {
namespace {

struct Group {
    std::optional<SourcePlace> place;
    uint64_t objects = 0, bytes = 0;          // slab, pages, percpu
    uint64_t mappings = 0, mapped_bytes = 0;  // vmap
    std::string sample;
};

std::string counted(uint64_t bytes) { return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes"); }

std::string title_of(const Group& group) {
    // A vmalloc shows as a mapping, its pages and some bookkeeping: one thing to the learner.
    if (group.mappings > 0) {
        std::string title = counted(group.mapped_bytes) + " of vmalloc memory still allocated after unload";
        return group.mappings > 1 ? title + " (" + std::to_string(group.mappings) + " areas)" : title;
    }
    std::string title = counted(group.bytes) + " still allocated after unload";
    return group.objects > 1 ? title + " (" + std::to_string(group.objects) + " objects)" : title;
}

}  // namespace

std::vector<Finding> detect_ledger(const Evidence& evidence) {
    const Run& run = evidence.run;
    // While the module is there, what it holds is in use.
    if (!run.ledger_read || !module_unloaded(evidence)) return {};
    std::map<std::pair<std::string, int>, Group> groups;
    for (const auto& entry : run.live) {
        Origin origin = origin_of(evidence, entry);
        if (!origin.learners || origin.registration) continue;
        std::pair<std::string, int> key;
        if (origin.place) key = {origin.place->file, origin.place->line};
        Group& group = groups[key];
        if (!group.place) group.place = origin.place;
        if (entry.kind == "vmap") {
            ++group.mappings;
            group.mapped_bytes += entry.bytes > 4096 ? entry.bytes - 4096 : entry.bytes;  // its guard page
        } else {
            ++group.objects;
            group.bytes += entry.bytes;
        }
        if (group.sample.empty())
            for (size_t i = 0; i < entry.frames.size(); ++i) {
                std::string name = i < entry.names.size() ? entry.names[i] : std::string();
                group.sample += "  " + (name.empty() ? "(module)" : name) + "\n";
            }
    }
    std::vector<Finding> findings;
    for (const auto& [key, group] : groups) {
        auto finding = finding_of(evidence, "memory-leak", "ledger", title_of(group), group.place);
        relate(finding, "allocated", group.place);
        finding.raw = sanitise(group.sample, 4096);
        findings.push_back(std::move(finding));
        if (findings.size() >= 16) break;
    }
    return findings;
}

}  // namespace ferrule::grader
