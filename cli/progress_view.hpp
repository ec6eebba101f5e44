// How long work looks (sandbox/base/progress.hpp), always on standard error: on a terminal one line that is drawn
// again in place, elsewhere a plain line when a step begins, every half minute, and when it ends.
#pragma once

#include <chrono>
#include <mutex>
#include <string>

#include "sandbox/base/progress.hpp"

namespace ferrule::cli {

// May be told facts by several threads.
class ProgressView final : public Progress {
public:
    ProgressView();
    ~ProgressView() override;  // leaves no half line behind

    void begin(std::string_view step, double expected_seconds) override;
    void update(double fraction, std::string_view detail) override;
    void end(bool ok) override;

    // What is being done right now, on a terminal only; the next status or clear() takes its place.
    void status(const std::string& text);
    void clear();

private:
    using Clock = std::chrono::steady_clock;
    void draw(const std::string& line);
    void wipe();
    double elapsed() const;

    std::mutex mutex_;
    bool terminal_;
    bool drawn_ = false;
    std::string step_;
    double expected_ = 0, fraction_ = 0;
    std::string detail_;
    Clock::time_point began_, last_;
};

// One line of at most `width` columns: name, bar, per cent, elapsed of expected, detail.
std::string progress_line(std::string_view step, double fraction, double elapsed, double expected,
                          std::string_view detail, int width);
std::string clock_text(double seconds);  // "0:07", "12:30", "1:02:03"

}  // namespace ferrule::cli
