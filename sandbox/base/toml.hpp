// toml++, in one way for all who read TOML. Version 3.3 asserts on some malformed files (a value that ends before it
// began); a file is anybody's, so that has to be an error of the file, not the end of the program.
#pragma once

#include <stdexcept>

namespace ferrule {

constexpr void toml_assert(bool holds, const char* what) {
    if (!holds) throw std::logic_error(what);
}

}  // namespace ferrule

#define TOML_ENABLE_FORMATTERS 0
#define TOML_ASSERT(expression) ::ferrule::toml_assert(static_cast<bool>(expression), #expression)
// Without this a release build would take the assertions for granted and run on into nowhere.
#pragma push_macro("NDEBUG")
#undef NDEBUG
#include <toml++/toml.h>
#pragma pop_macro("NDEBUG")
