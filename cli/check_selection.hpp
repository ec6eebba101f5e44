// What `ferrule check` was asked to look at.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "lessons/reader/author_checks.hpp"
#include "lessons/reader/catalogue.hpp"

namespace ferrule::cli {

struct Asked {
    std::vector<std::string> ids;  // "keeper", "keeper/off-by-one", a lesson: "ownership/leaks"
    bool all = false, corpus = false, deep = false, changed = false;
};

class Selection {
public:
    Selection() = default;
    Selection(Selection&&) = default;
    Selection& operator=(Selection&&) = default;

    // Errors: those of load_courses and load_corpus, "no-exercise", "no-case"; with `changed` "no-git".
    static Result<Selection> make(const Asked& asked);

    const reader::Catalogue& catalogue() const { return catalogue_; }
    // Courses as a whole: ids, stray files.
    const std::vector<const reader::Course*>& courses() const { return courses_; }
    const std::vector<const reader::Lesson*>& lessons() const { return lessons_; }  // their texts
    const std::vector<reader::CheckTarget>& targets() const { return targets_; }

private:
    Result<const grader::Exercise*> find(const std::string& id) const;
    Result<void> add(const std::string& id);
    Result<void> add_changed();
    void add_all(const reader::Lesson& lesson);

    reader::Catalogue catalogue_;
    std::vector<grader::Exercise> corpus_;
    std::list<grader::Exercise> deep_;
    std::vector<const reader::Course*> courses_;
    std::vector<const reader::Lesson*> lessons_;
    std::vector<reader::CheckTarget> targets_;  // into those above, whose elements stay where they are
};

}  // namespace ferrule::cli
