// Looking up in ModuleDebug: plain data, no library.
#include <algorithm>

#include "grader/symbols/module_debug.hpp"

namespace ferrule::grader {
namespace {

const DebugSection* section_of(const ModuleDebug& debug, const std::string& name) {
    for (const auto& section : debug.sections)
        if (section.name == name) return &section;
    return nullptr;
}

SourcePlace place(const ModuleDebug& debug, int file, int line, std::string function) {
    SourcePlace found;
    found.line = line;
    found.function = std::move(function);
    if (file >= 0 && static_cast<size_t>(file) < debug.files.size()) found.file = debug.files[file];
    found.learners = !found.file.empty() && found.file[0] != '/';
    return found;
}

}  // namespace

std::vector<SourcePlace> places_at(const ModuleDebug& debug, const std::string& section_name, uint64_t offset,
                                   bool is_return_address) {
    const DebugSection* section = section_of(debug, section_name);
    if (!section) return {};
    if (is_return_address && offset > 0) --offset;
    if (offset >= section->size) return {};

    auto after = std::upper_bound(section->rows.begin(), section->rows.end(), offset,
                                  [](uint64_t o, const DebugRow& row) { return o < row.offset; });
    if (after == section->rows.begin()) return {};
    auto row = std::prev(after);
    bool sequence_ended = row->line == 0 && (row->file == 0) && row->offset < offset + 1;
    std::vector<const DebugScope*> scopes;
    for (const auto& scope : section->scopes) {
        if (scope.low > offset) break;
        if (offset < scope.high) scopes.push_back(&scope);
    }
    if (scopes.empty() && sequence_ended) return {};
    const bool unlined = row->line == 0;
    // Deepest first; at one depth there is one, but damaged input may say otherwise.
    std::stable_sort(scopes.begin(), scopes.end(), [](auto* a, auto* b) { return a->depth > b->depth; });
    scopes.erase(std::unique(scopes.begin(), scopes.end(), [](auto* a, auto* b) { return a->depth == b->depth; }),
                 scopes.end());

    // Line 0 inside a sequence is the compiler's "no line in particular", as where it made one call out of two: the
    // nearest line before it speaks, if it is of the same inlined call. If none is, that call's own line has to do.
    auto same_call = [&](uint64_t at) {
        return std::any_of(section->scopes.begin(), section->scopes.end(), [&](const DebugScope& scope) {
            const DebugScope& inner = *scopes.front();
            return scope.low <= at && at < scope.high && scope.depth == inner.depth &&
                   scope.function == inner.function && scope.call_file == inner.call_file &&
                   scope.call_line == inner.call_line;
        });
    };
    const bool inlined = !scopes.empty() && scopes.front()->depth > 0;
    while ((row->line == 0 || (inlined && unlined && !same_call(row->offset))) && row != section->rows.begin()) --row;
    std::vector<SourcePlace> places;
    int file = row->file, line = row->line;
    if (inlined && unlined && !same_call(row->offset)) {
        file = -1;
        line = 0;
    }
    if (line == 0 && !inlined) return {};
    for (const DebugScope* scope : scopes) {
        places.push_back(place(debug, file, line, scope->function));
        file = scope->call_file;
        line = scope->call_line;
    }
    if (places.empty()) places.push_back(place(debug, file, line, {}));
    return places;
}

std::vector<SectionOffset> find_symbol(const ModuleDebug& debug, const std::string& function, uint64_t offset,
                                       uint64_t size) {
    // kallsyms counts a function up to the next symbol, so its size is the symbol's or somewhat more.
    std::vector<SectionOffset> found;
    uint64_t best = UINT64_MAX;
    for (const auto& symbol : debug.symbols) {
        if (symbol.name != function) continue;
        if (offset > std::max(symbol.size, size)) continue;
        uint64_t difference = size == 0 ? 0 : (symbol.size > size ? symbol.size - size : size - symbol.size);
        if (difference > best) continue;
        if (difference < best) found.clear();
        best = difference;
        found.push_back({symbol.section, symbol.offset + offset});
    }
    return found;
}

}  // namespace ferrule::grader
