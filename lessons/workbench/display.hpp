// The terminal that we were started in (ncurses): shows a Surface, reads keys. One at a time in a process.
#pragma once

#include <memory>

#include "lessons/workbench/cells.hpp"
#include "lessons/workbench/key.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::workbench {

class Display {
public:
    // Error "terminal": TERM names nothing that has a screen.
    static Result<std::unique_ptr<Display>> open();
    ~Display();  // the terminal is as it was
    Display(const Display&) = delete;
    Display& operator=(const Display&) = delete;

    int rows() const;
    int columns() const;
    void show(const Surface& surface);
    // The next key, or none when there is none now (poll standard input for more). Takes note of a new size: rows() and
    // columns() say so afterwards.
    std::optional<Key> read();
    // To the clipboard of the terminal, where it lets programs have it (OSC 52).
    void copy(std::string_view text);
    // Draws everything anew with the next show(): something else has written on the terminal.
    void repair();

private:
    Display() = default;
    Key paste();
    int pair_of(const Ink& ink);
    bool colours_ = false, pasting_ = false;
};

}  // namespace ferrule::workbench
