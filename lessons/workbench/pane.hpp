// A terminal inside the screen (libvterm): what an editor or the guest's shell writes becomes cells, keys become what it
// expects to read. Nothing that it writes gets anywhere else: titles, clipboard writes, palette changes, and what nobody
// knows end here. All of it may be hostile.
#pragma once

#include <deque>
#include <memory>

#include "lessons/workbench/cells.hpp"
#include "lessons/workbench/key.hpp"

struct VTerm;
struct VTermScreen;

namespace ferrule::workbench {

class Pane {
public:
    static constexpr size_t kHistoryCap = 5000;   // lines
    static constexpr size_t kRepliesCap = 65536;  // bytes; a program that asks and never reads gets no more answers

    // libvterm 0.1.4 writes outside of its memory when a wide character comes into a terminal of one column.
    static constexpr int kFewest = 2;  // rows, and columns

    Pane(int rows, int columns);  // kFewest at least, also when less is said
    ~Pane();
    Pane(const Pane&) = delete;
    Pane& operator=(const Pane&) = delete;

    void write(std::string_view bytes);
    // What the program is to read: answers to its questions, and keys. Taken away.
    std::string take_replies();
    void press(const Key& key);
    void resize(int rows, int columns);  // likewise

    int rows() const;
    int columns() const;
    // As it stands, with its cursor; `back`: so many lines of history above it, without one.
    Surface view(size_t back = 0) const;
    size_t history() const { return history_.size(); }
    // Line 0 is the oldest of the history; behind it come the screen's. Blanks at the end removed.
    std::string line_text(size_t line) const;
    size_t lines() const { return history_.size() + static_cast<size_t>(rows()); }

private:
    struct Callbacks;
    using CellLine = std::vector<Cell>;
    Cell cell(int row, int column) const;

    VTerm* terminal_;
    VTermScreen* screen_;
    std::deque<CellLine> history_;
    std::string replies_;
    bool cursor_shown_ = true, other_screen_ = false;
};

}  // namespace ferrule::workbench
