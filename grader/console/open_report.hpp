// A report that is being read, once it is known what it is: which of its stacks the next frames belong to, and what its
// other lines say.
#pragma once

#include <string_view>

#include "grader/console/console.hpp"

namespace ferrule::grader {

class OpenReport {
public:
    explicit OpenReport(Splat begun) : splat(std::move(begun)) {}

    Splat splat;

    // A line behind the first one: `raw` as it stood, `text` without blanks around it. False: the report is complete.
    bool line(std::string_view raw, std::string_view text);
    // An "Oops:" line goes on with the report: its stack has not come yet.
    bool stack_is_to_come() const { return !ended_stack_; }
    bool bare() const { return count_ == 0; }  // nothing but the first line

    void add_text(std::string_view raw);
    void expect_message() { expect_message_ = true; }  // WARN's message comes behind its line

    static constexpr size_t kMaxTitle = 300;

private:
    enum class Into { none, stack, allocated, freed, other, ignored };

    void push(std::vector<ConsoleFrame>& stack, ConsoleFrame frame);
    bool heading(std::string_view text);
    bool kasan_heading(std::string_view text);
    bool lock_heading(std::string_view text);
    bool racing_access(std::string_view text);
    bool open_other();
    void details(std::string_view text);
    void kasan_details(std::string_view text);
    bool held_lock(std::string_view text);
    void place(ConsoleFrame frame);
    bool tail(std::string_view raw, std::string_view text);

    Into into_ = Into::none;
    size_t count_ = 0;
    bool ended_stack_ = false, tail_ = false;
    bool acquiring_ = false, expect_preempt_ = false, expect_message_ = false;
    bool saw_held_ = false, saw_stack_ = false, listing_ = false, region_ = false, variable_ = false;
};

// "probe.c:12" or "rprobe.rs:12:5:" behind `marker`, into source_file and source_line.
void take_source(std::string_view text, std::string_view marker, Splat& splat);

}  // namespace ferrule::grader
