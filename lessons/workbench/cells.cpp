#include "lessons/workbench/cells.hpp"

#include <algorithm>

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::workbench {

Surface::Surface(int rows, int columns)
    : rows_(std::max(rows, 0)),
      columns_(std::max(columns, 0)),
      cells_(static_cast<size_t>(rows_) * static_cast<size_t>(columns_)) {}

const Cell& Surface::at(int row, int column) const {
    FERRULE_CHECK(row >= 0 && row < rows_ && column >= 0 && column < columns_);
    return cells_[static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column)];
}

void Surface::set(int row, int column, Cell cell) {
    if (row < 0 || row >= rows_ || column < 0 || column >= columns_) return;
    cells_[static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column)] = std::move(cell);
}

int Surface::put(int row, int column, std::string_view text, Ink ink, int end_column) {
    if (row < 0 || row >= rows_) return column;
    end_column = std::min(end_column, columns_);
    int last = -1;  // where a combining character belongs
    for (size_t at = 0; at < text.size();) {
        const reader::Glyph glyph = reader::next_glyph(text, at);
        if (glyph.bytes == 0) break;
        const bool bad = glyph.code == 0xfffd;
        const std::string one = bad ? "\xef\xbf\xbd" : std::string(text.substr(at, glyph.bytes));
        at += glyph.bytes;
        if (glyph.columns == 0 && !bad) {
            constexpr size_t kLongest = 32;  // a character with a hundred accents is an attack
            if (last >= 0) {
                Cell cell = this->at(row, last);
                if (cell.text.size() + one.size() <= kLongest) cell.text += one;
                set(row, last, std::move(cell));
            }
            continue;
        }
        const int width = bad ? 1 : glyph.columns;
        if (column + width > end_column) return column;
        set(row, column, {one, ink});
        if (width == 2) set(row, column + 1, {"", ink});
        last = column >= 0 ? column : -1;
        column += width;
    }
    return column;
}

int Surface::put(int row, int column, const reader::Line& line, int end_column) {
    for (const reader::Span& span : line) column = put(row, column, span.text, ink_of(span.style), end_column);
    return column;
}

void Surface::fill(const Area& area, const Cell& cell) {
    for (int row = area.row; row < area.row + area.rows; ++row)
        for (int column = area.column; column < area.column + area.columns; ++column) set(row, column, cell);
}

void Surface::paste(const Area& place, const Surface& from) {
    for (int row = 0; row < std::min(place.rows, from.rows()); ++row)
        for (int column = 0; column < std::min(place.columns, from.columns()); ++column) {
            Cell cell = from.at(row, column);
            // The first half of a wide character alone.
            const bool cut = column + 1 == place.columns && column + 1 < from.columns() &&
                             from.at(row, column + 1).text.empty();
            if (cut) cell.text = " ";
            set(place.row + row, place.column + column, std::move(cell));
        }
}

void Surface::repaint(const Area& area, const std::function<void(Ink&)>& change) {
    for (int row = std::max(area.row, 0); row < std::min(area.row + area.rows, rows_); ++row)
        for (int column = std::max(area.column, 0); column < std::min(area.column + area.columns, columns_); ++column)
            change(cells_[static_cast<size_t>(row) * static_cast<size_t>(columns_) + static_cast<size_t>(column)].ink);
}

std::string Surface::text() const {
    std::string out;
    for (int row = 0; row < rows_; ++row) {
        std::string line;
        for (int column = 0; column < columns_; ++column) line += at(row, column).text;
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

Ink ink_of(const reader::Style& style) {
    const reader::Paint paint = reader::paint_of(style);
    Ink ink;
    ink.bold = paint.bold;
    ink.italic = paint.italic;
    ink.underline = paint.underline;
    ink.dim = paint.dim;
    ink.fore = static_cast<int16_t>(paint.colour);
    return ink;
}

}  // namespace ferrule::workbench
