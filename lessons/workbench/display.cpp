#include "lessons/workbench/display.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <clocale>
#include <cstdio>
#include <cstdlib>
#include <cwchar>

#include "lessons/reader/text_width.hpp"

// Last, and without its macros, which have the names of others' functions.
#define NCURSES_WIDECHAR 1
#define NCURSES_NOMACROS 1
#include <curses.h>

namespace ferrule::workbench {
namespace {

constexpr int kPasteBegin = KEY_MAX + 1, kPasteEnd = KEY_MAX + 2;
constexpr size_t kPasteCap = 1u << 20;

// Of xterm's 256 what a terminal with fewer has.
short as_good_as(int16_t colour) {
    if (colour < 0 || colour < COLORS) return colour;
    if (colour < 16) return static_cast<short>(colour - 8);
    if (colour >= 232) return colour < 244 ? COLOR_BLACK : COLOR_WHITE;
    const int cube = colour - 16, red = cube / 36, green = cube / 6 % 6, blue = cube % 6;
    return static_cast<short>((red > 2 ? 1 : 0) | (green > 2 ? 2 : 0) | (blue > 2 ? 4 : 0));
}

attr_t attributes_of(const Ink& ink) {
    attr_t out = A_NORMAL;
    if (ink.bold) out |= A_BOLD;
    if (ink.italic) out |= A_ITALIC;
    if (ink.underline) out |= A_UNDERLINE;
    if (ink.reverse) out |= A_REVERSE;
    if (ink.dim) out |= A_DIM;
    return out;
}

// "kLFT5": a key of terminfo's with the modifiers that xterm counts from 1.
std::optional<Key> with_modifiers(std::string_view name) {
    struct Named {
        std::string_view name;
        Key::Code code;
    };
    constexpr Named kNames[] = {{"kUP", Key::up},       {"kDN", Key::down},     {"kLFT", Key::left},
                                {"kRIT", Key::right},   {"kHOM", Key::home},    {"kEND", Key::end},
                                {"kPRV", Key::page_up}, {"kNXT", Key::page_down}, {"kDC", Key::remove},
                                {"kIC", Key::insert}};
    if (name.empty() || name.back() < '2' || name.back() > '8') return std::nullopt;
    const int bits = name.back() - '1';
    for (const Named& one : kNames) {
        if (one.name != name.substr(0, name.size() - 1)) continue;
        Key key{one.code};
        key.shift = (bits & 1) != 0;
        key.alt = (bits & 2) != 0;
        key.ctrl = (bits & 4) != 0;
        return key;
    }
    return std::nullopt;
}

Key character_key(wint_t c) {
    switch (c) {
        case '\r':
        case '\n': return {Key::enter};
        case '\t': return {Key::tab};
        case 27: return {Key::escape};
        case 8:
        case 127: return {Key::backspace};
        default: break;
    }
    Key key{Key::character, static_cast<char32_t>(c)};
    if (c < 32) {
        key.ctrl = true;
        key.value = c == 0 ? U' ' : c <= 26 ? c + 'a' - 1 : c + '@';  // 0x1d: Ctrl-]
    }
    return key;
}

std::optional<Key> special_key(wint_t code) {
    if (code >= KEY_F(1) && code <= KEY_F(12)) return Key{Key::function, static_cast<char32_t>(code - KEY_F0)};
    switch (code) {
        case KEY_UP: return Key{Key::up};
        case KEY_DOWN: return Key{Key::down};
        case KEY_LEFT: return Key{Key::left};
        case KEY_RIGHT: return Key{Key::right};
        case KEY_HOME: return Key{Key::home};
        case KEY_END: return Key{Key::end};
        case KEY_PPAGE: return Key{Key::page_up};
        case KEY_NPAGE: return Key{Key::page_down};
        case KEY_IC: return Key{Key::insert};
        case KEY_DC: return Key{Key::remove};
        case KEY_BACKSPACE: return Key{Key::backspace};
        case KEY_ENTER: return Key{Key::enter};
        case KEY_BTAB: return Key{Key::back_tab};
        case KEY_SR: return Key{.code = Key::up, .shift = true};
        case KEY_SF: return Key{.code = Key::down, .shift = true};
        case KEY_MOUSE: {
            MEVENT event;
            if (getmouse(&event) != OK) return std::nullopt;
            Key key;
            if ((event.bstate & BUTTON4_PRESSED) != 0)
                key.code = Key::wheel_up;
            else if ((event.bstate & BUTTON5_PRESSED) != 0)
                key.code = Key::wheel_down;
            else if ((event.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED)) != 0)
                key.code = Key::click;
            else
                return std::nullopt;
            key.row = event.y;
            key.column = event.x;
            return key;
        }
        default: break;
    }
    const char* name = keyname(static_cast<int>(code));
    return name ? with_modifiers(name) : std::nullopt;
}

std::wstring wide(std::string_view text) {
    std::wstring out;
    for (size_t at = 0; at < text.size();) {
        const reader::Glyph glyph = reader::next_glyph(text, at);
        if (glyph.bytes == 0) break;
        if (out.size() < CCHARW_MAX) out += static_cast<wchar_t>(glyph.code);
        at += glyph.bytes;
    }
    return out;
}

std::string base64(std::string_view bytes) {
    std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');  // and a NUL
    out.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                                   static_cast<int>(bytes.size()))));
    return out;
}

