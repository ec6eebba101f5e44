#include "lessons/workbench/draw.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/update.hpp"

namespace ferrule::workbench {
namespace {

constexpr Ink kPlain{};
constexpr Ink kDim{-1, -1, false, false, false, false, true};
constexpr Ink kBold{-1, -1, true};
constexpr Ink kBar{-1, -1, false, false, false, true};

const char* word_of(Tab tab) {
    switch (tab) {
        case Tab::verdict: return "verdict";
        case Tab::console: return "console";
        case Tab::editor: return "editor";
    }
    return "";
}

// Right-aligned; less important than what is left of it.
void put_right(Surface& out, int row, int from, int end, const std::string& text, Ink ink) {
    const int start = end - reader::columns(text);
    if (start > from) out.put(row, start, text, ink, end);
}

void draw_title(Surface& out, const State& state) {
    const LessonEntry& lesson = lesson_of(state);
    out.fill({0, 0, 1, out.columns()}, {" ", kBar});
    Ink bold = kBar;
    bold.bold = true;
    const int end = out.put(0, 0, fmt::format(" {} · {}", lesson.part, lesson.title), bold);
    put_right(out, 0, end + 1, out.columns(),
              fmt::format("{} of {} ", state.lesson + 1, state.course.size()), kBar);
}

// How much is still to read, at a calm pace.
std::string share_read(const State& state, int rows) {
    const auto lines = static_cast<int>(state.page.lines.size());
    const int below = std::max(lines - state.page.top - rows, 0);
    if (below == 0) return "end";
    const int minutes = std::max(1, lesson_of(state).minutes * below / std::max(lines, 1));
    return fmt::format("{}%, {} min left", (state.page.top + rows) * 100 / lines, minutes);
}

std::string image_words(const Image& image) {
    if (image.building) return fmt::format("{} {:.0f}%", image.step, image.fraction * 100);
    if (!image.error.empty()) return "no kernel: " + image.error + " (B tries again)";
    return image.ready ? "" : "no kernel yet (B builds it)";
}

std::string grading_words(const State& state) {
    const Grading& grading = state.grading;
    if (grading.running) return fmt::format("{} {:.0f} s", grading.stage, std::max(state.now - grading.since, 0.0));
    if (grading.word.empty()) return "";
    return fmt::format("{} in {:.1f} s", grading.word, grading.took);
}

void draw_bar(Surface& out, const State& state, const Layout& layout) {
    out.fill({layout.bar, 0, 1, out.columns()}, {" ", kBar});
    if (state.search.typing) {
        const int end = out.put(layout.bar, 0, "/" + state.search.words, kBar, out.columns() - 1);
        out.cursor = Surface::Cursor{layout.bar, end};
        return;
    }
    std::string left = state.notice;
    if (left.empty()) {
        std::vector<std::string> parts;
        if (!state.search.hits.empty())
            parts.push_back(
                fmt::format("/{} {} of {}", state.search.words, state.search.at + 1, state.search.hits.size()));
        if (!state.exercise.empty()) parts.push_back(fmt::format("{} ({})", state.exercise, state.language));
        for (const std::string& words : {grading_words(state), image_words(state.image)})
            if (!words.empty()) parts.push_back(words);
        for (const std::string& part : parts) left += (left.empty() ? "" : " · ") + part;
    }
    const PaneState& pane = state.tab == Tab::console ? state.console : state.editor;
    const bool inside = state.side_open && state.focus == Focus::side && state.tab != Tab::verdict && pane.open;
    std::string right = "? help ";
    if (inside) right = pane.copying ? "Space marks · y copies · q ends " : "Ctrl-] leaves ";
    if (layout.lesson.columns > 0 && !inside) right = share_read(state, layout.lesson.rows) + " · " + right;
    if (state.overlay == Overlay::compare) right = "Space b scroll · Esc closes ";
    const int room = out.columns() - reader::columns(right) - 1;
    const int end = out.put(layout.bar, 0, " " + left, kBar, std::max(room, out.columns() / 2));
    put_right(out, layout.bar, end, out.columns(), right, kBar);
}

void draw_page(Surface& out, const Page& page, const Area& area) {
    for (int row = 0; row < area.rows; ++row) {
        const size_t line = static_cast<size_t>(page.top) + static_cast<size_t>(row);
        if (line >= page.lines.size()) break;
        out.put(area.row + row, area.column + 1, page.lines[line], area.column + area.columns);
    }
}

void draw_lesson(Surface& out, const State& state, const Area& area) {
    const int end = area.column + area.columns;
    draw_page(out, state.page, area);
    for (size_t i = 0; i < state.search.hits.size(); ++i) {
        const int row = static_cast<int>(state.search.hits[i]) - state.page.top;
        if (row < 0 || row >= area.rows) continue;
        out.put(area.row + row, area.column, i == state.search.at ? "▶" : "›", kBold, end);
    }
    if (!state.link || *state.link >= state.links.size()) return;
    // The chosen link: all of its cells, by the text of the page.
    const State::Link& link = state.links[*state.link];
    for (size_t line = link.line; line < std::min(link.line + 2, state.page.lines.size()); ++line) {
        int column = area.column + 1;
        const int row = static_cast<int>(line) - state.page.top;
        for (const reader::Span& span : state.page.lines[line]) {
            const int width = reader::columns(span.text);
            if (span.link == link.target && row >= 0 && row < area.rows)
                out.repaint({area.row + row, column, 1, std::min(width, end - column)},
                            [](Ink& ink) { ink.reverse = true; });
            column += width;
        }
    }
}

void draw_verdict(Surface& out, const State& state, const Area& area) {
    const int end = area.column + area.columns;
    if (state.verdict.lines.empty()) {
        const ExerciseEntry* exercise = exercise_of(state);
        const std::vector<std::string> lines =
            exercise ? std::vector<std::string>{fmt::format("{} · {} min", exercise->title, exercise->minutes), "",
                                                "e  write it in your editor: each time you save, it is graded",
                                                "r  grade what is there",
                                                "c  a shell in the sandbox with your module"}
                     : std::vector<std::string>{"This lesson has no exercise."};
        for (size_t i = 0; i < lines.size(); ++i)
            out.put(area.row + static_cast<int>(i), area.column + 1, lines[i], i == 0 ? kBold : kPlain, end);
        return;
    }
    draw_page(out, state.verdict, area);
    if (state.target && *state.target < state.targets.size()) {
        const int row = static_cast<int>(state.targets[*state.target].line) - state.verdict.top;
        if (row >= 0 && row < area.rows) out.put(area.row + row, area.column, "▶", kBold, end);
    }
}

void draw_program(Surface& out, const State& state, const PaneState& pane, const Area& area) {
    const int end = area.column + area.columns;
    if (!pane.open) {
        const std::string words = state.tab == Tab::editor
                                      ? "Enter opens your editor ($VISUAL, $EDITOR)."
                                      : "Enter opens a shell in the sandbox, with your module at hand.";
        out.put(area.row, area.column + 1, words, kPlain, end);
        return;
    }
    out.paste(area, pane.screen);
    if (pane.copying) {
        const size_t top = pane.history - std::min(pane.back, pane.history);
        const size_t from = std::min(pane.mark.value_or(pane.cursor), pane.cursor);
        const size_t to = std::max(pane.mark.value_or(pane.cursor), pane.cursor);
        for (int row = 0; row < area.rows; ++row) {
            const size_t line = top + static_cast<size_t>(row);
            if (line < from || line > to) continue;
            out.repaint({area.row + row, area.column, 1, area.columns}, [](Ink& ink) { ink.reverse = true; });
        }
    } else if (pane.screen.cursor && state.focus == Focus::side && state.overlay == Overlay::none) {
        out.cursor = Surface::Cursor{area.row + pane.screen.cursor->row, area.column + pane.screen.cursor->column};
    }
}

void draw_side(Surface& out, const State& state, const Area& side) {
    if (side.columns <= 0) return;
    if (side.column > 0)
        for (int row = 0; row < side.rows; ++row) out.put(side.row + row, side.column - 1, "│", kDim);
    int column = side.column + 1;
    for (const Tab tab : {Tab::verdict, Tab::console, Tab::editor}) {
        Ink ink = tab == state.tab ? kBold : kDim;
        ink.reverse = tab == state.tab && state.focus == Focus::side;
        const std::string name = tab == state.tab ? fmt::format("[{}]", word_of(tab)) : fmt::format(" {} ", word_of(tab));
        column = out.put(side.row, column, name, ink, side.column + side.columns) + 1;
    }
    const Area area{side.row + 1, side.column, std::max(side.rows - 1, 0), side.columns};
    switch (state.tab) {
        case Tab::verdict: return draw_verdict(out, state, area);
        case Tab::console: return draw_program(out, state, state.console, area);
        case Tab::editor: return draw_program(out, state, state.editor, area);
    }
}

// --- overlays

// A box of lines in the middle, with as many of them as fit, `choice` among them.
void draw_box(Surface& out, const std::string& title, const std::vector<std::string>& lines, size_t choice,
              bool choosing) {
    int width = reader::columns(title) + 4;
    for (const std::string& line : lines) width = std::max(width, reader::columns(line) + 4);
    width = std::min(width, out.columns() - 2);
    const int height = std::min(static_cast<int>(lines.size()), out.rows() - 4);
    const int top = (out.rows() - height - 2) / 2, left = (out.columns() - width) / 2;
    const auto first = std::clamp(static_cast<int>(choice) - height / 2, 0,
                                  std::max(0, static_cast<int>(lines.size()) - height));
    out.fill({top, left, height + 2, width}, {" ", kPlain});
    const auto rule = [&](int row, const char* begin, const char* end) {
        std::string line = begin;
        for (int i = 2; i < width; ++i) line += "─";
        out.put(row, left, line + end, kDim);
    };
    rule(top, "┌", "┐");
    rule(top + height + 1, "└", "┘");
    out.put(top, left + 2, " " + title + " ", kBold, left + width - 1);
    for (int row = 0; row < height; ++row) {
        const size_t line = static_cast<size_t>(first) + static_cast<size_t>(row);
        const bool chosen = choosing && line == choice;
        out.put(top + 1 + row, left, "│", kDim);
        out.put(top + 1 + row, left + width - 1, "│", kDim);
        if (chosen) out.put(top + 1 + row, left + 1, "▶", kBold);
        out.put(top + 1 + row, left + 2, lines[line], chosen ? kBold : kPlain, left + width - 1);
    }
    if (first + height < static_cast<int>(lines.size())) out.put(top + height + 1, left + width - 10, " more ↓ ", kDim);
    out.cursor.reset();
}

std::string state_word(const ExerciseEntry& exercise) {
    std::string out;
    for (const auto& [language, state] : exercise.states)
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", language, state);
    return out.empty() ? "new" : out;
}

bool passed(const LessonEntry& lesson) {
    return !lesson.exercises.empty() &&
           std::all_of(lesson.exercises.begin(), lesson.exercises.end(), [](const ExerciseEntry& exercise) {
               return std::any_of(exercise.states.begin(), exercise.states.end(),
                                  [](const auto& state) { return state.second == "passed"; });
           });
}

void draw_contents(Surface& out, const State& state) {
    std::vector<std::string> lines;
    size_t width = 0;
    for (const LessonEntry& lesson : state.course) width = std::max(width, static_cast<size_t>(reader::columns(lesson.part)));
    size_t done = 0;
    for (const LessonEntry& lesson : state.course) {
        done += passed(lesson) ? 1 : 0;
        std::string part = lesson.part;
        part.append(width - static_cast<size_t>(reader::columns(part)), ' ');
        std::string line = fmt::format("{} {}  {}", passed(lesson) ? "✓" : " ", part, lesson.title);
        for (const ExerciseEntry& exercise : lesson.exercises)
            line += fmt::format(" · {}: {}", exercise.id, state_word(exercise));
        lines.push_back(line);
    }
    draw_box(out, fmt::format("Contents · {} of {} lessons passed · Enter opens", done, state.course.size()), lines,
             state.choice, true);
}

void draw_exercises(Surface& out, const State& state) {
    std::vector<std::string> lines;
    for (const ExerciseEntry& exercise : lesson_of(state).exercises)
        lines.push_back(fmt::format("{} · {} · {} min · {}", exercise.id, exercise.title, exercise.minutes,
                                    state_word(exercise)));
    draw_box(out, "Exercises · Enter chooses", lines, state.choice, true);
}

// Over everything but the two bars.
void draw_compared(Surface& out, const State& state) {
    const Area all{1, 0, std::max(out.rows() - 2, 0), out.columns()};
    out.fill(all, {" ", kPlain});
    draw_page(out, state.compared, all);
    out.cursor.reset();
}

void draw_help(Surface& out, const State& state) {
    std::vector<std::string> lines;
    size_t width = 0;
    for (const KeyHelp& key : key_help()) width = std::max(width, std::string_view(key.keys).size());
    const int room = std::min(out.columns() - 2, 90) - 4 - static_cast<int>(width) - 2;
    for (const KeyHelp& key : key_help()) {
        std::string head = key.keys;
        for (const reader::Line& line : reader::render_markdown(key.does, room)) {
            lines.push_back(fmt::format("{:<{}}  {}", head, width, to_text(line, reader::Look::plain)));
            head.clear();
        }
    }
    draw_box(out, "Keys", lines, state.choice * lines.size() / key_help().size(), false);
}

}  // namespace

Surface draw(const State& state) {
    Surface out(state.rows, state.columns);
    if (state.rows < 3 || state.columns < 10) return out;
    const Layout layout = layout_of(state);
    draw_title(out, state);
    draw_lesson(out, state, layout.lesson);
    if (state.side_open) draw_side(out, state, layout.side);
    draw_bar(out, state, layout);
    if (state.overlay == Overlay::contents) draw_contents(out, state);
    if (state.overlay == Overlay::exercises) draw_exercises(out, state);
    if (state.overlay == Overlay::help) draw_help(out, state);
    if (state.overlay == Overlay::compare) draw_compared(out, state);
    return out;
}

}  // namespace ferrule::workbench
