// Where Ferrule's own course explains a class of findings: for `ferrule vet`, whose modules belong to no lesson.
#pragma once

#include <string_view>

namespace ferrule::grader {

// "ownership/leaks"; "" for a class that no lesson is about.
std::string_view lesson_about(std::string_view finding_class);

}  // namespace ferrule::grader