void say(std::string_view sequence) {
    std::fwrite(sequence.data(), 1, sequence.size(), stdout);
    std::fflush(stdout);
}

}  // namespace

Result<std::unique_ptr<Display>> Display::open() {
    // Ours is UTF-8, whatever the language.
    const char* locale = std::setlocale(LC_CTYPE, "");
    if (!locale || MB_CUR_MAX == 1) std::setlocale(LC_CTYPE, "C.UTF-8");
    if (!newterm(nullptr, stdout, stdin))
        return fail("terminal", "this terminal has no screen that can be drawn on",
                    "Set TERM to what it is, or read with `ferrule learn --plain`.");
    std::unique_ptr<Display> display(new Display);
    const char* no_colour = std::getenv("NO_COLOR");
    if (has_colors() && !(no_colour && *no_colour)) {
        start_color();
        display->colours_ = use_default_colors() == OK;
    }
    raw();
    noecho();
    nonl();
    set_escdelay(25);
    nodelay(stdscr, TRUE);
    keypad(stdscr, TRUE);
    mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, nullptr);
    mouseinterval(0);
    if (tigetstr("kmous") != reinterpret_cast<char*>(-1) && tigetstr("kmous")) {  // an xterm or one of its family
        display->pasting_ = true;
        define_key("\x1b[200~", kPasteBegin);
        define_key("\x1b[201~", kPasteEnd);
        say("\x1b[?2004h");
    }
    return display;
}

Display::~Display() {
    if (pasting_) say("\x1b[?2004l");
    endwin();
}

int Display::rows() const { return LINES; }
int Display::columns() const { return COLS; }

int Display::pair_of(const Ink& ink) {
    if (!colours_ || (ink.fore < 0 && ink.back < 0)) return 0;
    return std::max(alloc_pair(as_good_as(ink.fore), as_good_as(ink.back)), 0);
}

void Display::show(const Surface& surface) {
    for (int row = 0; row < std::min(surface.rows(), LINES); ++row)
        for (int column = 0; column < std::min(surface.columns(), COLS); ++column) {
            const Cell& cell = surface.at(row, column);
            if (cell.text.empty()) continue;
            cchar_t out;
            int pair = pair_of(cell.ink);
            attr_t attributes = attributes_of(cell.ink);
            if (cell.ink.fore >= 8 && cell.ink.fore < 16 && COLORS < 16) attributes |= A_BOLD;
            if (setcchar(&out, wide(cell.text).c_str(), attributes, 0, &pair) == OK) mvadd_wch(row, column, &out);
        }
    curs_set(surface.cursor ? 1 : 0);
    if (surface.cursor) move(surface.cursor->row, surface.cursor->column);
    refresh();
}

void Display::repair() { clearok(stdscr, TRUE); }

std::optional<Key> Display::read() {
    for (;;) {
        wint_t c = 0;
        const int kind = get_wch(&c);
        if (kind == ERR) return std::nullopt;
        if (kind == KEY_CODE_YES) {
            if (c == KEY_RESIZE) {
                erase();
                return std::nullopt;
            }
            if (c == kPasteBegin) return paste();
            if (const auto key = special_key(c)) return key;
            continue;
        }
        Key key = character_key(c);
        if (key.code != Key::escape) return key;
        // Alt and a key send both at once.
        wint_t next = 0;
        if (get_wch(&next) != OK) return key;
        key = character_key(next);
        key.alt = true;
        return key;
    }
}

Key Display::paste() {
    Key key{Key::paste};
    timeout(500);  // of a paste that has no end
    for (wint_t c = 0;;) {
        const int kind = get_wch(&c);
        if (kind == ERR || (kind == KEY_CODE_YES && c == kPasteEnd)) break;
        if (kind == KEY_CODE_YES || key.text.size() > kPasteCap) continue;
        char bytes[MB_LEN_MAX];
        std::mbstate_t state{};
        const size_t count = std::wcrtomb(bytes, static_cast<wchar_t>(c), &state);
        if (count != static_cast<size_t>(-1)) key.text.append(bytes, count);
    }
    nodelay(stdscr, TRUE);
    return key;
}

void Display::copy(std::string_view text) {
    if (pasting_) say("\x1b]52;c;" + base64(text) + "\x07");
}

}  // namespace ferrule::workbench
