// The console's lines, apart from each other: who said what, without time stamps.
#pragma once

#include <string_view>
#include <vector>

namespace ferrule::grader {

struct ConsoleLine {
    std::string_view caller;  // "T45", "C1"; "" when the line has no prefix
    std::string_view text;    // without prefix and line end
    size_t number = 0;        // line in the console, from 0
    bool cut = false;         // another caller's line began in the middle of it
    bool dropped = false;     // no line: messages were lost here, or the console ends in the middle of one
};

// Views into `console`. A line longer than 1024 bytes is cut there (the kernel's own are shorter).
std::vector<ConsoleLine> split_console(std::string_view console);

}  // namespace ferrule::grader
