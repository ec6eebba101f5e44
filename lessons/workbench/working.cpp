#include "lessons/workbench/working.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferrule::workbench {

void forget_verdict(State& state) {
    state.verdict = {};
    state.targets.clear();
    state.target.reset();
    state.grading = {};
}

void take_exercise(State& state, const ExerciseEntry& exercise) {
    state.exercise = exercise.id;
    const auto& languages = exercise.languages;
    if (std::find(languages.begin(), languages.end(), state.language) == languages.end())
        state.language = languages.empty() ? "" : languages.front();
    forget_verdict(state);
}

void choose_exercise(State& state) {
    const auto& exercises = lesson_of(state).exercises;
    const auto same = std::find_if(exercises.begin(), exercises.end(),
                                   [&](const ExerciseEntry& one) { return one.id == state.exercise; });
    if (same == exercises.end() && !exercises.empty()) take_exercise(state, exercises.front());
}

Requests with_exercise(const State& state, Request::Kind kind) {
    if (state.exercise.empty()) return {};
    Request request{kind};
    request.exercise = state.exercise;
    request.language = state.language;
    return {request};
}

void open_side(State& state, Tab tab, Focus focus) {
    state.side_open = true;
    state.tab = tab;
    state.focus = focus;
}

Requests edit(State& state, const std::string& file, int line) {
    if (state.exercise.empty()) {
        state.notice = "this lesson has no exercise";
        return {};
    }
    open_side(state, Tab::editor, Focus::side);
    Request request = with_exercise(state, Request::edit).front();
    request.text = file;
    request.number = static_cast<size_t>(std::max(line, 0));
    return {with_exercise(state, Request::start).front(), request};
}

Requests console(State& state) {
    if (state.exercise.empty()) return {};
    open_side(state, Tab::console, Focus::side);
    if (state.console.open) return {};
    if (!state.image.ready) {
        state.notice = "the kernel is not built yet";
        return {};
    }
    return with_exercise(state, Request::open_console);
}

Requests begin_grading(State& state) {
    state.grading = {true, "starting", state.now, 0, state.grading.word};
    return with_exercise(state, Request::grade);
}

Requests grade(State& state) {
    if (state.exercise.empty()) {
        state.notice = "this lesson has no exercise";
        return {};
    }
    open_side(state, Tab::verdict, state.focus == Focus::side && state.tab != Tab::verdict ? Focus::lesson : state.focus);
    if (!state.image.ready) {
        state.notice = state.image.building ? "the kernel is still being built; it will be graded then"
                                            : "the kernel is not built yet: B builds it";
        return {};
    }
    return begin_grading(state);
}

Requests compare(const State& state) {
    Requests requests = with_exercise(state, Request::compare);
    for (Request& request : requests) request.number = static_cast<size_t>(std::max(state.columns - 2, 0));
    return requests;
}

Requests other_language(State& state) {
    const ExerciseEntry* exercise = exercise_of(state);
    if (!exercise || exercise->languages.size() < 2) return {};
    const auto at = std::find(exercise->languages.begin(), exercise->languages.end(), state.language);
    const bool last = at == exercise->languages.end() || at + 1 == exercise->languages.end();
    state.language = last ? exercise->languages.front() : *(at + 1);
    forget_verdict(state);
    state.notice = fmt::format("{}, in {}", exercise->id, state.language == "rust" ? "Rust" : "C");
    return {{Request::remember}};
}

}  // namespace ferrule::workbench
