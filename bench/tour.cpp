// Plays a first session with the course and writes it down in asciinema's format (version 2), on standard output:
// a mistake is written, graded, hinted at and mended. With the real program, the real guest, and a person's pauses.
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "lessons/workbench/program_screen.hpp"

namespace ferrule::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kRows = 36, kColumns = 130;
constexpr double kLongestPause = 2;  // seconds of the recording; what takes longer is shortened

class Recorder {
public:
    Recorder() {
        std::cout << nlohmann::json{{"version", 2}, {"width", kColumns}, {"height", kRows}, {"title", "Ferrule"}}.dump()
                  << "\n";
    }
    void operator()(std::string_view bytes) {
        const auto now = Clock::now();
        if (!started_) {
            started_ = true;
        } else {
            at_ += std::min(std::chrono::duration<double>(now - last_).count(), kLongestPause);
        }
        last_ = now;
        std::string text = rest_ + std::string(bytes);
        // Characters stay whole: what is cut in two waits for its other half.
        size_t whole = text.size();
        for (size_t back = 1; back <= 3 && back <= text.size(); ++back) {
            const auto byte = static_cast<unsigned char>(text[text.size() - back]);
            if (byte < 0x80) break;
            if (byte >= 0xc0) {
                if (static_cast<size_t>(byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) > back) whole = text.size() - back;
                break;
            }
        }
        rest_ = text.substr(whole);
        std::cout << nlohmann::json::array({std::round(at_ * 1000) / 1000, "o", text.substr(0, whole)})
                         .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                  << "\n";
    }

private:
    bool started_ = false;
    Clock::time_point last_;
    double at_ = 0;
    std::string rest_;
};

int tour(const std::string& program) {
    const auto home = TempDir::make();
    if (!home) throw std::runtime_error(home.error().message);
    Recorder recorder;
    workbench::ScreenOptions options;
    options.cache = cache_dir().parent_path();
    options.rows = kRows;
    options.columns = kColumns;
    options.editor = "vim -u NONE -N -c 'syntax on' -c 'set number'";
    options.on_output = [&](std::string_view bytes) { recorder(bytes); };
    options.arguments = {"learn", "keeper"};
    workbench::ProgramScreen screen(program, home->path(), options);
    const auto keys = [&](const std::string& words, double each = 0.09) {
        for (const char c : words) {
            screen.type(std::string(1, c));
            screen.serve_for(each);
        }
    };
    screen.expect("Leaks: who frees this?");
    screen.serve_for(2);
    for (int i = 0; i < 3; ++i) {
        keys(" ");
        screen.serve_for(1.2);
    }
    keys("t");
    screen.serve_for(1.5);
    keys("q");
    keys("e");  // the starter, in vim
    screen.expect("SPDX-License-Identifier");
    screen.serve_for(1.5);
    keys(":w\r");
    screen.expect("fail in", true, 180);
    screen.serve_for(1.5);
    keys("\x1d");
    keys("v");
    screen.serve_for(2);
    keys("n");
    screen.serve_for(1.5);
    keys("h");
    screen.serve_for(2);
    // The reference takes the starter's place, as if it had been written.
    keys("e");
    screen.serve_for(1);
    const fs::path reference = FERRULE_SOURCE_ROOT "/lessons/course/ownership/leaks/keeper/c/solution/keeper.c";
    keys("\x1b:%d\r:0r " + reference.string() + "\r:w\r", 0.01);
    screen.expect("pass in", true, 180);
    screen.serve_for(1.5);
    keys("\x1d");
    keys("v");
    screen.serve_for(2);
    keys("d");
    screen.serve_for(2);
    keys(" ");
    screen.serve_for(2);
    keys("q");
    keys("c");
    screen.expect("~ #", true, 120);
    keys("insmod keeper.ko\rls -l /dev/keeper\rdmesg | tail -n 3\r");
    screen.serve_for(2);
    keys("\x1d");
    keys("q");
    return screen.wait();
}

}  // namespace
}  // namespace ferrule::bench

int main(int argc, char** argv) {
    try {
        if (argc != 2) throw std::runtime_error("usage: ferrule_tour PROGRAM");
        return ferrule::bench::tour(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "ferrule_tour: " << error.what() << "\n";
        return 2;
    }
}
