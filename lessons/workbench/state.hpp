// All that the workbench shows, as a value: update.hpp changes it, draw.hpp draws it, neither starts anything. What is
// to be done in the world outside comes out of an update as requests (events.hpp).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lessons/workbench/cells.hpp"

namespace ferrule::workbench {

struct ExerciseEntry {
    std::string id, title;
    int minutes = 0;
    std::vector<std::string> languages;         // "c", "rust"
    std::map<std::string, std::string> states;  // by language: "passed", "tried 3x", "started"; absent: new
};

struct LessonEntry {
    std::string id, part, title;
    std::string text;  // Markdown
    int minutes = 0;   // of reading
    std::vector<ExerciseEntry> exercises;
};

using Course = std::vector<LessonEntry>;

enum class Tab { verdict, console, editor };
enum class Focus { lesson, side };
enum class Overlay { none, contents, help, exercises, compare };

// A line of a verdict that something can be done with: Enter opens the editor there.
struct Target {
    size_t line = 0;  // of `lines`
    std::string file;
    int number = 0;
};

struct Page {  // lines that are scrolled through
    std::vector<reader::Line> lines;
    int top = 0;
    int columns = 0;  // that they are laid out for
};

struct Search {
    std::string words;
    bool typing = false;
    std::vector<size_t> hits;  // lines
    size_t at = 0;             // of `hits`
};

struct Grading {
    bool running = false;
    std::string stage;         // "building", "scenario 2 of 5: …"
    double since = 0, took = 0;  // seconds of the clock that the ticks bring
    std::string word;          // of the last one: "pass", "fail", "could not grade"; empty: none yet
};

struct Image {  // the kernel that judges
    bool ready = false, building = false;
    std::string step;
    double fraction = 0;
    std::string error;  // one line; empty: none
};

struct PaneState {
    bool open = false;
    Surface screen;         // what is in it now, or in its history
    size_t history = 0;     // lines above the screen
    size_t back = 0;        // how far it is scrolled back
    bool copying = false;   // keys move a cursor over the lines instead of going to the program
    size_t cursor = 0;      // a line, 0 the oldest of the history
    std::optional<size_t> mark;
};

struct Place {
    size_t lesson = 0;
    int top = 0;
};

struct State {
    int rows = 24, columns = 80;
    double now = 0;
    Course course;

    size_t lesson = 0;  // of `course`
    Page page;          // the lesson, laid out for the width that it has
    struct Link {
        size_t line = 0;
        std::string target;
    };
    std::vector<Link> links;
    std::optional<size_t> link;  // the one that Enter follows
    std::vector<Place> back, forward;
    Search search;

    Overlay overlay = Overlay::none;
    size_t choice = 0;  // a row of the overlay
    Page compared;      // both languages, see reader/compare.hpp

    bool side_open = false;
    Focus focus = Focus::lesson;
    Tab tab = Tab::verdict;
    std::string exercise, language;  // what is worked at; empty: nothing yet
    Page verdict;
    std::vector<Target> targets;
    std::optional<size_t> target;
    Grading grading;
    bool saved_early = false;  // before there was a kernel: is graded when there is one
    Image image;
    PaneState console, editor;
    std::string notice;  // one line below, until the next key
    bool quitting = false;
};

const LessonEntry& lesson_of(const State& state);
const ExerciseEntry* exercise_of(const State& state);

// Where things are on the screen. Below `kSplitFrom` columns only the part with the focus is shown.
constexpr int kSplitFrom = 110;
struct Layout {
    Area lesson, side;  // either may have no columns
    int bar = 0;        // row of the state line, the last
};
Layout layout_of(const State& state);
// Of the open tab, below the tabs' names.
Area pane_area(const State& state);

}  // namespace ferrule::workbench
