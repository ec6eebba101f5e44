// Evidence -> verdict. Pure: no process, no file, no clock; runs are looked at in their order, and every choice
// between two findings is made by what they say, so that the same observations give the same verdict.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "grader/class_lessons.hpp"
#include "grader/classes.hpp"
#include "grader/detectors/detector.hpp"
#include "grader/detectors/unsafe_audit.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

// Most telling first: what breaks memory, then locks, then what falls over, then what is left behind, then answers.
int rank(const std::string& finding_class) {
    static const std::map<std::string, int> kRank = [] {
        std::map<std::string, int> ranks;
        for (const char* name : {"build-error",   "unsafe-audit", "use-after-free", "double-free",
                                 "out-of-bounds", "user-access",  "refcount",       "object-lifetime",
                                 "rcu",           "data-race",    "lock-imbalance", "sleep-in-atomic",
                                 "deadlock",      "dma",          "integer",        "oops",
                                 "hang",          "load-failed",  "memory-leak",    "resource-leak",
                                 "error-path",    "wrong-result", "tampering"})
            ranks.emplace(name, static_cast<int>(ranks.size()));
        return ranks;
    }();
    auto found = kRank.find(finding_class);
    return found == kRank.end() ? 1000 : found->second;
}

bool one_of(const std::string& finding_class, std::initializer_list<const char*> classes) {
    return std::any_of(classes.begin(), classes.end(), [&](const char* c) { return finding_class == c; });
}

