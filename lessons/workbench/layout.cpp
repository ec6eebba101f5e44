#include <algorithm>

#include "lessons/workbench/state.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::workbench {

const LessonEntry& lesson_of(const State& state) {
    FERRULE_CHECK(state.lesson < state.course.size());
    return state.course[state.lesson];
}

const ExerciseEntry* exercise_of(const State& state) {
    for (const LessonEntry& lesson : state.course)
        for (const ExerciseEntry& exercise : lesson.exercises)
            if (exercise.id == state.exercise) return &exercise;
    return nullptr;
}

// A title line on top, the state line at the bottom, between them the lesson and, where there is room, the other side.
Layout layout_of(const State& state) {
    Layout out;
    const int rows = std::max(state.rows - 2, 1);
    out.bar = state.rows - 1;
    const Area all{1, 0, rows, state.columns};
    if (!state.side_open) {
        out.lesson = all;
        out.side = {1, state.columns, rows, 0};
    } else if (state.columns < kSplitFrom) {
        out.lesson = state.focus == Focus::lesson ? all : Area{1, 0, rows, 0};
        out.side = state.focus == Focus::side ? all : Area{1, state.columns, rows, 0};
    } else {
        const int left = std::min(state.columns / 2, 102);
        out.lesson = {1, 0, rows, left};
        out.side = {1, left + 1, rows, state.columns - left - 1};
    }
    return out;
}

Area pane_area(const State& state) {
    Area area = layout_of(state).side;
    // What a program is told must not depend on which side is looked at just now.
    if (area.columns == 0) area = {1, 0, std::max(state.rows - 2, 1), state.columns};
    ++area.row;
    area.rows = std::max(area.rows - 1, 1);
    return area;
}

}  // namespace ferrule::workbench
