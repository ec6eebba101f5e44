#include <algorithm>
#include <nlohmann/json.hpp>

#include "sandbox/build/static_checks.hpp"
#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

using nlohmann::json;

template <class T>
T get_or(const json& object, const char* key, T fallback) {
    const auto it = object.find(key);
    if (it == object.end()) return fallback;
    if constexpr (std::is_same_v<T, std::string>)
        return it->is_string() ? it->template get<std::string>() : fallback;
    else if constexpr (std::is_same_v<T, bool>)
        return it->is_boolean() ? it->template get<bool>() : fallback;
    else
        return it->is_number_integer() ? it->template get<T>() : fallback;
}

// The span, or the macro call (and the call around that) that is in a file of the learner's.
Place own_place(const SourceSet& sources, const json& span) {
    const json* at = &span;
    for (int depth = 0; depth < 64 && at->is_object(); ++depth) {
        if (const std::string own = own_name(sources, get_or<std::string>(*at, "file_name", "")); !own.empty())
            return {own, std::max(0, get_or(*at, "line_start", 0)), std::max(0, get_or(*at, "column_start", 0))};
        const auto expansion = at->find("expansion");
        if (expansion == at->end() || !expansion->is_object() || !expansion->contains("span")) break;
        at = &(*expansion)["span"];
    }
    return {};
}

Place own_place_of(const SourceSet& sources, const json& diagnostic) {
    Place best;
    for (const bool primary : {true, false}) {
        if (const auto spans = diagnostic.find("spans"); spans != diagnostic.end() && spans->is_array())
            for (const json& span : *spans)
                if (best.file.empty() && span.is_object() && get_or(span, "is_primary", false) == primary)
                    best = own_place(sources, span);
    }
    if (best.file.empty())
        if (const auto children = diagnostic.find("children"); children != diagnostic.end() && children->is_array())
            for (const json& child : *children)
                if (best.file.empty() && child.is_object()) best = own_place_of(sources, child);
    return best;
}

json parse_rustc_line(std::string_view line) {
    if (!line.starts_with('{')) return {};
    json value = json::parse(line, nullptr, false);  // depth: rustc's own writer nests a few levels
    return value.is_object() ? value : json();
}

// "E0382", "unsafe_code", "clippy::…", or nothing.
std::string code_of(const json& diagnostic) {
    const auto code = diagnostic.find("code");
    return code != diagnostic.end() && code->is_object() ? get_or<std::string>(*code, "code", "") : "";
}

// The last line of the primary span, when it is in the file.
int last_line(const SourceSet& sources, const json& diagnostic, const std::string& file) {
    const auto spans = diagnostic.find("spans");
    if (spans == diagnostic.end() || !spans->is_array()) return 0;
    for (const json& span : *spans)
        if (span.is_object() && get_or(span, "is_primary", false) &&
            own_name(sources, get_or<std::string>(span, "file_name", "")) == file)
            return get_or(span, "line_end", 0);
    return 0;
}

}  // namespace

std::vector<Diagnostic> read_rustc(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    while (take_line(text, line)) {
        const json value = parse_rustc_line(line);
        if (value.is_null()) continue;
        const std::string level = get_or<std::string>(value, "level", "");
        if (level != "warning" && !level.starts_with("error")) continue;
        std::string message = get_or<std::string>(value, "message", "");
        const Place place = own_place_of(sources, value);
        if (place.file.empty() &&
            (message.starts_with("aborting due to") || message.find("warning emitted") != std::string::npos ||
             message.find("warnings emitted") != std::string::npos))
            continue;
        if (const std::string name = code_of(value); !name.empty()) message += " [" + name + "]";
        add_diagnostic(found, {level == "warning" ? "warning" : "error", place.file, place.line, place.column,
                               clean_text(message, kMaxMessage), "rustc"});
    }
    return found;
}

std::vector<Diagnostic> read_clippy(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    while (take_line(text, line)) {
        const json value = parse_rustc_line(line);
        if (value.is_null()) continue;
        const std::string code = code_of(value);
        const Place place = own_place_of(sources, value);
        if (place.file.empty()) continue;
        std::string message = clean_text(get_or<std::string>(value, "message", ""), kMaxMessage);
        if (code == "unsafe_code") {
            if (const int last = last_line(sources, value, place.file); last > place.line)
                message += " (to line " + std::to_string(last) + ")";
            add_diagnostic(found, {"note", place.file, place.line, place.column, message, kUnsafe});
        } else if (code == "clippy::undocumented_unsafe_blocks" || code == "clippy::missing_safety_doc") {
            add_diagnostic(found,
                           {"warning", place.file, place.line, place.column, message + " [" + code + "]", kClippy});
        }
    }
    return found;
}

std::string rendered_rustc(std::string_view text) {
    std::string out;
    std::string_view line;
    while (take_line(text, line)) {
        const json value = parse_rustc_line(line);
        out += value.is_null() ? std::string(line) + "\n" : get_or<std::string>(value, "rendered", "");
    }
    return out;
}

}  // namespace ferrule::build
