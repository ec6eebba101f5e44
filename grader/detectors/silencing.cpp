// What nobody writes but to blind the detectors, found before anything runs: calls that switch one off, and
// attributes that take the module's own code out of its sight. What gets past words is up to the run: a
// console that went silent, lock checking that is off without a report (tampering.cpp).
#include <algorithm>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"

namespace ferrule::grader {
namespace {

struct Silencer {
    std::string_view word;  // an exported symbol, or what stands in the source
    std::string_view what;
};

// Exported by kernel 7.3 (Module.symvers).
constexpr Silencer kSymbols[] = {
    {"debug_locks_off", "lock checking"},
    {"kasan_disable_current", "memory checking"},
    {"kasan_poison", "memory checking"},
    {"kmemleak_ignore", "leak checking"},
    {"kmemleak_not_leak", "leak checking"},
    {"kmemleak_transient_leak", "leak checking"},
    {"register_console", "the kernel's console"},
    {"unregister_console", "the kernel's console"},
    {"console_lock", "the kernel's console"},
    {"console_trylock", "the kernel's console"},
    {"console_list", "the kernel's console"},
    {"console_list_lock", "the kernel's console"},
    {"console_suspend", "the kernel's console"},
    {"console_printk", "the kernel's console"},  // console_loglevel is a macro for its first number
};
// include/linux/compiler_types.h, lockdep.h, debug_locks.h, sched.h. debug_locks is imported by lockdep_assert_held()
// as well: only who names it means it.
constexpr Silencer kWords[] = {
    {"debug_locks", "lock checking"},
    {"debug_locks_silent", "lock checking"},
    {"lockdep_recursion", "lock checking"},
    {"lockdep_off", "lock checking"},
    {"lockdep_set_novalidate_class", "lock checking"},
    {"kasan_depth", "memory checking"},
    {"no_sanitize", "memory checking"},
    {"no_sanitize_address", "memory checking"},
    {"__no_sanitize_address", "memory checking"},
    {"__no_sanitize_or_inline", "memory checking"},
    {"__no_kasan_or_inline", "memory checking"},
    {"disable_sanitizer_instrumentation", "memory checking"},
    {"noinstr", "memory checking"},
};

}  // namespace

std::vector<Finding> detect_silencing(const Exercise& exercise, const Observations& observations) {
    if (exercise.trusted) return {};
    std::vector<Finding> findings;
    const auto report = [&](const Silencer& silencer, const std::vector<Mention>& places) {
        auto finding = build_finding(exercise, "tampering", "silencing",
                                     std::string(silencer.word) + " switches " + std::string(silencer.what) +
                                         " off: a driver has no business with it");
        if (!places.empty()) {
            finding.file = places.front().file;
            finding.line = places.front().line;
        }
        findings.push_back(std::move(finding));
    };
    for (const Silencer& symbol : kSymbols)
        if (std::find(observations.imports.begin(), observations.imports.end(), symbol.word) !=
            observations.imports.end())
            report(symbol, mentions(observations, symbol.word == "console_printk" ? "console_loglevel" : symbol.word));
    for (const Silencer& word : kWords)
        if (const auto places = mentions(observations, word.word); !places.empty()) report(word, places);
    return findings;
}

}  // namespace ferrule::grader
