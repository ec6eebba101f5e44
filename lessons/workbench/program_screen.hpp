// The real program in a terminal of our own, whose screen libvterm reads: for tests, the benchmark and the tour.
#pragma once

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <thread>

#include "lessons/workbench/pane.hpp"
#include "lessons/workbench/pty_child.hpp"
#include "sandbox/base/files.hpp"

namespace ferrule::workbench {

struct ScreenOptions {
    std::string cache;  // XDG_CACHE_HOME; empty: one without an image, below home
    int rows = 30, columns = 140;
    std::string editor = "vim -u NONE -N";
    std::vector<std::pair<std::string, std::string>> environment = {};  // over what is set here
    std::function<void(std::string_view)> on_output = {};               // bytes, as they come
    std::vector<std::string> arguments = {"learn"};
};

// Whatever goes wrong is thrown, with the screen as it was.
class ProgramScreen {
public:
    ProgramScreen(const std::string& program, const fs::path& home, const ScreenOptions& options = {})
        : on_output_(options.on_output), pane_(options.rows, options.columns) {
        std::vector<std::pair<std::string, std::string>> environment = {
            {"HOME", home.string()},
            {"TERM", "xterm-256color"},
            {"LANG", "C.UTF-8"},
            {"VISUAL", ""},
            {"EDITOR", options.editor},
            {"FERRULE_WORKSPACE", (home / "work").string()},
            {"XDG_DATA_HOME", (home / "data").string()},
            {"XDG_CACHE_HOME", options.cache.empty() ? (home / "cache").string() : options.cache}};
        for (const auto& [name, value] : options.environment) {
            std::erase_if(environment, [&, &name = name](const auto& one) { return one.first == name; });
            environment.emplace_back(name, value);
        }
        std::vector<std::string> argv = {program};
        argv.insert(argv.end(), options.arguments.begin(), options.arguments.end());
        auto child = PtyChild::start(argv, home.string(), environment, options.rows, options.columns);
        if (!child) throw std::runtime_error(child.error().message);
        child_.emplace(std::move(*child));
    }

    void type(const std::string& bytes) {
        for (size_t at = 0; at < bytes.size();) {
            at += child_->write(std::string_view(bytes).substr(at));
            if (at < bytes.size()) serve();
        }
    }
    // A bar in the keys is a pause: Escape is a key of its own only when nothing follows at once.
    void type_with_pauses(const std::string& keys) {
        for (size_t at = 0, end; at <= keys.size(); at = end + 1) {
            if (at > 0) serve_for(0.3);
            end = std::min(keys.find('|', at), keys.size());
            type(keys.substr(at, end - at));
        }
    }
    void resize(int rows, int columns) {
        pane_.resize(rows, columns);
        child_->resize(rows, columns);
    }
    std::string text() const { return pane_.view().text(); }
    // What it writes within the next 10 ms.
    void serve() {
        pollfd one{child_->fd(), POLLIN, 0};
        ::poll(&one, 1, 10);
        const auto bytes = child_->read(65536);
        if (!bytes) std::this_thread::sleep_for(std::chrono::milliseconds(10));  // it is gone: poll waits no more
        if (!bytes || bytes->empty()) return;
        if (on_output_) on_output_(*bytes);
        pane_.write(*bytes);
        const std::string replies = pane_.take_replies();
        if (!replies.empty()) child_->write(replies);
    }
    void serve_for(double seconds) {
        const auto limit = Clock::now() + std::chrono::duration<double>(seconds);
        while (Clock::now() < limit) serve();
    }
    // Until the words stand on the screen, or do not any more.
    void expect(const std::string& words, bool there = true, int seconds = 30) {
        const auto limit = Clock::now() + std::chrono::seconds(seconds);
        while ((text().find(words) != std::string::npos) != there) {
            if (Clock::now() > limit)
                throw std::runtime_error((there ? "missing: " : "still there: ") + words + "\n" + text());
            serve();
        }
    }
    // Its exit status; 1000 and more: of waitpid(2).
    int wait() {
        const auto limit = Clock::now() + std::chrono::seconds(20);
        while (child_->running() && Clock::now() < limit) serve();
        if (child_->running()) throw std::runtime_error("it does not end\n" + text());
        return WIFEXITED(child_->status()) ? WEXITSTATUS(child_->status()) : 1000 + child_->status();
    }
    void kill() { child_->kill(SIGKILL); }

private:
    using Clock = std::chrono::steady_clock;
    std::function<void(std::string_view)> on_output_;
    Pane pane_;
    std::optional<PtyChild> child_;
};

}  // namespace ferrule::workbench
