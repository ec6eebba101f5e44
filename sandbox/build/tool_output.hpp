// The readers of diagnostics.hpp, one for each tool, and what they share.
#pragma once

#include <optional>

#include "sandbox/build/diagnostics.hpp"

namespace ferrule::build {

std::vector<Diagnostic> read_clang(const SourceSet& sources, std::string_view text);
std::vector<Diagnostic> read_rustc(const SourceSet& sources, std::string_view text);
std::string rendered_rustc(std::string_view text);  // its JSON as the text it would have printed
std::vector<Diagnostic> read_modpost(const SourceSet& sources, std::string_view text);
std::vector<Diagnostic> read_objtool(const SourceSet& sources, const Stage& stage, std::string_view text);
std::vector<Diagnostic> read_ld(const SourceSet& sources, std::string_view text);

// The next line, without its end; false at the end of the text.
bool take_line(std::string_view& rest, std::string_view& line);

struct Located {
    std::string_view file;
    int line = 0, column = 0;
    std::string_view rest;
};

// "FILE:LINE:COL: rest" or "FILE:LINE: rest" or "FILE:LINE" + end.
std::optional<Located> located(std::string_view text);

// "error: words" -> severity; `text` becomes the words. Empty: no severity there.
std::string take_severity(std::string_view& text);

}  // namespace ferrule::build
