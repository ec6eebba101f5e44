// The part of a Markdown file that a program writes: what stands between the lines <!-- NAME: begin --> and
// <!-- NAME: end -->.
#pragma once

#include <string>

#include "sandbox/base/files.hpp"

namespace ferrule::reader {

std::string section_begin(const std::string& name);
std::string section_end(const std::string& name);

// The file's text with its two marker lines, or, when there is no such file, the marker lines. Error "no-markers".
Result<std::string> section_place(const fs::path& file, const std::string& name);
// What stands between them.
Result<std::string> read_section(const fs::path& file, const std::string& name);
// Puts `content` (whole lines) there, in place of what is there.
Result<void> write_section(const fs::path& file, const std::string& name, const std::string& content);

}  // namespace ferrule::reader
