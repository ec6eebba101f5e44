// KASAN's reports: which kind of bad access, where; where the memory was allocated and freed.
#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "grader/detectors/broken_memory.hpp"
#include "grader/detectors/gone_module.hpp"

namespace ferrule::grader {
namespace {

struct Row {
    const char* bug;
    const char* finding_class;
    const char* what;
};

// mm/kasan/report_generic.c get_bug_type(), report.c complete_report_info()
constexpr Row kRows[] = {
    {"double-free", "double-free", "memory freed twice"},
    {"invalid-free", "double-free", "kfree of something that is not the start of an allocation"},
    {"use-after-free", "use-after-free", "memory used after it was freed"},
    {"user-memory-access", "user-access", "a user-space pointer used directly"},
    {"null-ptr-deref", "oops", "NULL pointer used"},
    {"wild-memory-access", "oops", "wild pointer used"},
    {"stack-out-of-bounds", "out-of-bounds", "access outside a variable on the stack"},
    {"alloca-out-of-bounds", "out-of-bounds", "access outside an array on the stack"},
    {"global-out-of-bounds", "out-of-bounds", "access outside a global variable"},
    {"vmalloc-out-of-bounds", "out-of-bounds", "access outside vmalloc memory"},
    {"out-of-bounds", "out-of-bounds", "access outside the allocated memory"},
    {"unknown-crash", "out-of-bounds", "access to memory that is not valid"},
};

// "Read of size 4 at addr ffff… by task cat/9" -> "read of 4 bytes"
std::string access_of(const Splat& splat) {
    bool write = splat.access.starts_with("Write");
    size_t at = splat.access.find("of size ");
    if (at == std::string::npos || splat.access.starts_with("Free")) return {};
    std::string size = splat.access.substr(at + 8, splat.access.find(' ', at + 8) - at - 8);
    return (write ? "write of " : "read of ") + size + (size == "1" ? " byte" : " bytes");
}

// Module memory is vmalloc memory: freed, it is outside of what is allocated, and KASAN knows nothing better to say.
bool of_gone_module(const Splat& splat) {
    const size_t at = splat.access.find(" at addr ");
    return splat.title.find("vmalloc-out-of-bounds") != std::string::npos && at != std::string::npos &&
           in_module_area(std::strtoull(splat.access.c_str() + at + 9, nullptr, 16)) && no_module_on_stack(splat);
}

// Whoever waits for a mutex looks whether its owner runs (kernel/locking/mutex.c, rwsem.c: …_spin_on_owner), and finds
// a task that has ended with the lock in its hands.
bool of_dead_owner(const Splat& splat) {
    return splat.title.find("use-after-free") != std::string::npos &&
           splat.text.find("belongs to the cache task_struct") != std::string::npos &&
           std::any_of(splat.stack.begin(), splat.stack.end(), [](const ConsoleFrame& frame) {
               return !frame.unreliable && frame.module.empty() &&
                      (frame.function.find("_spin_on_owner") != std::string::npos ||
                       frame.function.starts_with("__mutex_lock") || frame.function.starts_with("rwsem_down_"));
           });
}

// "The buggy address is located 0 bytes to the right of allocated 13-byte region […)" -> "0 bytes behind a 13-byte
// allocation"
std::string place_in_object(const Splat& splat) {
    const std::string& d = splat.detail;
    size_t located = d.find("is located "), bytes = d.find(" bytes "), region = d.find("-byte region");
    if (located == std::string::npos || bytes == std::string::npos || region == std::string::npos ||
        located + 11 > bytes)
        return {};
    std::string distance = d.substr(located + 11, bytes - located - 11);
    size_t from = d.rfind(' ', region);
    std::string size = d.substr(from + 1, region - from - 1);
    if (d.find("to the right of") != std::string::npos)
        return distance == "0" ? "right behind a " + size + "-byte allocation"
                               : distance + " bytes behind a " + size + "-byte allocation";
    if (d.find("to the left of") != std::string::npos)
        return distance + " bytes in front of a " + size + "-byte allocation";
    return "at byte " + distance + " of a " + size + "-byte allocation";
}

}  // namespace

std::vector<Finding> detect_kasan(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats) {
        if (splat.kind != "kasan") continue;
        if (of_dead_owner(splat)) {
            auto finding =
                finding_of(evidence, "lock-imbalance", "kasan",
                           "the task that holds this lock has ended, and never released it", blame(evidence, splat));
            keep_report(finding, splat);
            findings.push_back(std::move(finding));
            continue;
        }
        const Row* row = nullptr;
        for (const auto& candidate : kRows)
            if (splat.title.find(candidate.bug) != std::string::npos) {
                row = &candidate;
                break;
            }
        const bool gone = of_gone_module(splat);
        std::string title = gone ? kGoneModule : row ? row->what : "bad memory access";
        std::string access = access_of(splat), where = place_in_object(splat);
        if (!access.empty()) title += ": " + access;
        if (!where.empty() && (!row || std::strcmp(row->finding_class, "double-free") != 0))
            title += (access.empty() ? ": " : ", ") + where;
        auto finding = finding_of(evidence,
                                  gone  ? "use-after-free"
                                  : row ? row->finding_class
                                        : "out-of-bounds",
                                  "kasan", title, blame_memory(evidence, splat));
        relate(finding, "allocated", blame(evidence, splat.allocated));
        relate(finding, "freed", blame(evidence, splat.freed));
        keep_report(finding, splat);
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
