#include "lessons/workbench/jobs.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "lessons/reader/editor_support.hpp"
#include "lessons/reader/help.hpp"
#include "lessons/workbench/verdict_page.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::workbench {
namespace {

class PostedProgress final : public Progress {
public:
    explicit PostedProgress(Mailbox& mailbox) : mailbox_(mailbox) {}
    void begin(std::string_view step, double) override {
        image_.step = step;
        image_.fraction = 0;
        image_.building = true;
        mailbox_.post(ImageChanged{image_});
    }
    void update(double fraction, std::string_view) override {
        if (static_cast<int>(fraction * 100) == static_cast<int>(image_.fraction * 100)) return;
        image_.fraction = fraction;
        mailbox_.post(ImageChanged{image_});
    }
    void end(bool) override {}

private:
    Mailbox& mailbox_;
    Image image_;
};

}  // namespace

std::string one_line(const Error& error) {
    return error.hint.empty() ? error.message : fmt::format("{}. {}", error.message, error.hint);
}

Grader::~Grader() {
    {
        const std::lock_guard lock(mutex_);
        over_ = stop_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Grader::grade(const grader::Exercise& exercise, grader::Language language, fs::path path, int columns) {
    {
        const std::lock_guard lock(mutex_);
        next_ = Submission{&exercise, language, std::move(path), columns};
        stop_ = true;
    }
    changed_.notify_all();
}

void Grader::cancel() {
    const std::lock_guard lock(mutex_);
    next_.reset();
    stop_ = true;
}

void Grader::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return over_ || next_; });
        if (over_) return;
        const Submission submission = *std::exchange(next_, std::nullopt);
        stop_ = false;
        lock.unlock();
        grade(submission);
        lock.lock();
    }
}

void Grader::grade(const Submission& submission) {
    NoProgress progress;
    grader::RunHooks hooks;
    hooks.cancel = &stop_;
    hooks.stage = [this](const std::string& stage) { mailbox_.post(Stage{stage}); };
    auto graded = reader::grade(*submission.exercise, submission.language, submission.path, false, progress, hooks,
                                grader::Caching{true, 0});
    {
        const std::lock_guard lock(mutex_);
        if (next_) return;  // a newer one is to be graded
    }
    if (!graded) {
        const bool cancelled = graded.error().code == "cancelled";
        mailbox_.post(Graded{cancelled ? "stopped" : "could not grade",
                             cancelled ? std::vector<reader::Line>{}
                                       : std::vector<reader::Line>{{{one_line(graded.error()), {}}}},
                             {}});
        return;
    }
    const auto kept = reader::remember(graded->verdict);
    mailbox_.post(verdict_page(*graded, submission.columns));
    if (!kept) mailbox_.post(Noticed{one_line(kept.error())});
}

void Background::start(std::function<void()> work) {
    const std::lock_guard lock(mutex_);
    next_ = std::move(work);
    if (std::exchange(busy_, true)) return;
    if (thread_.joinable()) thread_.join();  // it has let go of the mutex for the last time
    thread_ = std::thread([this] {
        std::unique_lock lock(mutex_);
        while (next_) {
            const auto work = std::exchange(next_, nullptr);
            lock.unlock();
            work();
            lock.lock();
        }
        busy_ = false;
    });
}

void Background::stop() {
    bool ours = false;
    {
        const std::lock_guard lock(mutex_);
        next_ = nullptr;
        ours = busy_ && !interrupted();
    }
    if (!thread_.joinable()) return;
    if (ours) interrupt_now();
    thread_.join();
    if (ours) clear_interrupt();
}

Image ImageBuilder::look() const {
    Image image;
    image.ready = std::all_of(variants_.begin(), variants_.end(),
                              [](const std::string& variant) { return image::find(variant).has_value(); });
    return image;
}

void ImageBuilder::build() {
    if (building_.exchange(true)) return;
    background_.start([this] {
        PostedProgress progress(mailbox_);
        Image image;
        for (const std::string& variant : variants_) {
            const auto built = image::ensure(variant, progress);
            if (built) continue;
            image.error = one_line(built.error());
            break;
        }
        image.ready = image.error.empty();
        building_ = false;
        mailbox_.post(ImageChanged{image});
    });
}

void EditorFiles::refresh() {
    background_.start([this] {
        NoProgress progress;
        const auto written = reader::write_editor_support(workspace_, catalogue_, progress);
        if (!written && written.error().code != "cancelled") mailbox_.post(Noticed{one_line(written.error())});
    });
}

}  // namespace ferrule::workbench
