// The course on disk: course.toml says the order of parts and lessons, the folders hold the rest.
//
//   course.toml                              format_version, [[part]] id, title, lessons
//   <part>/<lesson>/lesson.md
//   <part>/<lesson>/<exercise>/exercise.toml
//
// A mistake is reported with file and line: the reader is an author.
#pragma once

#include <string>
#include <vector>

#include "grader/exercise/exercise.hpp"

namespace ferrule::reader {

struct Lesson {
    std::string id;                           // "ownership/leaks"
    std::string title;                        // the first heading of its text
    fs::path text;                            // lesson.md
    std::vector<grader::Exercise> exercises;  // by folder name
};

struct Part {
    std::string id, title;
    std::vector<Lesson> lessons;
};

struct Catalogue {
    fs::path folder;
    std::vector<Part> parts;

    std::vector<const grader::Exercise*> exercises() const;  // in the order of the course
    std::vector<std::string> kernels() const;                // that these need, each once
    // Error "no-exercise" with the nearest name as a hint.
    Result<const grader::Exercise*> find(const std::string& id) const;
    const Lesson* lesson_of(const grader::Exercise& exercise) const;
};

// Errors: "course-missing", "course-syntax" (FILE:LINE: …), "exercise-syntax".
Result<Catalogue> load_catalogue(const fs::path& folder);
// The drivers that prove the grader, by folder name.
Result<std::vector<grader::Exercise>> load_corpus(const fs::path& folder);
// grader/corpus in the checkout.
Result<fs::path> default_corpus();
// lessons/course in the checkout.
Result<fs::path> default_course();

}  // namespace ferrule::reader
