// A screen as a value: rows of cells, each a character with its looks. Everything the workbench shows is drawn into one
// of these; display.hpp alone knows a terminal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lessons/reader/markdown.hpp"

namespace ferrule::workbench {

struct Ink {
    int16_t fore = -1, back = -1;  // index of the 256 colours of xterm; -1: the terminal's own
    bool bold = false, italic = false, underline = false, reverse = false, dim = false;
    bool operator==(const Ink&) const = default;
};

struct Cell {
    std::string text = " ";  // one character with its combining ones, UTF-8, printable; empty: the second half of a
                             // wide one
    Ink ink;
    bool operator==(const Cell&) const = default;
};

struct Area {
    int row = 0, column = 0, rows = 0, columns = 0;
};

class Surface {
public:
    Surface() = default;
    Surface(int rows, int columns);

    int rows() const { return rows_; }
    int columns() const { return columns_; }
    const Cell& at(int row, int column) const;

    // What does not fit is cut; a wide character that would be cut in two is left out. Control characters and bad bytes
    // are shown as U+FFFD. Returns the column behind the text.
    int put(int row, int column, std::string_view text, Ink ink, int end_column);
    int put(int row, int column, std::string_view text, Ink ink) { return put(row, column, text, ink, columns_); }
    int put(int row, int column, const reader::Line& line, int end_column);
    void fill(const Area& area, const Cell& cell);
    // `from`, at the place's upper left corner, as much of it as fits there.
    void paste(const Area& place, const Surface& from);
    void set(int row, int column, Cell cell);
    // Changes looks alone.
    void repaint(const Area& area, const std::function<void(Ink&)>& change);

    // Lines of text without looks, blanks at their ends removed: for tests.
    std::string text() const;
    bool operator==(const Surface&) const = default;

    struct Cursor {
        int row = 0, column = 0;
        bool operator==(const Cursor&) const = default;
    };
    std::optional<Cursor> cursor;  // shown there, or not at all

private:
    int rows_ = 0, columns_ = 0;
    std::vector<Cell> cells_;
};

// How a part of a lesson looks.
Ink ink_of(const reader::Style& style);

}  // namespace ferrule::workbench
