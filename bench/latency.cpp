// How long from a key to the screen, in the course as it really runs, while nothing else happens and while the guest's
// shell floods its pane. Prints Markdown. bench/README.md says how to read it.
#include <fmt/format.h>

#include <algorithm>
#include <iostream>

#include "lessons/reader/catalogue.hpp"
#include "lessons/workbench/program_screen.hpp"

namespace ferrule::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kKeys = 200;
constexpr double kPause = 0.05;  // seconds between keys, about a fast typist's

// The lesson's first line on the screen, left of the other side.
std::string top_of_lesson(const workbench::ProgramScreen& screen) {
    const std::string text = screen.text();
    size_t from = text.find('\n') + 1;
    return text.substr(from, 40) + text.substr(text.find('\n', from) + 1, 40);
}

std::vector<double> scrolled(workbench::ProgramScreen& screen) {
    std::vector<double> seconds;
    for (int i = 0; i < kKeys; ++i) {
        const std::string before = top_of_lesson(screen);
        const auto start = Clock::now();
        screen.type(i % 40 < 20 ? "j" : "k");
        while (top_of_lesson(screen) == before) {
            if (Clock::now() - start > std::chrono::seconds(5)) throw std::runtime_error("no answer\n" + screen.text());
            screen.serve();
        }
        seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
        screen.serve_for(kPause);
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds;
}

void row(const char* what, const std::vector<double>& seconds) {
    std::cout << fmt::format("| {} | {:.1f} ms | {:.1f} ms | {:.1f} ms |\n", what, 1000 * seconds[seconds.size() / 2],
                             1000 * seconds[seconds.size() * 95 / 100], 1000 * seconds.back())
              << std::flush;
}

int measure(const std::string& program) {
    const auto home = TempDir::make();
    const auto course = reader::default_course();
    if (!home || !course) throw std::runtime_error("no folder, or no course");
    const auto catalogue = reader::load_catalogue(*course);
    if (!catalogue) throw std::runtime_error(catalogue.error().message);
    const grader::Exercise& first = *catalogue->exercises().front();
    std::error_code code;
    const fs::path work = home->path() / "work" / first.id / "c";
    fs::create_directories(work, code);
    fs::copy(first.solution(grader::Language::c), work, fs::copy_options::recursive, code);
    workbench::ScreenOptions options;
    options.cache = cache_dir().parent_path();
    workbench::ProgramScreen screen(program, home->path(), options);
    screen.expect("1 of ");
    std::cout << fmt::format("{} keys, 140 x 30\n\n| key to screen | median | 95 % | most |\n|---|---|---|---|\n",
                             kKeys);
    row("a lesson alone", scrolled(screen));
    screen.type("c");
    screen.expect("~ #", true, 120);
    screen.type("\x1d");
    row("beside a quiet shell", scrolled(screen));
    screen.type("\tyes flood\r");
    screen.expect("flood\n", true, 60);
    screen.type("\x1d");
    screen.serve_for(2);
    row("beside a shell that floods", scrolled(screen));
    screen.type("q");
    return screen.wait();
}

}  // namespace
}  // namespace ferrule::bench

int main(int argc, char** argv) {
    try {
        if (argc != 2) throw std::runtime_error("usage: ferrule_latency PROGRAM");
        return ferrule::bench::measure(argv[1]);
    } catch (const std::exception& error) {
        std::cerr << "ferrule_latency: " << error.what() << "\n";
        return 2;
    }
}
