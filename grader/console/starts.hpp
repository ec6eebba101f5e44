// The words a report of the kernel begins with, and what a WARN is about by its message.
#pragma once

#include <string_view>

namespace ferrule::grader {

struct Start {
    std::string_view prefix;
    const char* kind;
    bool also_inside = false;  // may follow in an open report without beginning another
};

// Null: `text` (a line without prefix and blanks) begins no report.
const Start* start_of(std::string_view text);
// A WARN's message, or a BUG's, that has a kind of its own; else null.
const char* message_kind(std::string_view message);

}  // namespace ferrule::grader
