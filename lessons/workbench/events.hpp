// What happens to the workbench, and what it asks for.
#pragma once

#include <variant>

#include "lessons/workbench/key.hpp"
#include "lessons/workbench/state.hpp"

namespace ferrule::workbench {

struct Resized {
    int rows, columns;
};
struct Tick {
    double now;  // seconds of a clock that never goes back
};
struct CourseRead {  // exercises may have other states now
    Course course;
};
struct Saved {  // a file of this exercise was written
    std::string exercise, language;
};
struct Graded {
    std::string word;  // "pass", "fail", "could not grade"
    std::vector<reader::Line> lines;
    std::vector<Target> targets;
};
struct Stage {
    std::string text;
};
struct Told {  // a hint, a solution: shown where verdicts are
    std::vector<reader::Line> lines;
};
struct Compared {  // both languages, for a screen of this width
    std::vector<reader::Line> lines;
};
struct Noticed {
    std::string text;
};
struct Started {  // the exercise is in the workspace
    std::string exercise, language;
};
struct ImageChanged {
    Image image;
};
struct PaneChanged {
    Tab tab;
    bool open;
    Surface screen;
    size_t history;
};
using Event = std::variant<Key, Resized, Tick, CourseRead, Saved, Graded, Stage, Told, Compared, Noticed, Started, ImageChanged,
                           PaneChanged>;

struct Request {
    enum Kind {
        start,         // puts the starter there when nothing is; then Started
        grade,         // exercise, language; cancels what runs
        cancel,        // the grading under way
        edit,          // exercise, language; `text` and `number`: a file and its line, or empty
        open_console,  // exercise, language: a shell in the sandbox with the module at hand
        press,         // `key` goes to `tab`'s program
        look,          // `tab` as it is `number` lines up in its history
        copy,          // lines `number` to `number2` of `tab` to the clipboard
        hint,          // exercise, language
        solution,      // likewise
        compare,       // likewise; `number`: columns. Then Compared
        build_image,
        remember,      // where the person is now
        repaint,
        quit,
    } kind;
    std::string exercise = {}, language = {}, text = {};
    size_t number = 0, number2 = 0;
    Tab tab = Tab::verdict;
    Key key = {};
};

}  // namespace ferrule::workbench
