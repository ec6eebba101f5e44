#include <fmt/format.h>

#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

// Between the first two quotes; empty: none.
std::string_view in_quotes(std::string_view text) {
    const size_t open = text.find('\'');
    const size_t close = open == std::string_view::npos ? open : text.find('\'', open + 1);
    return close == std::string_view::npos ? std::string_view() : text.substr(open + 1, close - open - 1);
}

}  // namespace

std::vector<Diagnostic> read_modpost(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    while (take_line(text, line)) {
        std::string severity = line.starts_with("ERROR: modpost: ")     ? "error"
                               : line.starts_with("WARNING: modpost: ") ? "warning"
                                                                        : "";
        if (severity.empty()) continue;
        std::string_view words = line.substr(line.find("modpost: ") + 9);
        if (const std::string module = sources.module + ".ko: "; words.starts_with(module))
            words.remove_prefix(module.size());
        Place place;
        std::string explained;
        if (words.starts_with("section mismatch in reference: ")) {
            const std::string_view from = words.substr(31);
            place = find_definition(sources, from.substr(0, from.find_first_of("+ ")));
        } else if (const std::string_view symbol = in_quotes(words); !symbol.empty()) {
            place = find_use(sources, symbol);
            if (symbol == "rust_build_error")
                explained = " (a build_assert! or a constant offset that the compiler could not prove right)";
        }
        add_diagnostic(found, {severity, place.file, place.line, place.column,
                               clean_text(words, kMaxMessage) + explained, "modpost"});
    }
    return found;
}

// "/out/obj/0.o: warning: objtool: ring_open+0x1c: words"
std::vector<Diagnostic> read_objtool(const SourceSet& sources, const Stage& stage, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    while (take_line(text, line)) {
        const size_t at = line.find(" objtool: ");
        if (at == std::string_view::npos) continue;
        const std::string severity = line.substr(0, at).ends_with("error:") ? "error" : "warning";
        const std::string_view words = line.substr(at + 10);
        Place place = find_definition(sources, words.substr(0, words.find_first_of("+:( ")));
        if (place.file.empty() && stage.source >= 0) place.file = sources.files[static_cast<size_t>(stage.source)].name;
        add_diagnostic(found,
                       {severity, place.file, place.line, place.column, clean_text(words, kMaxMessage), "objtool"});
    }
    return found;
}

// lld: "ld.lld-19: error: duplicate symbol: helper", then ">>> defined at b.c:3 (/work/b.c:3)" for each.
std::vector<Diagnostic> read_ld(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    while (take_line(text, line)) {
        if (line.starts_with(">>> ") && !found.empty()) {
            const size_t open = line.rfind('('), close = line.rfind(')');
            const size_t word = line.find(" at ");
            std::optional<Located> at;
            if (open != std::string_view::npos && close != std::string_view::npos && close > open)
                at = located(line.substr(open + 1, close - open - 1));
            if (!at && word != std::string_view::npos) at = located(line.substr(word + 4));
            if (!at) continue;
            if (const std::string own = own_name(sources, at->file); !own.empty()) {
                Diagnostic& last = found.back();
                if (!last.file.empty()) last.message += fmt::format(" (also at {}:{})", last.file, last.line);
                last.file = own;  // the last one: the first definition is the one that was there
                last.line = at->line;
            }
            continue;
        }
        if (!line.starts_with("ld")) continue;
        const size_t colon = line.find(": ");
        if (colon == std::string_view::npos) continue;
        std::string_view words = line.substr(colon + 2);
        const std::string severity = take_severity(words);
        if (severity == "error" || severity == "warning")
            add_diagnostic(found, {severity, "", 0, 0, clean_text(words, kMaxMessage), "ld"});
    }
    return found;
}

}  // namespace ferrule::build
