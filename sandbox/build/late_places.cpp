#include "sandbox/build/late_places.hpp"

#include <charconv>
#include <map>
#include <unordered_map>

#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

int number_after(std::string_view text, std::string_view key) {
    const size_t at = text.find(key);
    if (at == std::string_view::npos) return -1;
    int value = -1;
    std::from_chars(text.data() + at + key.size(), text.data() + text.size(), value);
    return value;
}

std::string_view quoted_after(std::string_view text, std::string_view key) {
    const size_t at = text.find(key);
    if (at == std::string_view::npos) return {};
    const size_t end = text.find('"', at + key.size());
    return end == std::string_view::npos ? std::string_view() : text.substr(at + key.size(), end - at - key.size());
}

// "call to 'NAME' declared with"
std::string_view attribute_call(const Diagnostic& diagnostic) {
    const std::string_view message = diagnostic.message;
    const size_t end = message.find("' declared with '");
    return diagnostic.tool == "clang" && message.starts_with("call to '") && end != std::string_view::npos
               ? message.substr(9, end - 9)
               : std::string_view();
}

using Metadata = std::unordered_map<int, std::string_view>;

std::string_view node(const Metadata& metadata, int id) {
    const auto it = metadata.find(id);
    return it == metadata.end() ? std::string_view() : it->second;
}

// A location's file: by its scope, which may be a block in a block in a function.
std::string_view file_of(const Metadata& metadata, int scope) {
    for (int depth = 0; depth < 64; ++depth) {
        const std::string_view text = node(metadata, scope);
        if (const int file = number_after(text, "file: !"); file >= 0)
            return quoted_after(node(metadata, file), "filename: \"");
        scope = number_after(text, "scope: !");
        if (scope < 0) break;
    }
    return {};
}

}  // namespace

void place_attribute_calls(const SourceSet& sources, std::string_view ir, std::vector<Diagnostic>& diagnostics) {
    std::map<std::string, std::vector<int>> calls;  // function -> !dbg of each call, in the order of the code
    for (const Diagnostic& diagnostic : diagnostics)
        if (const std::string_view name = attribute_call(diagnostic); !name.empty()) calls[std::string(name)];
    if (calls.empty()) return;
    Metadata metadata;
    std::string_view line;
    while (take_line(ir, line)) {
        if (line.starts_with('!')) {
            int id = -1;
            const auto [end, error] = std::from_chars(line.data() + 1, line.data() + line.size(), id);
            if (error == std::errc() &&
                std::string_view(end, static_cast<size_t>(line.data() + line.size() - end)).starts_with(" = "))
                metadata[id] = line;
            continue;
        }
        const size_t call = line.find("call ");
        const size_t dbg = line.rfind("!dbg !");
        if (call == std::string_view::npos || dbg == std::string_view::npos) continue;
        for (auto& [name, places] : calls)
            if (line.find("@" + name + "(", call) != std::string_view::npos)
                places.push_back(number_after(line.substr(dbg), "!dbg !"));
    }
    std::map<std::string, size_t> used;
    for (Diagnostic& diagnostic : diagnostics) {
        const std::string name(attribute_call(diagnostic));
        if (name.empty() || calls[name].empty()) continue;
        const std::vector<int>& places = calls[name];
        int at = places[std::min(used[name]++, places.size() - 1)];
        for (int depth = 0; depth < 256 && at >= 0; ++depth) {
            const std::string_view location = node(metadata, at);
            const std::string own = own_name(sources, file_of(metadata, number_after(location, "scope: !")));
            if (const int found = number_after(location, "line: "); !own.empty() && found > 0) {
                diagnostic.file = own;
                diagnostic.line = found;
                diagnostic.column = std::max(0, number_after(location, "column: "));
                break;
            }
            at = number_after(location, "inlinedAt: !");
        }
    }
}

void place_undefined(const SourceSet& sources, std::string_view listing, std::vector<Diagnostic>& diagnostics) {
    std::map<std::string, Diagnostic*> wanted;
    for (Diagnostic& diagnostic : diagnostics) {
        const std::string_view message = diagnostic.message;
        const size_t end = message.find("' undefined!");
        if (diagnostic.tool == "modpost" && diagnostic.file.empty() && message.starts_with("symbol '") &&
            end != std::string_view::npos)
            wanted[std::string(message.substr(8, end - 8))] = &diagnostic;
    }
    if (wanted.empty()) return;
    Place last;
    std::string_view line;
    while (take_line(listing, line)) {
        if (line.ends_with(">:")) last = {};  // another function
        if (line.starts_with("; ")) {
            const size_t colon = line.rfind(':');
            if (colon == std::string_view::npos || colon < 2) continue;
            int number = 0;
            std::from_chars(line.data() + colon + 1, line.data() + line.size(), number);
            if (const std::string own = own_name(sources, line.substr(2, colon - 2)); !own.empty() && number > 0)
                last = {own, number, 0};
            continue;
        }
        const size_t relocation = line.find("R_X86_64_");
        if (relocation == std::string_view::npos || last.file.empty()) continue;
        std::string_view symbol = line.substr(std::min(line.find_first_of(" \t", relocation), line.size()));
        symbol.remove_prefix(std::min(symbol.find_first_not_of(" \t"), symbol.size()));
        if (const size_t addend = symbol.find_last_of("+-");
            addend != std::string_view::npos && symbol.substr(addend + 1).starts_with("0x"))
            symbol = symbol.substr(0, addend);
        if (const auto it = wanted.find(std::string(symbol)); it != wanted.end() && it->second->file.empty()) {
            it->second->file = last.file;
            it->second->line = last.line;
        }
    }
}

}  // namespace ferrule::build
