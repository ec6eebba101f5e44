// What the module registered and left behind, and a module that cannot be unloaded at all.
#include <algorithm>
#include <map>
#include <set>

#include "grader/detectors/registrations.hpp"
#include "grader/detectors/source_scan.hpp"

namespace ferrule::grader {
namespace {

struct Left {
    std::string kind, name;
};

std::vector<Left> left_behind(const Run& run, const std::string& module) {
    std::multiset<std::pair<std::string, std::string>> before;
    for (const auto& entry : run.resources_before) before.emplace(entry.kind, entry.name);
    std::vector<Left> left;
    for (const auto& entry : run.resources_after) {
        auto known = before.find({entry.kind, entry.name});
        if (known != before.end()) {
            before.erase(known);
            continue;
        }
        if (entry.kind == "module" || (entry.kind == "sysfs" && entry.name.starts_with("/sys/module/" + module)))
            continue;
        left.push_back({entry.kind, entry.name});
    }
    return left;
}

// "misc device "ring"": the shortest name of the first kind that has one.
std::string shown(const Left& left) { return left.kind + " " + left.name; }

bool has_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        size_t end = words.find(' ');
        if (words.substr(0, end) == word) return true;
        if (end == std::string_view::npos) return false;
        words.remove_prefix(end + 1);
    }
    return false;
}

std::vector<std::string> split_words(std::string_view words) {
    std::vector<std::string> out;
    while (!words.empty()) {
        size_t end = words.find(' ');
        out.emplace_back(words.substr(0, end));
        words.remove_prefix(end == std::string_view::npos ? words.size() : end + 1);
    }
    return out;
}

// The one line of the learner's that mentions one of these, if there is just one.
std::optional<SourcePlace> only_mention(const Observations& all, const std::vector<std::string>& words) {
    std::set<std::pair<std::string, int>> lines;
    for (const auto& word : words)
        for (const auto& mention : mentions(all, word)) lines.emplace(mention.file, mention.line);
    if (lines.size() != 1) return std::nullopt;
    return SourcePlace{lines.begin()->first, lines.begin()->second, {}, true};
}

// kernel/module/main.c, delete_module(): a module with init and without exit stays. The names are what module_init()
// and module_exit() make aliases of (include/linux/module.h).
bool has_no_exit(const Run& run) {
    const auto has = [&](std::string_view name) {
        return std::any_of(run.module_symbols.begin(), run.module_symbols.end(),
                           [&](const SymbolAddress& symbol) { return symbol.name == name; });
    };
    return has("init_module") && !has("cleanup_module");
}

std::vector<Finding> stuck_module(const Evidence& evidence) {
    const Run& run = evidence.run;
    int error = run.unload_error;
    for (const auto& step : run.steps) {
        const Scenario* scenario = evidence.scenario();
        if (!scenario || step.step < 0 || static_cast<size_t>(step.step) >= scenario->steps.size() || step.lane >= 0)
            continue;
        if (scenario->steps[step.step].kind == StepKind::unload && step.attempted && step.error != 0 &&
            scenario->steps[step.step].errors.empty() && error == 0)
            error = step.error;
    }
    bool loaded = std::any_of(run.steps.begin(), run.steps.end(), [](const auto& s) { return s.attempted; });
    if (run.module_gone || !loaded || run.end != "running" || !run.resources_read) return {};
    // An open file holds its module; so does whoever holds the file, as in its own private data.
    auto place = only_mention(evidence.all, {"try_module_get", "__module_get", "get_file", "ARef<File>"});
    std::string title = "the module cannot be unloaded: something still holds a reference to it";
    if (error != 0 && error != 11 && error != 16) title = "the module cannot be unloaded: " + errno_name(error);
    if (has_no_exit(run)) {
        title = "the module can never be unloaded: it has no exit function (module_exit)";
        place = only_mention(evidence.all, {"module_init"});
    }
    auto finding = finding_of(evidence, "resource-leak", "resources", title, place);
    finding.order = 940'000;
    return {std::move(finding)};
}

}  // namespace

std::vector<Finding> detect_resources(const Evidence& evidence) {
    const Run& run = evidence.run;
    if (!module_unloaded(evidence)) return stuck_module(evidence);
    // Listing may be what stumbled over the thing left behind; the ledger still names it.
    if (!run.resources_read && !run.ledger_read) return {};
    std::vector<Left> left;
    if (run.resources_read) left = left_behind(run, evidence.all.module);

    // The ledger knows the line of what allocates; the listings know the names.
    struct Group {
        const Registration* registration;
        SourcePlace place;
    };
    std::map<std::tuple<std::string, int, std::string>, Group> groups;
    if (run.ledger_read)
        for (const auto& entry : run.live) {
            Origin origin = origin_of(evidence, entry);
            if (!origin.learners || !origin.registration) continue;
            SourcePlace place = origin.place.value_or(SourcePlace{});
            groups.emplace(std::make_tuple(place.file, place.line, std::string(origin.registration->noun)),
                           Group{origin.registration, place});
        }

    const bool has_device = std::any_of(groups.begin(), groups.end(), [](const auto& entry) {
        return std::string_view(entry.second.registration->noun) == "device";
    });
    std::vector<Finding> findings;
    std::vector<bool> told(left.size(), false);
    for (const auto& [key, group] : groups) {
        std::string names;
        int count = 0;
        for (size_t i = 0; i < left.size(); ++i) {
            if (!has_word(group.registration->kinds, left[i].kind)) continue;
            told[i] = true;
            if (++count <= 2) names += (names.empty() ? "" : ", ") + shown(left[i]);
        }
        std::string title = std::string(group.registration->noun) + " still registered after unload";
        if (!names.empty()) title += " (" + names + (count > 2 ? ", …" : "") + ")";
        auto finding = finding_of(evidence, "resource-leak", "ledger", title,
                                  group.place.line > 0 ? std::optional(group.place) : std::nullopt);
        relate(finding, "registered", group.place.line > 0 ? std::optional(group.place) : std::nullopt);
        // A device keeps its class.
        if (has_device && std::string_view(group.registration->noun) == "device class") ++finding.order;
        findings.push_back(std::move(finding));
    }
    // One registration shows in several places; what no group explains is told by kind. A leak of
    // anything may leave a sysfs entry, so those alone are no second finding.
    std::map<std::string, std::vector<const Left*>> rest;
    for (size_t i = 0; i < left.size(); ++i)
        if (!told[i] && !(left[i].kind == "sysfs" && !groups.empty())) rest[left[i].kind].push_back(&left[i]);
    if (rest.size() > 1) {  // node and sysfs come with the device they belong to
        for (const char* companion : {"sysfs", "node"})
            if (rest.size() > 1) rest.erase(companion);
    }
    for (const auto& [kind, entries] : rest) {
        std::vector<std::string> words;
        for (const auto& registration : registrations())
            if (has_word(registration.kinds, kind))
                for (auto& word : split_words(registration.sources)) words.push_back(std::move(word));
        std::string names;
        for (size_t i = 0; i < entries.size() && i < 3; ++i) names += (names.empty() ? "" : ", ") + entries[i]->name;
        if (entries.size() > 3) names += ", … (" + std::to_string(entries.size()) + ")";
        auto finding = finding_of(evidence, "resource-leak", "resources", kind + " still there after unload: " + names,
                                  only_mention(evidence.all, words));
        findings.push_back(std::move(finding));
    }
    if (findings.size() > 16) findings.resize(16);
    return findings;
}

}  // namespace ferrule::grader
