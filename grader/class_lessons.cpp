#include "grader/class_lessons.hpp"

#include <algorithm>
#include <utility>

namespace ferrule::grader {
namespace {

constexpr std::pair<std::string_view, std::string_view> kLessons[] = {
    {"build-error", "first-steps/toolchain"},
    {"load-failed", "first-steps/first-module"},
    {"oops", "first-steps/read-a-splat"},
    {"use-after-free", "ownership/refcounts"},
    {"out-of-bounds", "unsafe-boundaries/sizes-and-overflow"},
    {"double-free", "ownership/lists-and-double-free"},
    {"memory-leak", "ownership/leaks"},
    {"resource-leak", "error-paths/unwinding"},
    {"refcount", "ownership/refcounts"},
    {"lock-imbalance", "locks/unlock-every-path"},
    {"deadlock", "locks/lock-order"},
    {"sleep-in-atomic", "locks/choosing-a-lock"},
    {"data-race", "locks/races"},
    {"rcu", "locks/rcu"},
    {"object-lifetime", "ownership/timers-and-work"},
    {"user-access", "unsafe-boundaries/user-pointers"},
    {"integer", "unsafe-boundaries/sizes-and-overflow"},
    {"error-path", "error-paths/every-call-can-fail"},
    {"hang", "locks/wait-and-wake"},
};

}  // namespace

std::string_view lesson_about(std::string_view finding_class) {
    const auto* found = std::find_if(std::begin(kLessons), std::end(kLessons),
                                     [&](const auto& one) { return one.first == finding_class; });
    return found == std::end(kLessons) ? std::string_view() : found->second;
}

}  // namespace ferrule::grader
