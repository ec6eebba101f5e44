#include "grader/classes.hpp"

#include <algorithm>

namespace ferrule::grader {
namespace {

struct Class {
    const char* name;
    const char* words;
};
constexpr Class kClasses[] = {
    {"build-error", "The module cannot be built, or uses what is not allowed."},
    {"load-failed", "The module's init returned an error where it should not."},
    {"wrong-result", "A call did something else than the scenario asks for."},
    {"oops", "The kernel stopped the code: a bad pointer, BUG, WARN or a panic."},
    {"use-after-free", "Memory was used after it had been freed."},
    {"out-of-bounds", "Memory was used beyond the end or before the beginning of an object."},
    {"double-free", "Memory was freed twice, or never was an allocation of its own."},
    {"memory-leak", "Memory is still allocated when the module is gone."},
    {"resource-leak", "Something is still registered, mapped or running when the module is gone."},
    {"refcount", "A reference was put once too often, or not often enough."},
    {"lock-imbalance", "A lock was released that was not held, or is still held, or was never initialised."},
    {"deadlock", "Locks are taken in a way that can stop everybody who wants them."},
    {"sleep-in-atomic", "A call that may sleep was made where sleeping is forbidden."},
    {"data-race", "Two contexts use the same memory at once, one of them writes, and nothing orders them."},
    {"rcu", "A pointer that RCU protects was read outside of a reader, or freed without a grace period."},
    {"object-lifetime", "A timer, work item, list entry or kernel object was freed or reused while still in use."},
    {"user-access", "A user-space pointer or length was trusted."},
    {"integer", "A calculation overflowed, or shifted by too much."},
    {"error-path", "A call that failed was answered with success, or with the wrong error."},
    {"hang", "A call did not come back in time."},
    {"dma", "The DMA API was used wrongly."},
    {"unsafe-audit", "Unsafe Rust without a reason that holds, or more of it than is allowed."},
    {"tampering", "The detectors were silenced, or the run was hidden from them."},
};

}  // namespace

const std::vector<std::string>& finding_classes() {
    static const std::vector<std::string> classes = [] {
        std::vector<std::string> names;
        for (const Class& known : kClasses) names.emplace_back(known.name);
        return names;
    }();
    return classes;
}

bool is_finding_class(std::string_view word) { return *class_words(word) != 0; }

const char* class_words(std::string_view finding_class) {
    const auto* found = std::find_if(std::begin(kClasses), std::end(kClasses),
                                     [&](const Class& known) { return known.name == finding_class; });
    return found == std::end(kClasses) ? "" : found->words;
}

}  // namespace ferrule::grader
