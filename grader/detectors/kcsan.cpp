// KCSAN: two accesses to the same memory at the same time, at least one of them a write and one of them plain.
// Which of the two comes first in a report, and which pairs a run catches, is chance. So all reports of a run about the
// same address are one finding, on the access to mend: a plain one before one that is marked (READ_ONCE, an atomic), a
// write before a read, then the first in the file.
#include <map>
#include <optional>
#include <set>

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

// The learner's accesses to one address, and what each was caught with: nothing is the kernel's own code.
struct Race {
    std::map<Access, std::set<std::optional<Access>>> accesses;
    const Splat* first = nullptr;
};

std::optional<Access> access_at(const Evidence& evidence, const std::string& what,
                                const std::vector<ConsoleFrame>& stack) {
    const auto place = blame(evidence, stack);
    if (!place) return std::nullopt;
    return Access{*place, what.find("(marked") != std::string::npos, what.find("write") < what.find(" to ")};
}

}  // namespace

std::vector<Finding> detect_kcsan(const Evidence& evidence) {
    std::map<std::string, Race> races;  // by address
    for (const Splat& splat : evidence.splats) {
        if (splat.kind != "kcsan") continue;
        Race& race = races[address_of(splat.access)];
        if (!race.first) race.first = &splat;
        const auto one = access_at(evidence, splat.access, splat.stack);
        const auto other = splat.others.empty() ? one : access_at(evidence, splat.other_access, splat.others.front());
        if (one) race.accesses[*one].insert(other);
        if (other) race.accesses[*other].insert(one);
    }
    std::vector<Finding> findings;
    for (const auto& [address, race] : races) {
        // The kernel's own races, between its own accesses, are not the module's.
        if (race.accesses.empty()) continue;
        const auto& [mend, caught_with] = *race.accesses.begin();
        const std::string bytes = bytes_of(race.first->access);
        std::string title = "data race: " + words(mend);
        if (!bytes.empty()) title += " of " + bytes + (bytes == "1" ? " byte" : " bytes");
        // Another access tells more than the same one by another task, and that more than nothing of the learner's.
        std::vector<Access> partners;
        for (const auto& with : caught_with)
            if (with && with->order() != mend.order()) partners.push_back(*with);
        if (!partners.empty())
            title += " while another task or cpu is at " + words(partners.front());
        else if (caught_with.contains(mend))
            title += " while another task or cpu does the same";
        else
            title += " while kernel code uses the same memory";
        for (const auto& [access, unused] : race.accesses)
            if (!caught_with.contains(access) && access.order() != mend.order()) partners.push_back(access);
        Finding finding = finding_of(evidence, "data-race", "kcsan", title, mend.place);
        for (size_t i = 0; i < partners.size() && i < 3; ++i) relate(finding, "also", partners[i].place);
        keep_report(finding, *race.first);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
