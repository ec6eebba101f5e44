// KCSAN: two accesses to the same memory at the same time, at least one of them a write and one of them plain.
// Which of the two comes first in a report, and which pairs a run catches, is chance. So all reports of a run about the
// same address are one finding, on the access to mend: a plain one before one that is marked (READ_ONCE, an atomic), a
// write before a read, then the first in the file.
#include <algorithm>
#include <map>

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {
namespace {

struct Access {
    SourcePlace place;
    bool marked = false, write = false;

    auto order() const { return std::tuple(marked, !write, place.file, place.line); }
    bool operator<(const Access& other) const { return order() < other.order(); }
};

// "write (marked) to 0xffff… of 4 bytes by task 45 on cpu 0" (kernel/kcsan/report.c)
std::string address_of(const std::string& access) {
    const size_t at = access.find(" to 0x");
    return at == std::string::npos ? std::string() : access.substr(at + 4, access.find(' ', at + 4) - at - 4);
}

std::string bytes_of(const std::string& access) {
    const size_t at = access.find(" of ");
    return at == std::string::npos ? std::string() : access.substr(at + 4, access.find(' ', at + 4) - at - 4);
}

std::string words(const Access& access) {
    return (access.marked ? "a marked " : "a plain ") + std::string(access.write ? "write" : "read");
}

struct Race {
    std::vector<Access> accesses;  // the learner's
    bool elsewhere = false;        // one side is in the kernel's own code
    const Splat* first = nullptr;
};

void add(const Evidence& evidence, Race& race, const std::string& what, const std::vector<ConsoleFrame>& stack) {
    const auto place = blame(evidence, stack);
    if (!place) {
        race.elsewhere = true;
        return;
    }
    Access access{*place, what.find("(marked") != std::string::npos, what.find("write") < what.find(" to ")};
    const bool known = std::any_of(race.accesses.begin(), race.accesses.end(),
                                   [&](const Access& other) { return other.order() == access.order(); });
    if (!known) race.accesses.push_back(std::move(access));
}

}  // namespace

std::vector<Finding> detect_kcsan(const Evidence& evidence) {
    std::map<std::string, Race> races;  // by address
    for (const Splat& splat : evidence.splats) {
        if (splat.kind != "kcsan") continue;
        Race& race = races[address_of(splat.access)];
        if (!race.first) race.first = &splat;
        add(evidence, race, splat.access, splat.stack);
        if (!splat.others.empty()) add(evidence, race, splat.other_access, splat.others.front());
    }
    std::vector<Finding> findings;
    for (auto& [address, race] : races) {
        // The kernel's own races, between its own accesses, are not the module's.
        if (race.accesses.empty()) continue;
        std::sort(race.accesses.begin(), race.accesses.end());
        const Access& mend = race.accesses.front();
        const std::string bytes = bytes_of(race.first->access);
        std::string title = "data race: " + words(mend);
        if (!bytes.empty()) title += " of " + bytes + (bytes == "1" ? " byte" : " bytes");
        if (race.accesses.size() > 1)
            title += " while another task or cpu is at " + words(race.accesses[1]);
        else if (race.elsewhere)
            title += " while kernel code uses the same memory";
        else
            title += " while another task or cpu does the same";
        Finding finding = finding_of(evidence, "data-race", "kcsan", title, mend.place);
        for (size_t i = 1; i < race.accesses.size() && i < 4; ++i) relate(finding, "also", race.accesses[i].place);
        keep_report(finding, *race.first);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
