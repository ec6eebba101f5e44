#include "lessons/workbench/pane.hpp"

#include <fmt/format.h>
#include <vterm.h>

#include <algorithm>
#include <utility>

#include "lessons/reader/text_width.hpp"

namespace ferrule::workbench {
namespace {

// Controls, halves of pairs, and what turns the writing direction of the line around, the rest of our screen included.
bool harmful(char32_t c) {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0xd800 && c < 0xe000) || c > 0x10ffff ||
           (c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

// The nearest of xterm's 6×6×6 cube and its greys.
int16_t nearest(int red, int green, int blue) {
    const auto level = [](int value) { return value < 48 ? 0 : value < 115 ? 1 : (value - 35) / 40; };
    const auto value = [](int level) { return level == 0 ? 0 : 55 + 40 * level; };
    const auto distance = [&](int r, int g, int b) {
        return (r - red) * (r - red) + (g - green) * (g - green) + (b - blue) * (b - blue);
    };
    const int r = level(red), g = level(green), b = level(blue);
    const int grey = std::clamp(((red + green + blue) / 3 - 3) / 10, 0, 23), tone = 8 + 10 * grey;
    if (distance(tone, tone, tone) < distance(value(r), value(g), value(b))) return static_cast<int16_t>(232 + grey);
    return static_cast<int16_t>(16 + 36 * r + 6 * g + b);
}

int16_t colour_of(const VTermColor& colour) {
    if ((colour.type & VTERM_COLOR_DEFAULT_MASK) != 0) return -1;
    if (VTERM_COLOR_IS_INDEXED(&colour)) return colour.indexed.idx;
    return nearest(colour.rgb.red, colour.rgb.green, colour.rgb.blue);
}

Cell cell_of(const VTermScreenCell& from) {
    Cell cell;
    cell.ink.fore = colour_of(from.fg);
    cell.ink.back = colour_of(from.bg);
    cell.ink.bold = from.attrs.bold;
    cell.ink.italic = from.attrs.italic;
    cell.ink.underline = from.attrs.underline != 0;
    cell.ink.reverse = from.attrs.reverse;
    if (from.chars[0] == static_cast<uint32_t>(-1)) {  // behind a wide one
        cell.text.clear();
        return cell;
    }
    if (from.chars[0] == 0) return cell;
    cell.text.clear();
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && from.chars[i] != 0; ++i)
        cell.text += harmful(from.chars[i]) ? "\xef\xbf\xbd" : reader::to_utf8(from.chars[i]);
    return cell;
}

VTermKey vterm_key(const Key& key) {
    switch (key.code) {
        case Key::enter: return VTERM_KEY_ENTER;
        case Key::tab:
        case Key::back_tab: return VTERM_KEY_TAB;
        case Key::backspace: return VTERM_KEY_BACKSPACE;
        case Key::escape: return VTERM_KEY_ESCAPE;
        case Key::up: return VTERM_KEY_UP;
        case Key::down: return VTERM_KEY_DOWN;
        case Key::left: return VTERM_KEY_LEFT;
        case Key::right: return VTERM_KEY_RIGHT;
        case Key::insert: return VTERM_KEY_INS;
        case Key::remove: return VTERM_KEY_DEL;
        case Key::home: return VTERM_KEY_HOME;
        case Key::end: return VTERM_KEY_END;
        case Key::page_up: return VTERM_KEY_PAGEUP;
        case Key::page_down: return VTERM_KEY_PAGEDOWN;
        case Key::function: return static_cast<VTermKey>(VTERM_KEY_FUNCTION_0 + static_cast<int>(key.value));
        default: return VTERM_KEY_NONE;
    }
}

}  // namespace

struct Pane::Callbacks {
    static Pane& of(void* user) { return *static_cast<Pane*>(user); }

