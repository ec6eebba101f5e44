// UBSAN: arithmetic and array indices.
#include "grader/detectors/detector.hpp"

namespace ferrule::grader {
namespace {

struct Row {
    const char* reason;
    const char* finding_class;
    const char* title;
};

constexpr Row kRows[] = {
    // lib/ubsan.c
    {"array-index-out-of-bounds", "out-of-bounds", "array index out of bounds"},
    {"object-size-mismatch", "out-of-bounds", "access outside the object"},
    {"shift-out-of-bounds", "integer", "shift by more bits than the type has"},
    {"signed-integer-overflow", "integer", "signed overflow"},
    {"unsigned-integer-overflow", "integer", "unsigned overflow"},
    {"negation-overflow", "integer", "negation overflows"},
    {"division-overflow", "integer", "division overflows or divides by zero"},
    {"implicit-conversion", "integer", "value cut by a conversion"},
    {"invalid-load", "integer", "value that its type cannot have"},
    {"null-ptr-deref", "oops", "NULL pointer used"},
    {"misaligned-access", "oops", "misaligned access"},
    {"alignment-assumption", "oops", "misaligned access"},
    {"unreachable", "oops", "unreachable code was reached"},
};

}  // namespace

std::vector<Finding> detect_ubsan(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats) {
        if (splat.kind != "ubsan") continue;
        const char* finding_class = "integer";
        std::string title = splat.title;
        for (const auto& row : kRows)
            if (splat.title.find(row.reason) != std::string::npos) {
                finding_class = row.finding_class;
                title = row.title;
                break;
            }
        if (!splat.detail.empty()) title += ": " + splat.detail;
        auto finding = finding_of(evidence, finding_class, "ubsan", title, blame(evidence, splat));
        keep_report(finding, splat);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
