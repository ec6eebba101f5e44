// Work that takes longer than a key press, each kind in a thread of its own; how it goes is posted.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <thread>

#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/grading.hpp"
#include "lessons/reader/workspace.hpp"
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

// One piece of work at a time, which knows one way to be stopped: the interrupt (sandbox/base/interrupt.hpp).
class Background {
public:
    ~Background() { stop(); }
    // While another is at it, this one comes behind it, in the place of any that waits already.
    void start(std::function<void()> work);
    void stop();  // ends it early; nobody else has work under way that listens for interrupts

private:
    std::mutex mutex_;
    std::function<void()> next_;
    bool busy_ = false;  // the thread will look at next_ once more
    std::thread thread_;
};

// The kernels that exercises need, built in the background: the course can be read meanwhile.
class ImageBuilder {
public:
    ImageBuilder(Mailbox& mailbox, std::vector<std::string> variants)
        : mailbox_(mailbox), variants_(std::move(variants)) {}
    // Are they there? Builds nothing.
    Image look() const;
    // When not all are there and none is being built.
    void build();
    // A build under way ends early; what is finished of it is kept.
    void stop() { background_.stop(); }

private:
    Mailbox& mailbox_;
    const std::vector<std::string> variants_;
    std::atomic<bool> building_ = false;
    Background background_;
};

// The files that language servers read (reader/editor_support.hpp).
class EditorFiles {
public:
    EditorFiles(Mailbox& mailbox, const reader::Workspace& workspace, const reader::Catalogue& catalogue)
        : mailbox_(mailbox), workspace_(workspace), catalogue_(catalogue) {}
    void refresh();
    void stop() { background_.stop(); }

private:
    Mailbox& mailbox_;
    const reader::Workspace& workspace_;
    const reader::Catalogue& catalogue_;
    Background background_;
};

}  // namespace ferrule::workbench
