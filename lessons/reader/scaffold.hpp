// A new course, lesson or exercise, made of lessons/template/: everything that `ferrule check` asks for is there and
// right, but for the places that say TODO. Nothing that exists is written over, and what fails half-way is taken back.
#pragma once

#include <string>
#include <vector>

#include "lessons/reader/catalogue.hpp"

namespace ferrule::reader {

// lessons/template in the checkout.
Result<fs::path> default_template();

// Errors, of all three: "new-name" (no good name, or taken), "course-syntax", and those of files. They return the
// folder.
Result<fs::path> new_course(const fs::path& folder, const std::string& id, const std::string& title);
// `part` and `name` are folders; a part that is not there yet is added at the course's end.
Result<fs::path> new_lesson(const Course& course, const std::string& part, const std::string& name,
                            const fs::path& pattern);
// `id` without the course's.
Result<fs::path> new_exercise(const Catalogue& catalogue, const Course& course, const std::string& part,
                              const std::string& lesson, const std::string& id,
                              const std::vector<grader::Language>& languages, const fs::path& pattern);

// course.toml's text with one more lesson, everything else as it stands. Empty: `text` has no such shape.
std::string with_lesson(const std::string& text, const std::string& part, const std::string& lesson);
// A pattern's text with the new names in place of sample-device, sample_device, SampleDevice and SAMPLE_DEVICE.
std::string renamed(std::string text, const std::string& id);

}  // namespace ferrule::reader
