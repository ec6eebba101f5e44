// What an author needs to know about the text of a course: links lead somewhere, code blocks name their language and
// the complete ones build, what a lesson says of the kernel's source is there, each exercise is reached from its
// lesson, no id was lost, no stray file lies around. A problem is one line, "FILE:LINE: found …; expected …".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lessons/reader/catalogue.hpp"
#include "sandbox/build/module_builder.hpp"

namespace ferrule::reader {

// Where the kernel's source lies on the host.
fs::path kernel_source(const image::Image& image);

// Without the folder of the kernel's source, files of it are not looked for.
std::vector<std::string> lesson_problems(const Catalogue& catalogue, const Lesson& lesson, const std::string& text,
                                         const std::optional<fs::path>& source);

// The lesson's complete blocks, as what the builder takes: `file` and `line` are where the first line of code stands.
struct CompleteBlock {
    int line = 0;
    build::SourceSet sources;
};
std::vector<CompleteBlock> complete_blocks(const std::string& text);
// Builds them. Errors: only when Ferrule could not do its work.
Result<std::vector<std::string>> build_problems(const Lesson& lesson, const std::string& text,
                                                const image::Image& image);

// Of the course's folder as a whole. ids.txt, one id a line, is what learners may have progress of.
std::vector<std::string> course_problems(const Catalogue& catalogue, const Course& course);

}  // namespace ferrule::reader
