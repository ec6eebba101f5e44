// The lesson: laying it out, searching it, its links, and the way from one to another. Parts of an update (update.hpp).
#pragma once

#include "lessons/workbench/events.hpp"

namespace ferrule::workbench {

using Requests = std::vector<Request>;

constexpr int kWheel = 3;  // lines

// `rows`: of the page on the screen.
void clamp(Page& page, int rows);
// By one of the keys that every reader knows? False: the key is none of those.
bool scrolled(Page& page, const Key& key, int rows);

// The lesson for the room it has, when it is not laid out for that yet; what stood at the top stays about there.
void lay_out(State& state);
void find_hits(State& state);
void show_line(State& state, size_t line);
Requests next_hit(State& state, int by);

Requests go_to(State& state, size_t lesson);
Requests travel(State& state, std::vector<Place>& from, std::vector<Place>& to);
Requests next_link(State& state);
Requests follow(State& state, const std::string& target);
// Where the text at this cell of the screen leads; empty: nowhere.
std::string link_at(const State& state, int row, int column);

}  // namespace ferrule::workbench