bool breaks_memory(const Finding& f) {
    return one_of(f.finding_class,
                  {"use-after-free", "double-free", "out-of-bounds", "user-access", "refcount", "object-lifetime"});
}
bool from_console(const Finding& f) { return f.order < 900'000; }
bool same_line(const Finding& f, const Finding& g) { return f.line > 0 && f.line == g.line && f.file == g.file; }

// Is `later` what `earlier`, of the same run, led to?
bool consequence(const Finding& earlier, const Finding& later) {
    // The better witness of the same thing.
    if (earlier.line == 0 && later.line > 0 && earlier.finding_class == later.finding_class) return false;
    if (earlier.fatal) {
        // The task or the machine is gone: its locks, its memory, the answers that did not come.
        // What memory checking saw in the module is kept: an oops may come first and KASAN say why.
        return !(from_console(later) && breaks_memory(later) && !later.fatal && later.line > 0);
    }
    // From here on the run works with broken memory: locks in it, what is read from it, further reports about it.
    // What is left behind at the end still is.
    if (breaks_memory(earlier)) return !one_of(later.finding_class, {"memory-leak", "resource-leak"});
    if (earlier.finding_class == "lock-imbalance") {
        // A lock that stays held makes the next taker wait, sleepers atomic, and lockdep see strange orders.
        if (one_of(later.finding_class,
                   {"sleep-in-atomic", "deadlock", "hang", "wrong-result", "error-path", "load-failed", "tampering"}))
            return true;
        // Nor is a list initialised that lies beside a lock which is not.
        if ((earlier.title == kNoLock || earlier.title == kNoMutex) && later.finding_class == "object-lifetime" &&
            later.title.find("list damaged") != std::string::npos)
            return true;
        return later.finding_class == "lock-imbalance" || (later.finding_class == "oops" && from_console(later));
    }
    if (earlier.finding_class == "sleep-in-atomic")
        return later.finding_class == "hang" ||
               // What interrupts and preemption count does not fit any more, and is put right with a WARN.
               (later.finding_class == "oops" && !later.fatal && (later.line == 0 || same_line(earlier, later))) ||
               // An interrupt has borrowed its stack. When it is scheduled away, the next one has the same.
               (earlier.title.find("interrupt") != std::string::npos &&
                later.title.find("on the stack") != std::string::npos) ||
               (later.finding_class == "lock-imbalance" && later.line != earlier.line &&
                // Who slept may have woken on another CPU, with a spinlock of the one before.
                (later.title.find("preemption") != std::string::npos ||
                 later.title.find("another CPU") != std::string::npos));
    if (earlier.finding_class == "deadlock")
        return one_of(later.finding_class,
                      {"hang", "deadlock", "wrong-result", "error-path", "load-failed", "tampering"});
    if (earlier.finding_class == "data-race") return one_of(later.finding_class, {"wrong-result", "error-path"});
    // A reader that waits for itself is scheduled away, which the kernel says next, and does not come back.
    if (earlier.finding_class == "rcu" && same_line(earlier, later))
        return one_of(later.finding_class, {"oops", "hang", "sleep-in-atomic"});
    if (earlier.finding_class == "rcu" || earlier.finding_class == "integer")
        return later.finding_class == "oops" && later.line == 0;
    if (earlier.finding_class == "load-failed") return one_of(later.finding_class, {"wrong-result", "error-path"});
    // Nothing else of the run can be believed once it was cut short.
    if (one_of(earlier.finding_class, {"oops", "hang"})) return later.finding_class == "tampering";
    return false;
}

// For the reader: the first few things that would not have been reported without it.
void led_to(Finding& cause, const Finding& later) {
    if (!from_console(later) && later.finding_class != "hang") return;
    std::string words = later.finding_class + ": " + later.title;
    if (later.line > 0) words += " (" + later.file + ":" + std::to_string(later.line) + ")";
    const auto& known = cause.led_to;
    if (known.size() < 3 && std::find(known.begin(), known.end(), words) == known.end())
        cause.led_to.push_back(std::move(words));
}

bool cut_short(const Run& run) {
    if (run.end != "running" && !run.end.empty()) return true;
    return std::any_of(run.steps.begin(), run.steps.end(),
                       [](const auto& s) { return !s.lost.empty() && s.lost != "unusable-value"; });
}

std::vector<Finding> fold(std::vector<Finding> findings, const Run& run, const std::vector<Step>& steps) {
    std::stable_sort(findings.begin(), findings.end(), [](const Finding& a, const Finding& b) {
        return std::make_tuple(a.order, rank(a.finding_class)) < std::make_tuple(b.order, rank(b.finding_class));
    });
    // Something still registered when the module's code is gone: whoever uses it next crashes, our own look around
    // included. Such a crash has no line of the learner's; the registration has.
    bool dangling = std::any_of(findings.begin(), findings.end(), [](const Finding& f) {
        return f.finding_class == "resource-leak" && f.detector == "ledger" && f.line > 0;
    });
    // And it cannot be registered again: the WARN about that says it later and less well.
    const auto once_more = [](const Finding& f) {
        return f.finding_class == "oops" && !f.fatal &&
               (f.title.find("already exists") != std::string::npos ||
                f.title.find("already registered") != std::string::npos ||
                f.title.find("duplicate filename") != std::string::npos);
    };
    // A name or a number that is still taken: a load after the first one cannot have it.
    const auto first_load = std::find_if(run.steps.begin(), run.steps.end(), [&](const StepObservation& seen) {
        return seen.attempted && seen.step >= 0 && static_cast<size_t>(seen.step) < steps.size() &&
               steps[static_cast<size_t>(seen.step)].kind == StepKind::load;
    });
    const bool first_was_not_refused =
        first_load != run.steps.end() && (first_load->error == 0 || first_load->fault_fired);
    if (dangling)
        std::erase_if(findings, [&](const Finding& f) {
            return once_more(f) ||
                   (first_was_not_refused && one_of(f.finding_class, {"load-failed", "error-path", "wrong-result"})) ||
                   (f.line == 0 && (from_console(f) || f.finding_class == "tampering" || f.finding_class == "oops"));
        });
    // Whoever sleeps in a soft interrupt: lockdep is in the scheduler's way before the scheduler says so.
    std::set<std::pair<std::string, int>> sleeps;
    for (const Finding& f : findings)
        if (f.finding_class == "sleep-in-atomic" && f.line > 0) sleeps.emplace(f.file, f.line);
    std::erase_if(findings, [&](const Finding& f) {
        return f.finding_class == "lock-imbalance" && f.title == kWrongLockState && sleeps.contains({f.file, f.line});
    });
    std::vector<Finding> kept;
    for (auto& finding : findings) {
        const auto cause = std::find_if(kept.begin(), kept.end(),
                                        [&](const Finding& earlier) { return consequence(earlier, finding); });
        if (cause == kept.end())
            kept.push_back(std::move(finding));
        else
            led_to(*cause, finding);
    }
    if (cut_short(run)) {
        // What is still allocated or registered in the middle of a scenario is no leak.
        bool other = std::any_of(kept.begin(), kept.end(), [](const Finding& f) {
            return !one_of(f.finding_class, {"memory-leak", "resource-leak", "wrong-result", "error-path"});
        });
        if (other)
            std::erase_if(kept, [](const Finding& f) {
                return !from_console(f) &&
                       one_of(f.finding_class, {"memory-leak", "resource-leak", "wrong-result", "error-path"});
            });
    }
    // A bare WARN beside a report that knows more about the same line; the same thing said twice, once without a line.
    std::vector<bool> idle(kept.size(), false);
    for (size_t i = 0; i < kept.size(); ++i)
        for (size_t j = 0; j < kept.size(); ++j) {
            const Finding &f = kept[i], &g = kept[j];
            if (i == j || g.line == 0) continue;
            bool bare_warn = f.finding_class == "oops" && !f.fatal && from_console(g) && g.finding_class != "oops" &&
                             same_line(f, g);
            bool no_line = f.line == 0 && g.finding_class == f.finding_class;
            // A registration and the object that holds it: Rust's KBox::pin_init(Registration::register(…)).
            bool its_holder = f.finding_class == "memory-leak" && g.finding_class == "resource-leak" && same_line(f, g);
            if (bare_warn || no_line || its_holder) idle[i] = true;
        }
    std::vector<Finding> told;
    for (size_t i = 0; i < kept.size(); ++i)
        if (!idle[i]) told.push_back(std::move(kept[i]));
    return told;
}

// Does what happens hang on more than the values? Then one wants to see the very same once more.
bool depends_on_chance(const Scenario& scenario) {
    return scenario.repeat > 1 || std::any_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
               return step.kind == StepKind::race || step.kind == StepKind::parallel || step.kind == StepKind::delay;
           });
}

