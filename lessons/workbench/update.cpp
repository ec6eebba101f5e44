#include "lessons/workbench/update.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/program_keys.hpp"
#include "lessons/workbench/reading.hpp"
#include "lessons/workbench/working.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::workbench {
namespace {

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
    if (key.is('d')) return compare(state);
    if (key.is('l')) return other_language(state);
    if (key.is('B') && !state.image.ready && !state.image.building) return Requests{{Request::build_image}};
    if (key.is_ctrl('l')) return Requests{{Request::repaint}};
    if (key.is('w')) {
        state.side_open = !state.side_open;
        state.focus = Focus::lesson;
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
    if (key.code == Key::enter && state.link && *state.link < state.links.size())
        return follow(state, state.links[*state.link].target);
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

// Where a program could be, and none runs.
Requests in_empty_pane(State& state, const Key& key) {
    if (key.is_ctrl(']') || key.code == Key::escape) {
        state.focus = Focus::lesson;
        return {};
    }
    if (key.code == Key::enter) return state.tab == Tab::editor ? edit(state, "", 0) : console(state);
    const auto requests = everywhere(state, key);
    return requests.value_or(Requests{});
}

Requests clicked(State& state, const Key& key) {
    const Layout layout = layout_of(state);
    const auto inside = [&](const Area& area) {
        return key.column >= area.column && key.column < area.column + area.columns && key.row >= area.row &&
               key.row < area.row + area.rows;
    };
    if (inside(layout.side)) state.focus = Focus::side;
    if (!inside(layout.lesson)) return {};
    state.focus = Focus::lesson;
    const std::string target = link_at(state, key.row, key.column);
    return target.empty() ? Requests{} : follow(state, target);
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
    if (state.overlay == Overlay::compare) {
        if (!scrolled(state.compared, key, state.rows - 2)) state.overlay = Overlay::none;
        return {};
    }
    if (state.search.typing) return typing(state, key);
    PaneState* program = state.side_open ? program_of(state, state.tab) : nullptr;
    if (program && state.focus == Focus::side)
        return program->open ? in_program(state, *program, key) : in_empty_pane(state, key);
    if (program && program->open && key.is('y') && state.focus == Focus::lesson) {
        begin_copying(state, *program);
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
        state.verdict.lines = lines;
        state.verdict.top = 0;
        state.targets = targets;
        state.target.reset();
    }

    Requests operator()(const Key& key) const { return on_key(state, key); }
    Requests operator()(const Resized& size) const {
        state.rows = size.rows;
        state.columns = size.columns;
        return state.overlay == Overlay::compare ? compare(state) : Requests{};
    }
    Requests operator()(const Tick& tick) const {
        state.now = tick.now;
        return {};
    }
    Requests operator()(const CourseRead& read) const {
        FERRULE_CHECK(read.course.size() == state.course.size());
        // Somebody is writing it: laid out anew, at the same place.
        if (read.course[state.lesson].text != lesson_of(state).text) state.page.columns = 0;
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
        return {};
    }
    Requests operator()(const Told& told) const {
        show_page(told.lines, {});
        open_side(state, Tab::verdict, Focus::side);
        return {};
    }
    Requests operator()(const Compared& compared) const {
        state.compared.lines = compared.lines;
        if (state.overlay != Overlay::compare) state.compared.top = 0;
        state.overlay = Overlay::compare;
        clamp(state.compared, state.rows - 2);
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
        if (std::exchange(state.saved_early, false)) return (*this)(Saved{state.exercise, state.language});
        state.notice = "the kernel is ready: r grades";
        return {};
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
        {"d", "both languages side by side, and what each compiler refuses, when you have passed"},
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

void open_at(State& state, const std::string& id) {
    for (size_t i = 0; i < state.course.size(); ++i) {
        if (state.course[i].id == id) {
            if (state.lesson != i) state.page = {};
            state.lesson = i;
        }
        for (const ExerciseEntry& one : state.course[i].exercises) {
            if (one.id != id) continue;
            if (state.lesson != i) state.page = {};
            state.lesson = i;
            if (state.exercise != id) state.language = one.languages.front();
            state.exercise = id;
        }
    }
    choose_exercise(state);
}

std::vector<Request> update(State& state, const Event& event) {
    FERRULE_CHECK(!state.course.empty());
    Requests requests = std::visit(Handler{state}, event);
    lay_out(state);
    return requests;
}

}  // namespace ferrule::workbench
