#include "lessons/workbench/program_keys.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferrule::workbench {
namespace {

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

}  // namespace

PaneState* program_of(State& state, Tab tab) {
    if (tab == Tab::console) return &state.console;
    if (tab == Tab::editor) return &state.editor;
    return nullptr;
}

Requests in_program(State& state, PaneState& pane, const Key& key) {
    if (pane.copying) return in_copy_mode(state, pane, key);
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

void begin_copying(State& state, PaneState& pane) {
    state.focus = Focus::side;
    pane.copying = true;
    pane.cursor = pane.history + static_cast<size_t>(std::max(pane.screen.rows(), 1)) - 1;
}

}  // namespace ferrule::workbench
