// Reports about one kind of object: reference counts, lists, active timers and work, copies that do not fit, DMA, slab
// caches.
#include "grader/detectors/broken_memory.hpp"

namespace ferrule::grader {
namespace {

struct Row {
    const char* kind;
    const char* part;
    const char* finding_class;
    const char* title;
};

constexpr Row kRows[] = {
    {"refcount", "underflow", "refcount", "reference count underflow: one put too many"},
    {"refcount", "addition on 0", "refcount", "reference taken on an object whose count was already 0"},
    {"refcount", "saturated", "refcount", "reference count overflow: puts are missing"},
    {"refcount", "decrement hit 0", "refcount", "reference count reached 0 without its release function"},
    {"refcount", "", "refcount", "reference count error"},
    {"list", "list_add double add", "object-lifetime", "list entry added twice"},
    {"list", "LIST_POISON", "object-lifetime", "list entry deleted twice"},
    {"list", "list_del", "object-lifetime", "list damaged: list_del on an entry whose neighbours do not know it"},
    {"list", "", "object-lifetime", "list damaged: list_add next to an entry that is not in the list"},
    {"debugobjects", "free active", "object-lifetime", "freed while still active"},
    {"debugobjects", "init active", "object-lifetime", "initialised while still active"},
    {"debugobjects", "activate active", "object-lifetime", "activated while already active"},
    {"debugobjects", "assert_init not available", "object-lifetime", "used without having been initialised"},
    {"debugobjects", "", "object-lifetime", "object used in the wrong state"},
    {"fortify", "field-spanning", "out-of-bounds", "memcpy writes past the field it was given"},
    {"fortify", "", "out-of-bounds", "copy is larger than its buffer"},
    {"usercopy", "exposure", "out-of-bounds", "copy to user space reads past the object"},
    {"usercopy", "", "out-of-bounds", "copy from user space writes past the object"},
    {"slab-objects", "", "memory-leak", "slab cache destroyed with objects still in it"},
    {"proc-leak", "", "resource-leak", "/proc directory removed with entries still in it"},
};

// "object type: timer_list hint: …" -> "timer_list"
std::string object_type(const std::string& title) {
    size_t at = title.find("object type: ");
    if (at == std::string::npos) return {};
    return title.substr(at + 13, title.find(' ', at + 13) - at - 13);
}

// The function that an object runs, which names its owner: "hint: chore_do+0x0/0x80 [chores]".
std::string hint(const std::string& title) {
    const size_t at = title.find("hint: ");
    return at == std::string::npos ? std::string() : title.substr(at);
}

constexpr size_t kSameMoment = 100;  // lines of console: two reports of two CPUs, mixed

// Freeing is noticed in two steps: the object is forgotten, then the report is printed. A CPU that uses the object
// between the two prints first that it was never initialised (lib/debugobjects.c, __debug_check_no_obj_freed).
void free_first(const std::vector<Splat>& splats, std::vector<Finding>& findings) {
    const auto is = [](const Splat& splat, const char* part) {
        return splat.kind == "debugobjects" && splat.title.find(part) != std::string::npos;
    };
    for (const Splat& used : splats) {
        if (!is(used, "assert_init not available") || hint(used.title).empty()) continue;
        for (const Splat& freed : splats)
            if (is(freed, "free active") && hint(freed.title) == hint(used.title) && freed.at_line > used.at_line &&
                freed.at_line - used.at_line < kSameMoment)
                for (Finding& finding : findings)
                    if (finding.order == static_cast<int>(used.at_line))
                        finding.order = static_cast<int>(freed.at_line) + 1;
    }
}

}  // namespace

std::vector<Finding> detect_objects(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats)
        for (const auto& row : kRows) {
            if (splat.kind != row.kind || splat.title.find(row.part) == std::string::npos) continue;
            std::string title = row.title;
            if (splat.kind == "debugobjects")
                if (std::string type = object_type(splat.title); !type.empty()) title = type + " " + title;
            if (splat.kind == "fortify" || splat.kind == "usercopy") title += ": " + splat.title;
            auto finding = finding_of(evidence, row.finding_class, splat.kind, title, blame_memory(evidence, splat));
            keep_report(finding, splat);
            finding.fatal = splat.kind == "usercopy";
            findings.push_back(std::move(finding));
            break;
        }
    free_first(evidence.splats, findings);
    return findings;
}

}  // namespace ferrule::grader
