// A verdict as a page of the workbench: the report that `ferrule grade` prints, and the places it names.
#pragma once

#include "lessons/reader/grading.hpp"
#include "lessons/workbench/events.hpp"

namespace ferrule::workbench {

Graded verdict_page(const reader::Graded& graded, int columns);
// Text with the colours of the report (grader/report/text.cpp).
std::vector<reader::Line> styled_lines(std::string_view text);

}  // namespace ferrule::workbench
