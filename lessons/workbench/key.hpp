// What was pressed, whatever the terminal sends for it.
#pragma once

#include <string>

namespace ferrule::workbench {

struct Key {
    enum Code {
        character,  // `value`; with ctrl: the letter, in lower case
        enter,
        tab,
        back_tab,
        backspace,
        escape,
        up,
        down,
        left,
        right,
        insert,
        remove,
        home,
        end,
        page_up,
        page_down,
        function,  // `value`: 1…12
        wheel_up,
        wheel_down,
        click,  // these three: at row, column of the screen
        paste,  // `text`: what the terminal pasted, unfiltered
    };
    Code code = character;
    char32_t value = 0;
    bool ctrl = false, alt = false, shift = false;
    int row = 0, column = 0;
    std::string text = {};

    bool operator==(const Key&) const = default;
    bool is(char32_t c) const { return code == character && value == c && !ctrl && !alt; }
    bool is_ctrl(char32_t c) const { return code == character && value == c && ctrl && !alt; }
};

}  // namespace ferrule::workbench
