// A detector is one file: a function from the evidence of one run (or of the build) to findings.
// all.cpp lists them in the order in which they speak.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "grader/console/console.hpp"
#include "grader/verdict.hpp"

namespace ferrule::grader {

// Where a section of the module lay in this run's guest.
struct LoadedSection {
    std::string name;
    uint64_t address = 0, size = 0;
};

struct Evidence {
    const Exercise& exercise;
    const Observations& all;
    const Run& run;
    const std::vector<Splat>& splats;          // the run's console, parsed
    const std::vector<LoadedSection>& loaded;  // loaded_sections(debug_of(all, run), run.module_symbols)

    const Scenario* scenario() const {
        return run.scenario >= 0 && static_cast<size_t>(run.scenario) < exercise.scenarios.size()
                   ? &exercise.scenarios[run.scenario]
                   : nullptr;
    }
};

using Detector = std::vector<Finding> (*)(const Evidence&);
using BuildDetector = std::vector<Finding> (*)(const Exercise&, const Observations&);

struct DetectorEntry {
    const char* name;
    Detector detect;
};
const std::vector<DetectorEntry>& run_detectors();
const std::vector<BuildDetector>& build_detectors();

// From symbols whose name is unique in the module; a section none of them lies in is left out.
std::vector<LoadedSection> loaded_sections(const ModuleDebug& debug, const std::vector<SymbolAddress>& symbols);

// Where in the learner's sources: walks frames from the innermost, and in each the inlined calls, to the first line of
// theirs.
std::vector<SourcePlace> places_of(const Evidence& evidence, uint64_t address, bool is_return_address);
std::vector<SourcePlace> places_of(const Evidence& evidence, const ConsoleFrame& frame);
// Points into `frames`.
const SourcePlace* first_learner_place(const std::vector<std::vector<SourcePlace>>& frames);
const SourcePlace* first_learner_place(std::vector<std::vector<SourcePlace>>&&) = delete;

// The learner's line in a stack of the console; unreliable ("?") frames do not count.
std::optional<SourcePlace> blame(const Evidence& evidence, const std::vector<ConsoleFrame>& stack);
std::optional<SourcePlace> blame(const Evidence& evidence,
                                 const Splat& splat);  // `stack`, else the file and line the splat names
// The module is out of the kernel at the end of the run: by the guest's listing, or, when the guest could not be asked
// any more, by what loading and unloading returned.
bool module_unloaded(const Evidence& evidence);
bool touches_module(const Evidence& evidence, const std::vector<ConsoleFrame>& stack);
// The call that was made to fail in this run, by the injector's own report.
std::optional<SourcePlace> failed_call(const Evidence& evidence);
// "misc_register" when a registration or mapping was made to fail, "" when it was a plain allocation.
std::string failed_function(const Evidence& evidence);
// "allocation 2 failed", "misc_register failed", "allocation 1 in a work item failed"; empty: nothing was made to fail.
std::string fault_words(const Evidence& evidence);

// The declared step that was made here; none: a recorded run may name what the exercise has no more.
const Step* step_of(const Scenario& scenario, const StepObservation& seen);
// "ioctl _IO('k', 3)", "open /dev/keeper": what a step does.
std::string call_words(const Step& step);
std::string call_words(const Evidence& evidence, const StepObservation& seen);
// The machine ended, or stands still for good, in the middle of the scenario.
bool went_down(const Evidence& evidence);

// A finding of this run: scenario, fault and lesson filled in, texts from the guest sanitised.
Finding finding_of(const Evidence& evidence, std::string finding_class, std::string detector, std::string title,
                   const std::optional<SourcePlace>& place);
// The report that a finding was read in: where in the console, and its text for --raw.
void keep_report(Finding& finding, const Splat& splat);
void relate(Finding& finding, const std::string& role, const std::optional<SourcePlace>& place);

// Titles of lockdep.cpp that judge.cpp looks for.
inline constexpr char kWrongLockState[] = "a lock used in the wrong state";
inline constexpr char kNoLock[] = "a lock used without having been initialised, or after it was overwritten";
inline constexpr char kNoMutex[] = "a mutex used without having been initialised, or after it was overwritten";

// Out-of-bounds findings of a run whose user memory was poked: see double_fetch.cpp.
void name_double_fetches(const Evidence& evidence, std::vector<Finding>& findings);

std::vector<Finding> detect_build(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_imports(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_unsafe(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_sparse(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_lock_analysis(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_clients(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_silencing(const Exercise& exercise, const Observations& observations);
std::vector<Finding> detect_canaries(const Exercise& exercise, const Observations& observations);
// Clones that were not asked, since something was reported in them; of interest where no finding says what.
std::vector<Finding> detect_unasked(const Exercise& exercise, const Observations& observations);
// A finding that belongs to no run.
Finding build_finding(const Exercise& exercise, const char* finding_class, const char* detector,
                      const std::string& title);
// One that a tool read in the source: where a run shows the same, the run is the better witness.
inline constexpr int kNeverRan = 2'000'000;  // Finding::order
Finding static_finding(const Exercise& exercise, const char* finding_class, const build::Diagnostic& diagnostic,
                       const std::string& title);
std::vector<Finding> detect_kasan(const Evidence& evidence);
std::vector<Finding> detect_oops(const Evidence& evidence);
std::vector<Finding> detect_lockdep(const Evidence& evidence);
std::vector<Finding> detect_atomic_sleep(const Evidence& evidence);
std::vector<Finding> detect_objects(const Evidence& evidence);
std::vector<Finding> detect_ubsan(const Evidence& evidence);
std::vector<Finding> detect_kcsan(const Evidence& evidence);
std::vector<Finding> detect_dma(const Evidence& evidence);
std::vector<Finding> detect_hang(const Evidence& evidence);
std::vector<Finding> detect_early_end(const Evidence& evidence);
std::vector<Finding> detect_load(const Evidence& evidence);
std::vector<Finding> detect_result(const Evidence& evidence);
std::vector<Finding> detect_ledger(const Evidence& evidence);
std::vector<Finding> detect_kmemleak(const Evidence& evidence);
std::vector<Finding> detect_resources(const Evidence& evidence);
std::vector<Finding> detect_tampering(const Evidence& evidence);

}  // namespace ferrule::grader
