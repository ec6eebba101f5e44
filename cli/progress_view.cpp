#include "cli/progress_view.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "lessons/reader/markdown.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::cli {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr auto kPlainEvery = std::chrono::seconds(30);
constexpr int kBar = 20;

void say(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

}  // namespace

std::string clock_text(double seconds) {
    const long all = std::isfinite(seconds) && seconds > 0 ? std::lround(std::min(seconds, 359999.0)) : 0;
    if (all >= 3600) return fmt::format("{}:{:02}:{:02}", all / 3600, all / 60 % 60, all % 60);
    return fmt::format("{}:{:02}", all / 60, all % 60);
}

std::string progress_line(std::string_view step, double fraction, double elapsed, double expected,
                          std::string_view detail, int width) {
    fraction = std::isfinite(fraction) ? std::clamp(fraction, 0.0, 1.0) : 0;
    const int full = static_cast<int>(fraction * kBar);
    std::string line = fmt::format("{} [{}{}] {:3}%  {}", step, std::string(static_cast<size_t>(full), '#'),
                                   std::string(static_cast<size_t>(kBar - full), '.'), static_cast<int>(fraction * 100),
                                   clock_text(elapsed));
    if (expected > 0) line += fmt::format(" of about {}", clock_text(expected));
    if (!detail.empty()) line += "  " + reader::printable(detail);
    return std::string(reader::cut(line, width));
}

ProgressView::ProgressView()
    : terminal_(reader::look_of(STDERR_FILENO) != reader::Look::plain), began_(Clock::now()), last_(began_) {}

ProgressView::~ProgressView() { clear(); }

double ProgressView::elapsed() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

void ProgressView::draw(const std::string& line) {
    say("\r" + line + "\x1b[K");
    drawn_ = true;
}

void ProgressView::wipe() {
    if (drawn_) say("\r\x1b[K");
    drawn_ = false;
}

void ProgressView::begin(std::string_view step, double expected_seconds) {
    const std::lock_guard lock(mutex_);
    step_ = reader::printable(step);
    expected_ = expected_seconds;
    fraction_ = 0;
    detail_.clear();
    began_ = last_ = Clock::now();
    if (terminal_) {
        draw(progress_line(step_, 0, 0, expected_, "", reader::terminal_size(STDERR_FILENO).columns - 1));
        return;
    }
    std::string line = fmt::format("ferrule: {} ...", step_);
    if (expected_ >= 5) line += fmt::format(" (about {})", clock_text(expected_));
    say(line + "\n");
}

void ProgressView::update(double fraction, std::string_view detail) {
    const std::lock_guard lock(mutex_);
    if (step_.empty()) return;
    fraction_ = fraction;
    detail_ = detail;
    const auto now = Clock::now();
    if (now - last_ < (terminal_ ? kRedraw : std::chrono::duration_cast<std::chrono::milliseconds>(kPlainEvery)))
        return;
    last_ = now;
    if (terminal_)
        draw(progress_line(step_, fraction_, elapsed(), expected_, detail_,
                           reader::terminal_size(STDERR_FILENO).columns - 1));
    else
        say(fmt::format("ferrule: {} {}% after {}\n", step_, static_cast<int>(std::clamp(fraction_, 0.0, 1.0) * 100),
                        clock_text(elapsed())));
}

void ProgressView::end(bool ok) {
    const std::lock_guard lock(mutex_);
    if (step_.empty()) return;
    wipe();
    const double took = elapsed();
    // What took a moment only is not worth a line that stays.
    if (!ok || took >= 2 || !terminal_)
        say(fmt::format("ferrule: {} {} after {}\n", step_, ok ? "done" : "failed", clock_text(took)));
    step_.clear();
}

void ProgressView::status(const std::string& text) {
    const std::lock_guard lock(mutex_);
    if (!terminal_ || !step_.empty()) return;
    draw(std::string(reader::cut(reader::printable(text), reader::terminal_size(STDERR_FILENO).columns - 1)));
}

void ProgressView::clear() {
    const std::lock_guard lock(mutex_);
    wipe();
}

}  // namespace ferrule::cli
