// "ring_open+0x1a/0x40 [ring]" and its relatives.
#pragma once

#include <optional>
#include <string_view>

#include "grader/console/console.hpp"

namespace ferrule::grader {

// The symbol that `text` begins with; `rest` (may be null) gets what follows it.
std::optional<ConsoleFrame> parse_symbol(std::string_view text, std::string_view* rest = nullptr);
// A line of a stack: " ? func+0x1/0x2 [mod]". Nothing when it is something else.
std::optional<ConsoleFrame> parse_stack_line(std::string_view line);
// "func+0x1/0x2 [mod]" after `marker` in a line ("at: ", " in ").
std::optional<ConsoleFrame> parse_symbol_after(std::string_view line, std::string_view marker);

std::string_view trim(std::string_view text);
std::optional<uint64_t> parse_hex(std::string_view& text);  // takes "0x1f" or "1f" off the front

}  // namespace ferrule::grader