struct Placed {
    Finding finding;
    int scenario = 0;
    size_t run = 0;
};

// Findings that say the same: one line, one class. Without a line the words must agree; numbers in them may differ
// from run to run (addresses, sizes of what was random).
std::string identity(const Finding& f) {
    if (f.line > 0) return f.finding_class + "\n" + f.file + "\n" + std::to_string(f.line);
    std::string words;
    for (char c : f.title) words += c >= '0' && c <= '9' ? '#' : c;
    return f.finding_class + "\n\n" + words;
}

const std::string& reason_of(const Finding& f) { return f.why.empty() ? f.title : f.why; }

std::vector<Finding> found_in(const Evidence& evidence) {
    std::vector<Finding> found;
    for (const auto& detector : run_detectors())
        for (auto& finding : detector.detect(evidence)) found.push_back(std::move(finding));
    name_double_fetches(evidence, found);
    return found;
}

}  // namespace

bool shows_something(const Exercise& exercise, const Observations& observations, const Run& run) {
    const auto splats = parse_console(run.console);
    const auto loaded = loaded_sections(debug_of(observations, run), run.module_symbols);
    return cut_short(run) || !found_in({exercise, observations, run, splats, loaded}).empty();
}

Verdict judge(const Exercise& exercise, const Observations& observations) {
    Verdict verdict;
    verdict.exercise = observations.exercise;
    verdict.language = name(observations.language);
    verdict.timing = {observations.build_seconds, observations.restore_seconds, observations.run_seconds,
                      observations.total_seconds};
    verdict.environment = {observations.kernel_release, observations.image_key, observations.accelerator,
                           FERRULE_VERSION};

    if (std::any_of(exercise.scenarios.begin(), exercise.scenarios.end(), depends_on_chance))
        verdict.seed = observations.seed;

    std::vector<Placed> all;
    for (const auto& detector : build_detectors())
        for (auto& finding : detector(exercise, observations)) {
            const int after_all = static_cast<int>(exercise.scenarios.size());
            const int place = finding.order == kNeverRan ? after_all : -1;
            all.push_back({std::move(finding), place, 0});
        }
    verdict.audit = audit_line(exercise, observations);

    std::vector<bool> failed(exercise.scenarios.size(), false);
    std::vector<std::set<std::string>> seen(exercise.scenarios.size());  // the kernels it ran on
    std::vector<double> seconds(exercise.scenarios.size(), 0);
    std::set<int> wrong_without_fault;     // scenarios whose answers are wrong anyway
    std::set<std::string> reasons_anyway;  // what such answers should have been, and why
    for (size_t index = 0; index < observations.runs.size(); ++index) {
        const Run& run = observations.runs[index];
        auto splats = parse_console(run.console);
        auto loaded = loaded_sections(debug_of(observations, run), run.module_symbols);
        Evidence evidence{exercise, observations, run, splats, loaded};
        std::vector<Finding> found = found_in(evidence);
        if (found.empty() && cut_short(run)) {
            // Every way to be cut short has its detector; a recorded run may still carry a word we do not know.
            found.push_back(
                finding_of(evidence, "tampering", "host", "the scenario did not run to its end", std::nullopt));
        }
        if (run.scenario >= 0 && static_cast<size_t>(run.scenario) < failed.size()) {
            seen[run.scenario].insert(run.variant);
            seconds[run.scenario] += run.restore_seconds + run.run_seconds;
            if (!found.empty()) failed[run.scenario] = true;
        }
        const Scenario* declared = evidence.scenario();
        for (auto& finding : fold(std::move(found), run, declared ? declared->steps : std::vector<Step>())) {
            bool answer = one_of(finding.finding_class, {"wrong-result", "load-failed"});
            if (answer && finding.fault.empty()) {
                wrong_without_fault.insert(run.scenario);
                reasons_anyway.insert(reason_of(finding));
            }
            all.push_back({std::move(finding), run.scenario, index});
        }
    }
    // An answer that is wrong anyway says nothing about the failed allocation.
    std::erase_if(all, [&](const Placed& p) {
        return !p.finding.fault.empty() && one_of(p.finding.finding_class, {"error-path", "wrong-result"}) &&
               (wrong_without_fault.contains(p.scenario) || reasons_anyway.contains(reason_of(p.finding)));
    });

    // What stayed registered points into the module that is gone: whoever looks at it next falls over it, in code of
    // the kernel's own. The line that registered it is the cause.
    const bool left_registered = std::any_of(all.begin(), all.end(), [](const Placed& p) {
        return p.finding.finding_class == "resource-leak" && p.finding.line > 0;
    });
    std::erase_if(all, [&](const Placed& p) {
        return left_registered && p.finding.line == 0 && from_console(p.finding) &&
               (breaks_memory(p.finding) || p.finding.finding_class == "oops");
    });

    // Out of bounds without anybody changing the user's memory, too: no second fetch is needed to explain it.
    std::set<std::pair<std::string, int>> out_of_bounds;
    for (const auto& placed : all)
        if (placed.finding.finding_class == "out-of-bounds" && placed.finding.line > 0)
            out_of_bounds.emplace(placed.finding.file, placed.finding.line);
    std::erase_if(all, [&](const Placed& p) {
        return p.finding.finding_class == "user-access" && out_of_bounds.contains({p.finding.file, p.finding.line});
    });

    // Best witness first: without a fault, then the earliest scenario, then the earliest run.
    std::stable_sort(all.begin(), all.end(), [](const Placed& a, const Placed& b) {
        return std::make_tuple(!a.finding.fault.empty(), a.scenario, a.run) <
               std::make_tuple(!b.finding.fault.empty(), b.scenario, b.run);
    });
    std::set<std::string> known;
    std::vector<Placed> unique;
    for (auto& placed : all)
        if (known.insert(identity(placed.finding)).second) unique.push_back(std::move(placed));
    // One line that breaks memory crashes with other values: still one cause.
    std::set<std::pair<std::string, int>> broken;
    for (const auto& placed : unique)
        if (breaks_memory(placed.finding) && placed.finding.line > 0)
            broken.emplace(placed.finding.file, placed.finding.line);
    std::erase_if(unique, [&](const Placed& p) {
        return p.finding.finding_class == "oops" && broken.contains({p.finding.file, p.finding.line});
    });
    std::stable_sort(unique.begin(), unique.end(), [](const Placed& a, const Placed& b) {
        auto key = [](const Placed& p) {
            // Who reaches for the detectors has something to hide: that comes before whatever was found.
            const bool hides = p.finding.detector == "silencing";
            return std::make_tuple(hides ? 0 : rank(p.finding.finding_class), !p.finding.fault.empty(),
                                   p.finding.line == 0, p.scenario, p.run, p.finding.order);
        };
        return key(a) < key(b);
    });
    for (auto& placed : unique) {
        FERRULE_CHECK(is_finding_class(placed.finding.finding_class));
        verdict.findings.push_back(std::move(placed.finding));
        if (verdict.findings.size() >= 50) break;
    }

    if (verdict.findings.empty()) verdict.findings = detect_unasked(exercise, observations);
    bool complete = observations.built && !observations.runs.empty();
    if (observations.built)
        for (size_t i = 0; i < exercise.scenarios.size(); ++i) {
            const auto& kernels = exercise.scenarios[i].kernels;
            const bool all_seen =
                !seen[i].empty() && std::all_of(kernels.begin(), kernels.end(),
                                                [&](const auto& kernel) { return seen[i].contains(kernel); });
            complete = complete && all_seen;
            verdict.scenarios.push_back(
                {exercise.scenarios[i].name, all_seen && !failed[i] ? "pass" : "fail", seconds[i]});
        }
    if (observations.built && !complete && verdict.findings.empty()) {
        Finding hole;
        hole.finding_class = "tampering";
        hole.detector = "host";
        hole.title = "not every scenario was run";
        hole.lesson = exercise.lesson;
        verdict.findings.push_back(hole);
    }
    // A module that belongs to no lesson is told the one about what was found.
    for (Finding& finding : verdict.findings)
        if (finding.lesson.empty() && !exercise.corpus) finding.lesson = lesson_about(finding.finding_class);
    verdict.verdict = verdict.findings.empty() && complete ? "pass" : "fail";
    return verdict;
}

}  // namespace ferrule::grader
