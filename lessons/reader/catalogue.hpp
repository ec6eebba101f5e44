// The course on disk: course.toml says the order of parts and lessons, the folders hold the rest.
//
//   course.toml                              format_version, id, title, [[part]] id, title, lessons
//   <part>/<lesson>/lesson.md
//   <part>/<lesson>/<exercise>/exercise.toml
//
// A course that is not Ferrule's own has an id, and the ids of what is in it begin with it: exercise "acme.ring",
// lesson "acme.ownership/leaks". So several can be in use side by side, with one workspace and one record of progress.
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
    std::vector<grader::Exercise> exercises;  // in the order in which its text says to start them
};

struct Part {
    std::string id, title;
    std::vector<Lesson> lessons;
};

struct Course {
    std::string id;  // empty: Ferrule's own
    std::string title;
    fs::path folder;

    // Of a part, a lesson or an exercise, for everybody outside of the course: "acme." and its own.
    std::string whole(const std::string& own) const { return id.empty() ? own : id + "." + own; }
};

struct Catalogue {
    std::vector<Course> courses;
    std::vector<Part> parts;  // of all of them, one course after the other

    std::vector<const grader::Exercise*> exercises() const;  // in the order of the course
    std::vector<std::string> kernels() const;                // that these need, each once
    // Error "no-exercise" with the nearest name as a hint.
    Result<const grader::Exercise*> find(const std::string& id) const;
    const Lesson* lesson_of(const grader::Exercise& exercise) const;
    const Lesson* find_lesson(const std::string& id) const;  // null: there is none
    // A lesson by its own id, or by that of one of its exercises. Errors: as find().
    Result<const Lesson*> lesson_for(const std::string& id) const;
};

// The position of `ferrule start ID` in a lesson's text; npos: it is not there.
size_t mention_of(const std::string& text, const std::string& exercise);

// Errors: "course-missing", "course-syntax" (FILE:LINE: …), "exercise-syntax".
Result<Catalogue> load_catalogue(const fs::path& folder);
// Several courses as one catalogue. Each but default_course() needs an id of its own ("course-syntax").
Result<Catalogue> load_courses(const std::vector<fs::path>& folders);
// What FERRULE_COURSE names, folders with ':' between them; without it default_course() alone.
Result<std::vector<fs::path>> chosen_courses();
// The drivers that prove the grader, by folder name.
Result<std::vector<grader::Exercise>> load_corpus(const fs::path& folder);
// grader/corpus in the checkout.
Result<fs::path> default_corpus();
// lessons/course in the checkout.
Result<fs::path> default_course();

}  // namespace ferrule::reader
