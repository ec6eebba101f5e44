// From frames to the learner's own lines.
#include <algorithm>
#include <map>

#include "grader/detectors/broken_memory.hpp"
#include "grader/detectors/detector.hpp"

namespace ferrule::grader {
namespace {

bool own_file(const Evidence& evidence, const std::string& file) {
    const auto& names = evidence.all.source_files;
    return names.empty() || std::find(names.begin(), names.end(), file) != names.end();
}

}  // namespace

bool made_by_macro(const SourcePlace& place) {
    // rust/macros/module.rs; in C these may be the learner's own.
    if (!place.file.ends_with(".rs")) return false;
    constexpr std::string_view kMade[] = {"__init", "__exit", "init_module", "cleanup_module"};
    return place.function.find("__module_init") != std::string::npos ||
           std::find(std::begin(kMade), std::end(kMade), place.function) != std::end(kMade);
}

std::vector<LoadedSection> loaded_sections(const ModuleDebug& debug, const std::vector<SymbolAddress>& symbols) {
    std::map<std::string, std::vector<const DebugSymbol*>> by_name;
    for (const auto& symbol : debug.symbols) by_name[symbol.name].push_back(&symbol);
    std::map<std::string, std::map<uint64_t, int>> votes;
    for (const auto& symbol : symbols) {
        auto found = by_name.find(symbol.name);
        if (found == by_name.end() || found->second.size() != 1) continue;
        const DebugSymbol& at = *found->second.front();
        if (symbol.address >= at.offset) ++votes[at.section][symbol.address - at.offset];
    }
    std::vector<LoadedSection> loaded;
    for (const auto& section : debug.sections) {
        auto vote = votes.find(section.name);
        if (vote == votes.end()) continue;
        auto best = std::max_element(vote->second.begin(), vote->second.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
        loaded.push_back({section.name, best->first, section.size});
    }
    return loaded;
}

std::vector<SourcePlace> places_of(const Evidence& evidence, uint64_t address, bool is_return_address) {
    for (const auto& section : evidence.loaded) {
        if (address < section.address || address - section.address > section.size) continue;
        auto places =
            places_at(debug_of(evidence.all, evidence.run), section.name, address - section.address, is_return_address);
        if (!places.empty()) return places;
    }
    return {};
}

std::vector<SourcePlace> places_of(const Evidence& evidence, const ConsoleFrame& frame) {
    if (frame.function.empty()) return places_of(evidence, frame.address, !frame.exact);
    if (frame.module.empty() || frame.module != evidence.all.module) return {};
    std::vector<SourcePlace> first;
    const ModuleDebug& debug = debug_of(evidence.all, evidence.run);
    for (const auto& place : find_symbol(debug, frame.function, frame.offset, frame.size)) {
        auto places = places_at(debug, place.section, place.offset, !frame.exact);
        if (std::any_of(places.begin(), places.end(), [](const auto& p) { return p.learners; })) return places;
        if (first.empty()) first = std::move(places);
    }
    return first;
}

const SourcePlace* first_learner_place(const std::vector<std::vector<SourcePlace>>& frames) {
    const SourcePlace* fallback = nullptr;
    for (const auto& places : frames)
        for (const auto& place : places) {
            if (!place.learners || place.line <= 0) continue;
            if (!made_by_macro(place)) return &place;
            if (!fallback) fallback = &place;
        }
    return fallback;
}

std::optional<SourcePlace> blame(const Evidence& evidence, const std::vector<ConsoleFrame>& stack) {
    std::vector<std::vector<SourcePlace>> frames;
    for (const auto& frame : stack)
        if (!frame.unreliable) frames.push_back(places_of(evidence, frame));
    if (const SourcePlace* place = first_learner_place(frames)) return *place;
    return std::nullopt;
}

std::optional<SourcePlace> blame(const Evidence& evidence, const Splat& splat) {
    if (auto place = blame(evidence, splat.stack)) return place;
    std::string file = splat.source_file;
    if (file.starts_with("/work/")) file.erase(0, 6);
    if (file.starts_with("./")) file.erase(0, 2);
    if (splat.source_line > 0 && !file.empty() && file[0] != '/' && !evidence.all.source_files.empty() &&
        own_file(evidence, file))
        return SourcePlace{file, splat.source_line, {}, true};
    return std::nullopt;
}

bool module_unloaded(const Evidence& evidence) {
    const Run& run = evidence.run;
    if (run.module_gone || run.resources_read) return run.module_gone;
    const Scenario* scenario = evidence.scenario();
    if (!scenario || run.end != "running") return false;
    bool loaded = false, tried = false;
    for (const auto& seen : run.steps) {
        if (seen.step < 0 || static_cast<size_t>(seen.step) >= scenario->steps.size() || !seen.attempted) continue;
        if (!seen.lost.empty()) return false;
        StepKind kind = scenario->steps[seen.step].kind;
        if (kind != StepKind::load && kind != StepKind::unload) continue;
        tried = true;
        if (seen.error == 0) loaded = kind == StepKind::load;
    }
    return tried && (!loaded || (run.unload_forced && run.unload_error == 0));
}

bool touches_module(const Evidence& evidence, const std::vector<ConsoleFrame>& stack) {
    return std::any_of(stack.begin(), stack.end(), [&](const ConsoleFrame& frame) {
        if (frame.unreliable) return false;
        if (frame.function.empty()) return !places_of(evidence, frame).empty();
        return !frame.module.empty() && frame.module == evidence.all.module;
    });
}

Finding finding_of(const Evidence& evidence, std::string finding_class, std::string detector, std::string title,
                   const std::optional<SourcePlace>& place) {
    Finding finding;
    finding.finding_class = std::move(finding_class);
    finding.detector = std::move(detector);
    title = sanitise(title, 300);
    std::replace(title.begin(), title.end(), '\n', ' ');
    finding.title = std::move(title);
    finding.scenario = evidence.run.scenario_name;
    finding.fault = fault_words(evidence);
    finding.lesson = evidence.exercise.lesson;
    if (place) {
        finding.file = place->file;
        finding.line = place->line;
        finding.function = sanitise(place->function, 200);
    }
    // What fails in a work item is far from what comes of it.
    if (!evidence.run.background.empty()) relate(finding, "failed", failed_call(evidence));
    return finding;
}

void keep_report(Finding& finding, const Splat& splat) {
    finding.order = static_cast<int>(splat.at_line);
    finding.raw = sanitise(splat.text, 16384);
}

void relate(Finding& finding, const std::string& role, const std::optional<SourcePlace>& place) {
    if (!place) return;
    for (const auto& known : finding.related)
        if (known.role == role && known.file == place->file && known.line == place->line) return;
    if (finding.related.size() < 8)
        finding.related.push_back({role, place->file, sanitise(place->function, 200), place->line});
}

}  // namespace ferrule::grader
