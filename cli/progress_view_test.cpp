#include "cli/progress_view.hpp"

#include "lessons/reader/text_width.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::cli;

TEST_CASE("times read like a clock") {
    CHECK(clock_text(0) == "0:00");
    CHECK(clock_text(7.4) == "0:07");
    CHECK(clock_text(750) == "12:30");
    CHECK(clock_text(3723) == "1:02:03");
    CHECK(clock_text(-5) == "0:00");
}

TEST_CASE("a progress line says where the work is and fits") {
    CHECK(progress_line("kernel mem", 0.5, 61, 720, "CC mm/slub.o", 100) ==
          "kernel mem [##########..........]  50%  1:01 of about 12:00  CC mm/slub.o");
    CHECK(progress_line("x", 0, 1, 0, "", 100) == "x [....................]   0%  0:01");
    CHECK(progress_line("x", 7.0, 1, 0, "", 100).find("100%") != std::string::npos);
    CHECK(ferrule::reader::columns(progress_line("kernel", 0.5, 61, 720, std::string(300, 'y'), 60)) == 60);
    CHECK(progress_line("x", 0.1, 1, 0, "\x1b[2J", 100).find('\x1b') == std::string::npos);
}
