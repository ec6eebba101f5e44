// What an author needs to know about the text of a course: links lead somewhere, code blocks name their language, and
// those in C and Rust are compiled: as complete modules, or as excerpts of sources that are, what a lesson says of the
// kernel's source is there, each exercise is reached from its lesson, no id was lost, no stray file lies around. A
// problem is one line, "FILE:LINE: found …; expected …".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lessons/reader/catalogue.hpp"
#include "sandbox/build/module_builder.hpp"

namespace ferrule::reader {

// Where the kernel's source lies on the host.
fs::path kernel_source(const image::Image& image);

// Without the folder of the kernel's source, files of it are not looked for, nor code that may be theirs.
std::vector<std::string> lesson_problems(const Catalogue& catalogue, const Lesson& lesson, const std::string& text,
                                         const std::optional<fs::path>& source);

// What is built for a lesson: its complete blocks, and each file of its folder examples/, which is a module of its own.
struct Example {
    fs::path file;  // the lesson's text, or the example
    int line = 0;   // where its first line of code stands
    build::SourceSet sources;
    bool whole = false;   // for readers to copy: a warning is a mistake
    std::string refused;  // words of an error with which the compiler must refuse it; empty: it builds
};
std::vector<Example> complete_blocks(const Lesson& lesson, const std::string& text);
std::vector<Example> examples(const Lesson& lesson);
// Builds them all. Errors: only when Ferrule could not do its work.
Result<std::vector<std::string>> build_problems(const Lesson& lesson, const std::string& text,
                                                const image::Image& image);

// Of the course's folder as a whole. ids.txt, one id a line, is what learners may have progress of.
std::vector<std::string> course_problems(const Catalogue& catalogue, const Course& course);

}  // namespace ferrule::reader
