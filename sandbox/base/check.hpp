// Our own bugs: FERRULE_CHECK (Catch2 owns the name CHECK) stops the program at once, in release builds too.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace ferrule {

[[noreturn]] inline void check_failed(const char* what, const char* file, int line) {
    std::fprintf(stderr, "ferrule: internal error: %s at %s:%d. This is a bug in Ferrule.\n", what, file, line);
    std::abort();
}

}  // namespace ferrule

#define FERRULE_CHECK(condition) \
    ((condition) ? static_cast<void>(0) : ::ferrule::check_failed("check failed: " #condition, __FILE__, __LINE__))
