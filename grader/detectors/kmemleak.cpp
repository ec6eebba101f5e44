// A deep run's second opinion: memory of the module's that nothing points to, and that the ledger did not list.
#include <map>

#include "grader/detectors/registrations.hpp"
#include "grader/exercise/deep.hpp"

namespace ferrule::grader {

std::vector<Finding> detect_kmemleak(const Evidence& evidence) {
    std::vector<Finding> findings;
    const Run& run = evidence.run;
    if (!run.leak_scan.empty() && run.leak_scan != "done") {
        auto finding = finding_of(evidence, "tampering", "kmemleak",
                                  "kmemleak could not be asked (" + sanitise(run.leak_scan, 40) + ")", std::nullopt);
        finding.order = 990'000;
        findings.push_back(std::move(finding));
    }
    struct Group {
        std::optional<SourcePlace> place;
        uint64_t objects = 0, bytes = 0;
        std::string sample;
    };
    std::map<std::pair<std::string, int>, Group> groups;
    for (const LedgerEntry& entry : run.unreferenced) {
        const Origin origin = origin_of(evidence, entry);
        if (!origin.learners) continue;
        Group& group =
            groups[origin.place ? std::pair(origin.place->file, origin.place->line) : std::pair(std::string(), 0)];
        if (!group.place) group.place = origin.place;
        ++group.objects;
        group.bytes += entry.bytes;
        if (group.sample.empty())
            for (const std::string& name : entry.names)
                group.sample += "  " + (name.empty() ? "(module)" : name) + "\n";
    }
    for (const auto& [key, group] : groups) {
        std::string title =
            std::to_string(group.bytes) + (group.bytes == 1 ? " byte" : " bytes") + " that nothing points to any more";
        if (group.objects > 1) title += " (" + std::to_string(group.objects) + " objects)";
        auto finding = finding_of(evidence, "memory-leak", "kmemleak", title, group.place);
        relate(finding, "allocated", group.place);
        finding.raw = sanitise(group.sample, 4096);
        findings.push_back(std::move(finding));
        if (findings.size() >= 16) break;
    }
    return findings;
}

}  // namespace ferrule::grader
