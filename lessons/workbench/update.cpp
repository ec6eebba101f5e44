#include "lessons/workbench/update.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::workbench {
namespace {

constexpr int kWidest = 100;  // longer lines are tiring to read
constexpr int kWheel = 3;     // lines

using Requests = std::vector<Request>;

void clamp(Page& page, int rows) {
    page.top = std::clamp(page.top, 0, std::max(0, static_cast<int>(page.lines.size()) - std::max(rows, 1)));
}

// Scrolled by one of the keys that every reader knows? `rows`: of the page on the screen.
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

// The lesson for the room it has; what stood at the top stays about there.
void lay_out(State& state) {
    const Layout layout = layout_of(state);
    const int width = std::clamp(layout.lesson.columns - 2, 20, kWidest);
    const double share = state.page.lines.empty()
                             ? 0
                             : static_cast<double>(state.page.top) / static_cast<double>(state.page.lines.size());
    const LessonEntry& lesson = lesson_of(state);
    state.page.lines = reader::render_markdown(lesson.text, width, reader::Links::followed);
    state.links.clear();
    state.link.reset();
    for (size_t i = 0; i < state.page.lines.size(); ++i)
        for (const reader::Span& span : state.page.lines[i])
            if (!span.link.empty() && (state.links.empty() || state.links.back().line + 1 < i ||
                                       state.links.back().target != span.link))
                state.links.push_back({i, span.link});
    state.page.top = static_cast<int>(share * static_cast<double>(state.page.lines.size()));
    clamp(state.page, layout.lesson.rows);
    clamp(state.verdict, pane_area(state).rows);
    find_hits(state);
}

// What was said of another exercise, or in another language.
void forget_verdict(State& state) {
    state.verdict = {};
    state.targets.clear();
    state.target.reset();
    state.grading = {};
}

// In the language of the last one, where it has that.
void take_exercise(State& state, const ExerciseEntry& exercise) {
    state.exercise = exercise.id;
    const auto& languages = exercise.languages;
    if (std::find(languages.begin(), languages.end(), state.language) == languages.end())
        state.language = languages.empty() ? "" : languages.front();
    forget_verdict(state);
}

// Of the lesson that is open now; of one with several, the one that was worked at.
void choose_exercise(State& state) {
    const auto& exercises = lesson_of(state).exercises;
    const auto same = std::find_if(exercises.begin(), exercises.end(),
                                   [&](const ExerciseEntry& one) { return one.id == state.exercise; });
    if (same == exercises.end() && !exercises.empty()) take_exercise(state, exercises.front());
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

// "../../locks/unlock-every-path/lesson.md", seen from "ownership/leaks": the last two folders name a lesson.
std::optional<size_t> lesson_behind(const State& state, const std::string& target) {
    std::string path = target.substr(0, target.find('#'));
    if (path.ends_with("/lesson.md")) path.resize(path.size() - std::string_view("/lesson.md").size());
    while (path.ends_with("/")) path.pop_back();
    for (size_t i = 0; i < state.course.size(); ++i) {
        const std::string& id = state.course[i].id;
        const std::string name = id.substr(id.find('/') + 1);
        if (path == id || path.ends_with("/" + id) || path == "../" + name) return i;
    }
    return std::nullopt;
}

Requests follow(State& state) {
    if (!state.link || *state.link >= state.links.size()) return {};
    const std::string target = state.links[*state.link].target;
    if (const auto lesson = lesson_behind(state, target)) return go_to(state, *lesson);
    state.notice = "outside of the course: " + reader::printable(target);
    return {};
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
    lay_out(state);
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

// --- keys

Requests in_contents(State& state, const Key& key) {
    const size_t count = state.course.size();
    if (key.code == Key::escape || key.is('q') || key.is('t')) {
        state.overlay = Overlay::none;
    } else if ((key.code == Key::down || key.is('j') || key.code == Key::wheel_down) && state.choice + 1 < count) {
        ++state.choice;
    } else if ((key.code == Key::up || key.is('k') || key.code == Key::wheel_up) && state.choice > 0) {
        --state.choice;
    } else if (key.code == Key::home || key.is('g')) {
        state.choice = 0;
    } else if (key.code == Key::end || key.is('G')) {
        state.choice = count - 1;
    } else if (key.code == Key::enter) {
        state.overlay = Overlay::none;
        return go_to(state, state.choice);
    }
    return {};
}

Requests in_exercises(State& state, const Key& key) {
    const auto& exercises = lesson_of(state).exercises;
    if (key.code == Key::escape || key.is('q') || key.is('x')) {
        state.overlay = Overlay::none;
    } else if ((key.code == Key::down || key.is('j')) && state.choice + 1 < exercises.size()) {
        ++state.choice;
    } else if ((key.code == Key::up || key.is('k')) && state.choice > 0) {
        --state.choice;
    } else if (key.code == Key::enter && state.choice < exercises.size()) {
        state.overlay = Overlay::none;
        const ExerciseEntry& chosen = exercises[state.choice];
        if (chosen.id == state.exercise) return {};
        take_exercise(state, chosen);
        return {{Request::remember}};
    }
    return {};
}

Requests typing(State& state, const Key& key) {
    Search& search = state.search;
    if (key.code == Key::escape || key.is_ctrl('c')) {
        search = {};
    } else if (key.code == Key::enter) {
        search.typing = false;
        find_hits(state);
        const auto next = std::find_if(search.hits.begin(), search.hits.end(),
                                       [&](size_t line) { return static_cast<int>(line) >= state.page.top; });
        if (search.hits.empty())
            state.notice = search.words.empty() ? "" : fmt::format("\"{}\" is not in this lesson", search.words);
        else {
            search.at = next == search.hits.end() ? 0 : static_cast<size_t>(next - search.hits.begin());
            show_line(state, search.hits[search.at]);
        }
    } else if (key.code == Key::backspace) {
        // A whole character.
        while (!search.words.empty() && (static_cast<unsigned char>(search.words.back()) & 0xc0) == 0x80)
            search.words.pop_back();
        if (!search.words.empty()) search.words.pop_back();
    } else if (key.code == Key::paste) {
        search.words += reader::printable(key.text.substr(0, key.text.find_first_of("\r\n")));
    } else if (key.code == Key::character && !key.ctrl && !key.alt) {
        search.words += reader::to_utf8(key.value);
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

Requests leave(State& state) {
    state.quitting = true;
    return {{Request::remember}, {Request::quit}};
}

// Everywhere but inside a program.
std::optional<Requests> everywhere(State& state, const Key& key) {
    if (key.is('q') || key.is_ctrl('c')) return leave(state);
    if (key.is('?') || (key.code == Key::function && key.value == 1)) {
        state.overlay = Overlay::help;
        state.choice = 0;
        return Requests{};
    }
    if (key.is('t')) {
        state.overlay = Overlay::contents;
        state.choice = state.lesson;
        return Requests{};
    }
    if (key.is('x')) {
        if (lesson_of(state).exercises.empty()) return Requests{};
        state.overlay = Overlay::exercises;
        const auto& exercises = lesson_of(state).exercises;
        const auto at = std::find_if(exercises.begin(), exercises.end(),
                                     [&](const ExerciseEntry& one) { return one.id == state.exercise; });
        state.choice = at == exercises.end() ? 0 : static_cast<size_t>(at - exercises.begin());
        return Requests{};
    }
    if (key.is(']')) return go_to(state, state.lesson + 1);
    if (key.is('[')) return state.lesson > 0 ? go_to(state, state.lesson - 1) : Requests{};
    if (key.is('e')) return edit(state, "", 0);
    if (key.is('c')) return console(state);
    if (key.is('v')) {
        open_side(state, Tab::verdict, Focus::side);
        return Requests{};
    }
    if (key.is('r')) return grade(state);
    if (key.is('h')) {
        open_side(state, Tab::verdict, Focus::side);
        return with_exercise(state, Request::hint);
    }
    if (key.is('s')) {
        open_side(state, Tab::verdict, Focus::side);
        return with_exercise(state, Request::solution);
    }
    if (key.is('l')) return other_language(state);
    if (key.is('B') && !state.image.ready && !state.image.building) return Requests{{Request::build_image}};
    if (key.is_ctrl('l')) return Requests{{Request::repaint}};
    if (key.is('w')) {
        state.side_open = !state.side_open;
        state.focus = Focus::lesson;
        lay_out(state);
        return Requests{};
    }
    if (key.code == Key::tab || key.code == Key::back_tab) {
        const bool to_lesson = state.side_open && state.focus == Focus::side;
        open_side(state, state.tab, to_lesson ? Focus::lesson : Focus::side);
        return Requests{};
    }
    if (key.code == Key::escape && state.grading.running) return Requests{{Request::cancel}};
    return std::nullopt;
}

Requests in_lesson(State& state, const Key& key) {
    if (key.is('/')) {
        state.search = {};
        state.search.typing = true;
        return {};
    }
    if (key.is('n')) return next_hit(state, 1);
    if (key.is('N')) return next_hit(state, -1);
    if (key.is('o')) return next_link(state);
    if (key.code == Key::enter && state.link) return follow(state);
    if (key.code == Key::left || key.code == Key::backspace) return travel(state, state.back, state.forward);
    if (key.code == Key::right) return travel(state, state.forward, state.back);
    if (key.code == Key::escape) {
        state.search = {};
        state.link.reset();
        return {};
    }
    const int before = state.page.top;
    scrolled(state.page, key, layout_of(state).lesson.rows);
    return state.page.top != before ? Requests{{Request::remember}} : Requests{};
}

Requests in_verdict(State& state, const Key& key) {
    const int rows = pane_area(state).rows;
    const auto select = [&](size_t target) {
        state.target = target;
        const int line = static_cast<int>(state.targets[target].line);
        if (line < state.verdict.top || line >= state.verdict.top + rows) state.verdict.top = line - rows / 3;
        clamp(state.verdict, rows);
    };
    if (key.is('n') && !state.targets.empty()) {
        select(state.target ? (*state.target + 1) % state.targets.size() : 0);
        return {};
    }
    if (key.is('N') && !state.targets.empty()) {
        select(state.target ? (*state.target + state.targets.size() - 1) % state.targets.size() : 0);
        return {};
    }
    if (key.code == Key::enter && !state.targets.empty()) {
        const Target& target = state.targets[state.target.value_or(0)];
        return edit(state, target.file, target.number);
    }
    scrolled(state.verdict, key, rows);
    return {};
}

Request look(const State& state, size_t back) {
    Request request{Request::look};
    request.tab = state.tab;
    request.number = back;
    return request;
}

Requests scroll_back(State& state, PaneState& pane, int by) {
    const auto back = std::clamp<long>(static_cast<long>(pane.back) + by, 0, static_cast<long>(pane.history));
    pane.back = static_cast<size_t>(back);
    return {look(state, pane.back)};
}

// The lines of history and screen, with a cursor; what lies between mark and cursor is copied.
Requests in_copy_mode(State& state, PaneState& pane, const Key& key) {
    const auto rows = static_cast<size_t>(std::max(pane.screen.rows(), 1));
    const size_t last = pane.history + rows - 1;
    const auto move = [&](long by) {
        pane.cursor = static_cast<size_t>(std::clamp<long>(static_cast<long>(pane.cursor) + by, 0,
                                                           static_cast<long>(last)));
        const size_t top = pane.history - pane.back;
        if (pane.cursor < top)
            pane.back = pane.history - pane.cursor;
        else if (pane.cursor >= top + rows)
            pane.back = pane.history - (pane.cursor - rows + 1);
        return Requests{look(state, pane.back)};
    };
    const auto screen = static_cast<long>(rows) - 1;
    if (key.code == Key::up || key.is('k')) return move(-1);
    if (key.code == Key::down || key.is('j')) return move(1);
    if (key.code == Key::wheel_up) return move(-kWheel);
    if (key.code == Key::wheel_down) return move(kWheel);
    if (key.code == Key::page_up || key.is('b') || key.is_ctrl('b')) return move(-screen);
    if (key.code == Key::page_down || key.is_ctrl('f')) return move(screen);
    if (key.code == Key::home || key.is('g')) return move(-static_cast<long>(last));
    if (key.code == Key::end || key.is('G')) return move(static_cast<long>(last));
    if (key.is(' ') || key.is('v')) {
        if (pane.mark)
            pane.mark.reset();
        else
            pane.mark = pane.cursor;
        return {};
    }
    const bool yank = key.is('y') || key.code == Key::enter;
    if (!yank && key.code != Key::escape && !key.is('q') && !key.is_ctrl(']')) return {};
    Requests requests;
    if (yank) {
        const size_t other = pane.mark.value_or(pane.cursor);
        Request copy{Request::copy};
        copy.tab = state.tab;
        copy.number = std::min(other, pane.cursor);
        copy.number2 = std::max(other, pane.cursor);
        state.notice = fmt::format("{} lines copied", copy.number2 - copy.number + 1);
        requests.push_back(copy);
    }
    pane.copying = false;
    pane.mark.reset();
    pane.back = 0;
    requests.push_back(look(state, 0));
    return requests;
}

// Ctrl-] always leaves, whatever runs there.
Requests in_program(State& state, PaneState& pane, const Key& key) {
    if (pane.copying) return in_copy_mode(state, pane, key);
    if (!pane.open) {
        if (key.is_ctrl(']') || key.code == Key::escape) {
            state.focus = Focus::lesson;
            return {};
        }
        if (key.code == Key::enter) return state.tab == Tab::editor ? edit(state, "", 0) : console(state);
        const auto requests = everywhere(state, key);
        return requests.value_or(Requests{});
    }
    if (key.is_ctrl(']')) {
        state.focus = Focus::lesson;
        state.notice = "Tab goes back in; y looks back through its lines";
        pane.back = 0;
        return {look(state, 0)};
    }
    if (key.code == Key::wheel_up || (key.code == Key::page_up && key.shift))
        return scroll_back(state, pane, key.code == Key::wheel_up ? kWheel : pane.screen.rows() / 2);
    if (key.code == Key::wheel_down || (key.code == Key::page_down && key.shift))
        return scroll_back(state, pane, key.code == Key::wheel_down ? -kWheel : -pane.screen.rows() / 2);
    if (key.code == Key::click) return {};
    Requests requests;
    if (pane.back > 0) {
        pane.back = 0;
        requests.push_back(look(state, 0));
    }
    Request press{Request::press};
    press.tab = state.tab;
    press.key = key;
    requests.push_back(press);
    return requests;
}

PaneState* program_of(State& state, Tab tab) {
    if (tab == Tab::console) return &state.console;
    if (tab == Tab::editor) return &state.editor;
    return nullptr;
}

Requests clicked(State& state, const Key& key) {
    const Layout layout = layout_of(state);
    const auto inside = [&](const Area& area) {
        return key.column >= area.column && key.column < area.column + area.columns && key.row >= area.row &&
               key.row < area.row + area.rows;
    };
    if (inside(layout.side)) state.focus = Focus::side;
    if (inside(layout.lesson)) state.focus = Focus::lesson;
    return {};
}

Requests on_key(State& state, const Key& key) {
    state.notice.clear();
    if (state.overlay == Overlay::contents) return in_contents(state, key);
    if (state.overlay == Overlay::exercises) return in_exercises(state, key);
    if (state.overlay == Overlay::help) {
        const size_t count = key_help().size();
        if (key.code == Key::down || key.is('j'))
            state.choice = std::min(state.choice + 1, count - 1);
        else if (key.code == Key::up || key.is('k'))
            state.choice -= state.choice > 0 ? 1 : 0;
        else
            state.overlay = Overlay::none;
        return {};
    }
    if (state.search.typing) return typing(state, key);
    PaneState* program = state.side_open ? program_of(state, state.tab) : nullptr;
    if (program && state.focus == Focus::side) return in_program(state, *program, key);
    if (program && program->open && key.is('y') && state.focus == Focus::lesson) {
        state.focus = Focus::side;
        program->copying = true;
        program->cursor = program->history + static_cast<size_t>(std::max(program->screen.rows(), 1)) - 1;
        return {};
    }
    if (key.code == Key::click) return clicked(state, key);
    if (auto requests = everywhere(state, key)) return std::move(*requests);
    return state.focus == Focus::side ? in_verdict(state, key) : in_lesson(state, key);
}

// --- events

struct Handler {
    State& state;

    void show_page(const std::vector<reader::Line>& lines, const std::vector<Target>& targets) const {
        state.verdict = {lines, 0};
        state.targets = targets;
        state.target.reset();
    }

    Requests operator()(const Key& key) const { return on_key(state, key); }
    Requests operator()(const Resized& size) const {
        state.rows = size.rows;
        state.columns = size.columns;
        lay_out(state);
        return {};
    }
    Requests operator()(const Tick& tick) const {
        state.now = tick.now;
        return {};
    }
    Requests operator()(const CourseRead& read) const {
        FERRULE_CHECK(read.course.size() == state.course.size());
        state.course = read.course;
        return {};
    }
    Requests operator()(const Saved& saved) const {
        if (saved.exercise != state.exercise || saved.language != state.language) return {};
        if (!state.image.ready) {
            state.notice = "saved; it is graded when the kernel is built";
            state.saved_early = true;
            return {};
        }
        state.side_open = true;
        lay_out(state);
        return begin_grading(state);
    }
    Requests operator()(const Stage& stage) const {
        if (state.grading.running) state.grading.stage = stage.text;
        return {};
    }
    Requests operator()(const Graded& graded) const {
        state.grading = {false, "", state.grading.since, state.now - state.grading.since, graded.word};
        show_page(graded.lines, graded.targets);
        state.side_open = true;
        // Who types in the editor goes on typing; the state line says how it went.
        if (state.focus == Focus::lesson) state.tab = Tab::verdict;
        lay_out(state);
        return {};
    }
    Requests operator()(const Told& told) const {
        show_page(told.lines, {});
        open_side(state, Tab::verdict, Focus::side);
        return {};
    }
    Requests operator()(const Noticed& noticed) const {
        state.notice = noticed.text;
        return {};
    }
    Requests operator()(const Started& started) const {
        if (started.exercise == state.exercise) state.language = started.language;
        return {};
    }
    Requests operator()(const ImageChanged& changed) const {
        const bool ready = !state.image.ready && changed.image.ready;
        state.image = changed.image;
        if (!ready) return {};
        state.notice = "the kernel is ready: r grades";
        return std::exchange(state.saved_early, false) ? (*this)(Saved{state.exercise, state.language}) : Requests{};
    }
    Requests operator()(const PaneChanged& changed) const {
        PaneState* pane = program_of(state, changed.tab);
        FERRULE_CHECK(pane != nullptr);
        pane->open = changed.open;
        pane->screen = changed.screen;
        pane->history = changed.history;
        pane->back = std::min(pane->back, pane->history);
        if (!changed.open) {
            pane->copying = false;
            pane->mark.reset();
            if (state.tab == changed.tab && state.focus == Focus::side) state.focus = Focus::lesson;
        }
        return {};
    }
};

}  // namespace

const std::vector<KeyHelp>& key_help() {
    static const std::vector<KeyHelp> keys = {
        {"j k  Space b  g G", "down, up; a screen; to the beginning, the end. Arrows and Page keys as well"},
        {"/  n N", "search the lesson; the next hit, the one before"},
        {"o  Enter", "the next link; follow it"},
        {"Left Right", "back to where you were, and forward again"},
        {"[ ]", "the lesson before, the next one"},
        {"t", "table of contents"},
        {"x  l", "the lesson's exercises; the other language"},
        {"e", "your editor ($VISUAL, $EDITOR) on the exercise; saving grades it"},
        {"r  Esc", "grade now; stop grading"},
        {"v", "the verdict: n N select a finding, Enter opens your editor there"},
        {"h", "the next hint for what was found"},
        {"s", "the solution, when you have passed"},
        {"c", "a shell in the sandbox, with your module at hand"},
        {"Ctrl-]", "leaves editor and shell, whatever they do; Tab goes back in"},
        {"Ctrl-] y", "look back through their lines: Space marks, y copies, q ends"},
        {"Tab  w", "to the other side; show or hide it"},
        {"B", "build the kernel, when that has failed"},
        {"Ctrl-L", "draw the screen anew"},
        {"q", "leave; where you are is kept"},
    };
    return keys;
}

void open_at(State& state, const std::string& exercise) {
    for (size_t i = 0; i < state.course.size(); ++i)
        for (const ExerciseEntry& one : state.course[i].exercises) {
            if (one.id != exercise) continue;
            if (state.lesson != i) state.page = {};
            state.lesson = i;
            if (state.exercise != exercise) state.language = one.languages.front();
            state.exercise = exercise;
        }
    choose_exercise(state);
}

std::vector<Request> update(State& state, const Event& event) {
    FERRULE_CHECK(!state.course.empty());
    return std::visit(Handler{state}, event);
}

}  // namespace ferrule::workbench
