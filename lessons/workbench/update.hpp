// The one place where the state changes.
#pragma once

#include "lessons/workbench/events.hpp"

namespace ferrule::workbench {

// Before the first event: at this lesson, or at the lesson of this exercise; where there is none of that id, at the lesson
// that is open, with one of its exercises.
void open_at(State& state, const std::string& id);
// What is to be done because of it, in this order.
std::vector<Request> update(State& state, const Event& event);

// Of a lesson: every key that does something, for the help page and the man page.
struct KeyHelp {
    const char* keys;
    const char* does;
};
const std::vector<KeyHelp>& key_help();

}  // namespace ferrule::workbench
