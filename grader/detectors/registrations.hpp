// Kernel functions that register something, so that memory they allocate is not a leak of its own: what is
// left behind is the registration.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

struct Registration {
    std::string_view function;  // by prefix
    std::string_view noun;      // "misc device"
    std::string_view kinds;     // of ResourceEntry, space-separated: what a leak of it shows up as
    std::string_view sources;   // words to look for in the learner's sources, space-separated
};

const Registration* registration_of(std::string_view kernel_function);
const std::vector<Registration>& registrations();

// What the learner calls that function: a macro or another name for it that stands in the sources.
std::string registered_as(const Evidence& evidence, std::string_view kernel_function);

// How an entry of the ledger came about.
struct Origin {
    std::optional<SourcePlace> place;            // the learner's innermost line; none: not known
    const Registration* registration = nullptr;  // the kernel function called there registers something
    bool learners = false;                       // false: a detector's own metadata, or an interrupt's doing
};
Origin origin_of(const Evidence& evidence, const LedgerEntry& entry);

}  // namespace ferrule::grader