    static void output(const char* bytes, size_t count, void* user) {
        Pane& pane = of(user);
        if (pane.replies_.size() + count <= kRepliesCap) pane.replies_.append(bytes, count);
    }
    static int push_line(int count, const VTermScreenCell* cells, void* user) {
        Pane& pane = of(user);
        if (pane.other_screen_) return 0;
        CellLine line;
        for (int i = 0; i < count; ++i) line.push_back(cell_of(cells[i]));
        pane.history_.push_back(std::move(line));
        if (pane.history_.size() > kHistoryCap) pane.history_.pop_front();
        return 1;
    }
    static int property(VTermProp property, VTermValue* value, void* user) {
        if (property == VTERM_PROP_CURSORVISIBLE) of(user).cursor_shown_ = value->boolean != 0;
        if (property == VTERM_PROP_ALTSCREEN) of(user).other_screen_ = value->boolean != 0;
        return 1;
    }
};

Pane::Pane(int rows, int columns)
    : terminal_(vterm_new(std::max(rows, kFewest), std::max(columns, kFewest))), screen_(vterm_obtain_screen(terminal_)) {
    static const VTermScreenCallbacks callbacks = [] {
        VTermScreenCallbacks out{};
        out.settermprop = Callbacks::property;
        out.sb_pushline = Callbacks::push_line;
        return out;
    }();
    vterm_set_utf8(terminal_, 1);
    vterm_output_set_callback(terminal_, Callbacks::output, this);
    vterm_screen_set_callbacks(screen_, &callbacks, this);
    vterm_screen_enable_altscreen(screen_, 1);
    vterm_screen_set_damage_merge(screen_, VTERM_DAMAGE_SCREEN);
    vterm_screen_reset(screen_, 1);
}

Pane::~Pane() { vterm_free(terminal_); }

void Pane::write(std::string_view bytes) { vterm_input_write(terminal_, bytes.data(), bytes.size()); }

std::string Pane::take_replies() { return std::exchange(replies_, {}); }

void Pane::press(const Key& key) {
    int mod = VTERM_MOD_NONE;
    if (key.ctrl) mod |= VTERM_MOD_CTRL;
    if (key.alt) mod |= VTERM_MOD_ALT;
    if (key.shift || key.code == Key::back_tab) mod |= VTERM_MOD_SHIFT;
    if (key.code == Key::character) {
        vterm_keyboard_unichar(terminal_, key.value, static_cast<VTermModifier>(mod & ~VTERM_MOD_SHIFT));
    } else if (key.code == Key::paste) {
        vterm_keyboard_start_paste(terminal_);
        if (replies_.size() + key.text.size() <= kRepliesCap) replies_ += key.text;
        vterm_keyboard_end_paste(terminal_);
    } else if (const VTermKey code = vterm_key(key); code != VTERM_KEY_NONE) {
        vterm_keyboard_key(terminal_, code, static_cast<VTermModifier>(mod));
    }
}

void Pane::resize(int rows, int columns) {
    rows = std::max(rows, kFewest);
    columns = std::max(columns, kFewest);
    if (rows == this->rows() && columns == this->columns()) return;
    // libvterm 0.1.4 takes a new size badly (src/state.c, on_resize): the cursor may end above the first row, a saved
    // cursor and margins outside of the screen, and what comes next is written there. So: no margins, and the cursor in
    // its place and saved again. Programs set theirs anew when they hear of the new size.
    const auto cursor = [this] {
        VTermPos at{};
        vterm_state_get_cursorpos(vterm_obtain_state(terminal_), &at);
        return at;
    };
    const auto place = [](VTermPos at) { return fmt::format("\x1b[{};{}H", at.row + 1, at.col + 1); };
    const VTermPos before = cursor();
    write("\x1b\\\x1b[?69l\x1b[?6l\x1b[r" + place(before));
    vterm_set_size(terminal_, rows, columns);
    VTermPos after = cursor();
    after.row = std::clamp(after.row, 0, rows - 1);
    after.col = std::clamp(after.col, 0, columns - 1);
    write(place(after) + "\x1b" "7");
    vterm_screen_flush_damage(screen_);
}

int Pane::rows() const {
    int rows = 0, columns = 0;
    vterm_get_size(terminal_, &rows, &columns);
    return rows;
}

int Pane::columns() const {
    int rows = 0, columns = 0;
    vterm_get_size(terminal_, &rows, &columns);
    return columns;
}

Cell Pane::cell(int row, int column) const {
    VTermScreenCell cell{};
    if (!vterm_screen_get_cell(screen_, {row, column}, &cell)) return {};
    return cell_of(cell);
}

Surface Pane::view(size_t back) const {
    Surface out(rows(), columns());
    back = std::min(back, history_.size());
    for (int row = 0; row < out.rows(); ++row) {
        const size_t line = history_.size() - back + static_cast<size_t>(row);
        for (int column = 0; column < out.columns(); ++column) {
            if (line >= history_.size())
                out.set(row, column, cell(static_cast<int>(line - history_.size()), column));
            else if (static_cast<size_t>(column) < history_[line].size())
                out.set(row, column, history_[line][static_cast<size_t>(column)]);
        }
    }
    VTermPos at{};
    vterm_state_get_cursorpos(vterm_obtain_state(terminal_), &at);
    if (cursor_shown_ && back == 0) out.cursor = Surface::Cursor{at.row, std::min(at.col, out.columns() - 1)};
    return out;
}

std::string Pane::line_text(size_t line) const {
    std::string text;
    if (line < history_.size())
        for (const Cell& one : history_[line]) text += one.text;
    else if (line < lines())
        for (int column = 0; column < columns(); ++column)
            text += cell(static_cast<int>(line - history_.size()), column).text;
    text.erase(text.find_last_not_of(' ') + 1);
    return text;
}

}  // namespace ferrule::workbench
