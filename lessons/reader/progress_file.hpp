// A learner's record as a file, to take to another machine: JSON, `format` 1.
#pragma once

#include <string>

#include "lessons/reader/progress_store.hpp"

namespace ferrule::reader {

std::string to_json(const Record& record);
// Error "progress-file": what is wrong, and where in it. Nothing is taken on trust: the file may come from anywhere.
Result<Record> record_from_json(const std::string& text);

}  // namespace ferrule::reader
