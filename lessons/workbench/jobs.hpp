// Work that takes longer than a key press, each kind in a thread of its own; how it goes is posted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <thread>

#include "lessons/reader/grading.hpp"
#include "lessons/workbench/mailbox.hpp"

namespace ferrule::workbench {

// For the state line: what is wrong, and what to do.
std::string one_line(const Error& error);

// One submission at a time; a newer one stops the one that is under way. Its verdict goes into the learner's progress.
class Grader {
public:
    explicit Grader(Mailbox& mailbox) : mailbox_(mailbox), thread_([this] { work(); }) {}
    ~Grader();
    // `exercise` outlives the grader. `columns`: for the report.
    void grade(const grader::Exercise& exercise, grader::Language language, fs::path path, int columns);
    void cancel();

private:
    struct Submission {
        const grader::Exercise* exercise;
        grader::Language language;
        fs::path path;
        int columns;
    };
    void work();
    void grade(const Submission& submission);

    Mailbox& mailbox_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::optional<Submission> next_;
    std::atomic<bool> stop_ = false, over_ = false;
    std::thread thread_;
};

// The kernels that exercises need, built in the background: the course can be read meanwhile.
class ImageBuilder {
public:
    ImageBuilder(Mailbox& mailbox, std::vector<std::string> variants)
        : mailbox_(mailbox), variants_(std::move(variants)) {}
    ~ImageBuilder() { stop(); }
    // Are they there? Builds nothing.
    Image look() const;
    // When not all are there and none is being built.
    void build();
    // A build under way ends early; what is finished of it is kept.
    void stop();

private:
    Mailbox& mailbox_;
    const std::vector<std::string> variants_;
    std::thread thread_;
    std::atomic<bool> building_ = false;
};

}  // namespace ferrule::workbench
