#include "lessons/workbench/course.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace ferrule::workbench {
namespace {

constexpr int kWordsAMinute = 180;  // of a technical text, code included

int reading_minutes(const std::string& text) {
    std::istringstream words(text);
    int count = 0;
    for (std::string word; words >> word;) ++count;
    return std::max(1, (count + kWordsAMinute - 1) / kWordsAMinute);
}

}  // namespace

Result<Course> read_course(const reader::Catalogue& catalogue, const reader::ProgressStore& store,
                           const reader::Workspace& workspace) {
    Course course;
    for (const reader::Part& part : catalogue.parts)
        for (const reader::Lesson& lesson : part.lessons) {
            LessonEntry entry{lesson.id, part.title, lesson.title, "", 0, {}};
            FERRULE_TRY(entry.text, read_file(lesson.text, 4u << 20));
            entry.minutes = reading_minutes(entry.text);
            for (const grader::Exercise& exercise : lesson.exercises) {
                ExerciseEntry one{exercise.id, exercise.title, exercise.minutes, {}, {}};
                for (const grader::Language language : exercise.languages) {
                    const std::string name = grader::name(language);
                    one.languages.push_back(name);
                    FERRULE_TRY(const auto progress, store.progress(exercise.id, name));
                    const std::string state = reader::word_of(progress, workspace.started(exercise, language));
                    if (!state.empty()) one.states[name] = state;
                }
                entry.exercises.push_back(std::move(one));
            }
            course.push_back(std::move(entry));
        }
    return course;
}

std::string place_note(const State& state) {
    // The share of the lesson, since another terminal has other lines.
    const size_t lines = std::max<size_t>(state.page.lines.size(), 1);
    return fmt::format("{} {} {} {}", lesson_of(state).id, 1000 * static_cast<size_t>(state.page.top) / lines,
                       state.exercise.empty() ? "-" : state.exercise,
                       state.language.empty() ? "-" : state.language);
}

void restore_place(State& state, const std::string& note) {
    std::istringstream words(note);
    std::string lesson, exercise, language;
    size_t share = 0;
    if (!(words >> lesson >> share >> exercise >> language)) return;
    const auto at = std::find_if(state.course.begin(), state.course.end(),
                                 [&](const LessonEntry& one) { return one.id == lesson; });
    if (at == state.course.end()) return;
    state.lesson = static_cast<size_t>(at - state.course.begin());
    // Lines that are not laid out yet: the layout keeps the share.
    state.page.lines.resize(1000);
    state.page.top = static_cast<int>(std::min<size_t>(share, 999));
    for (const ExerciseEntry& one : at->exercises)
        if (one.id == exercise && std::count(one.languages.begin(), one.languages.end(), language) > 0) {
            state.exercise = exercise;
            state.language = language;
        }
}

}  // namespace ferrule::workbench
