// Which classes of findings a course's exercises teach: of each exercise what its mutants declare, which `ferrule
// check` proves. As Markdown, for lessons/README.md.
#pragma once

#include <string>

#include "lessons/reader/catalogue.hpp"

namespace ferrule::reader {

inline constexpr const char* kClassSection = "classes";  // see marked_section.hpp

// Errors: those of load_mutants.
Result<std::string> class_table(const Catalogue& catalogue);

}  // namespace ferrule::reader
