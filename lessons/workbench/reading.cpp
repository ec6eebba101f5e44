#include "lessons/workbench/reading.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/working.hpp"

namespace ferrule::workbench {
namespace {

constexpr int kWidest = 100;  // longer lines are tiring to read

// Of another course than Ferrule's own the ids begin with the course's and a dot.
std::string course_of(const std::string& id) { return id.substr(0, id.find('.') + 1); }

// "../../locks/unlock-every-path/lesson.md", seen from "ownership/leaks": the last two folders name a lesson of its course.
std::optional<size_t> lesson_behind(const State& state, const std::string& target) {
    const std::string course = course_of(lesson_of(state).id);
    std::string path = target.substr(0, target.find('#'));
    if (path.ends_with("/lesson.md")) path.resize(path.size() - std::string_view("/lesson.md").size());
    while (path.ends_with("/")) path.pop_back();
    for (size_t i = 0; i < state.course.size(); ++i) {
        if (course_of(state.course[i].id) != course) continue;
        const std::string id = state.course[i].id.substr(course.size());
        const std::string name = id.substr(id.find('/') + 1);
        if (path == id || path.ends_with("/" + id) || path == "../" + name) return i;
    }
    return std::nullopt;
}

}  // namespace

void clamp(Page& page, int rows) {
    page.top = std::clamp(page.top, 0, std::max(0, static_cast<int>(page.lines.size()) - std::max(rows, 1)));
}

bool scrolled(Page& page, const Key& key, int rows) {
    const int screen = std::max(rows - 1, 1);
    int by = 0;
    if (key.code == Key::down || key.is('j') || key.code == Key::enter)
        by = 1;
    else if (key.code == Key::up || key.is('k'))
        by = -1;
    else if (key.code == Key::page_down || key.is(' ') || key.is_ctrl('f'))
        by = screen;
    else if (key.code == Key::page_up || key.is('b') || key.is_ctrl('b'))
        by = -screen;
    else if (key.is_ctrl('d'))
        by = screen / 2;
    else if (key.is_ctrl('u'))
        by = -screen / 2;
    else if (key.code == Key::wheel_down)
        by = kWheel;
    else if (key.code == Key::wheel_up)
        by = -kWheel;
    else if (key.code == Key::home || key.is('g'))
        by = -static_cast<int>(page.lines.size());
    else if (key.code == Key::end || key.is('G'))
        by = static_cast<int>(page.lines.size());
    else
        return false;
    page.top += by;
    clamp(page, rows);
    return true;
}

void find_hits(State& state) {
    Search& search = state.search;
    search.hits.clear();
    search.at = 0;
    if (search.words.empty()) return;
    const auto lower = [](std::string text) {
        std::transform(text.begin(), text.end(), text.begin(),
                       [](unsigned char c) { return c < 0x80 ? std::tolower(c) : c; });
        return text;
    };
    const std::string words = lower(search.words);
    for (size_t i = 0; i < state.page.lines.size(); ++i) {
        std::string text;
        for (const reader::Span& span : state.page.lines[i]) text += span.text;
        if (lower(text).find(words) != std::string::npos) search.hits.push_back(i);
    }
}

void show_line(State& state, size_t line) {
    const int rows = layout_of(state).lesson.rows, at = static_cast<int>(line);
    if (at < state.page.top || at >= state.page.top + rows) state.page.top = at - rows / 3;
    clamp(state.page, rows);
}

void lay_out(State& state) {
    const Layout layout = layout_of(state);
    clamp(state.verdict, pane_area(state).rows);
    const int width = std::clamp(layout.lesson.columns - 2, 20, kWidest);
    // Under the other side it has no columns: it keeps those it had.
    if (layout.lesson.columns > 0 && (state.page.lines.empty() || state.page.columns != width)) {
        const double share = state.page.lines.empty()
                                 ? 0
                                 : static_cast<double>(state.page.top) / static_cast<double>(state.page.lines.size());
        state.page.lines = reader::render_markdown(lesson_of(state).text, width, reader::Links::followed);
        state.page.columns = width;
        state.links.clear();
        state.link.reset();
        for (size_t i = 0; i < state.page.lines.size(); ++i)
            for (const reader::Span& span : state.page.lines[i])
                if (!span.link.empty() && (state.links.empty() || state.links.back().line + 1 < i ||
                                           state.links.back().target != span.link))
                    state.links.push_back({i, span.link});
        state.page.top = static_cast<int>(share * static_cast<double>(state.page.lines.size()));
        find_hits(state);
    }
    clamp(state.page, layout.lesson.rows);
}

void open_lesson(State& state, size_t lesson, int top) {
    state.lesson = lesson;
    state.page = {};
    state.search = {};
    choose_exercise(state);
    lay_out(state);
    state.page.top = top;
    clamp(state.page, layout_of(state).lesson.rows);
}

Requests go_to(State& state, size_t lesson) {
    if (lesson >= state.course.size() || lesson == state.lesson) return {};
    state.back.push_back({state.lesson, state.page.top});
    state.forward.clear();
    open_lesson(state, lesson, 0);
    return {{Request::remember}};
}

Requests travel(State& state, std::vector<Place>& from, std::vector<Place>& to) {
    if (from.empty()) return {};
    const Place place = from.back();
    from.pop_back();
    to.push_back({state.lesson, state.page.top});
    open_lesson(state, place.lesson, place.top);
    return {{Request::remember}};
}

Requests follow(State& state, const std::string& target) {
    if (const auto lesson = lesson_behind(state, target)) return go_to(state, *lesson);
    state.notice = "outside of the course: " + reader::printable(target);
    return {};
}

std::string link_at(const State& state, int row, int column) {
    const Area area = layout_of(state).lesson;
    const int line = state.page.top + row - area.row;
    if (row < area.row || row >= area.row + area.rows || line < 0 ||
        static_cast<size_t>(line) >= state.page.lines.size())
        return {};
    int at = area.column + 1;  // pages are drawn with one column of margin
    for (const reader::Span& span : state.page.lines[static_cast<size_t>(line)]) {
        const int end = at + reader::columns(span.text);
        if (column >= at && column < end) return span.link;
        at = end;
    }
    return {};
}

Requests next_hit(State& state, int by) {
    Search& search = state.search;
    if (search.hits.empty()) return {};
    const auto count = static_cast<int>(search.hits.size());
    search.at = static_cast<size_t>((static_cast<int>(search.at) + by + count) % count);
    show_line(state, search.hits[search.at]);
    return {};
}

Requests next_link(State& state) {
    if (state.links.empty()) {
        state.notice = "no links here";
        return {};
    }
    if (state.link) {
        state.link = (*state.link + 1) % state.links.size();
    } else {
        const auto first = std::find_if(state.links.begin(), state.links.end(), [&](const State::Link& link) {
            return static_cast<int>(link.line) >= state.page.top;
        });
        state.link = first == state.links.end() ? 0 : static_cast<size_t>(first - state.links.begin());
    }
    show_line(state, state.links[*state.link].line);
    return {};
}

}  // namespace ferrule::workbench
