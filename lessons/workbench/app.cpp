#include "lessons/workbench/app.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <ctime>

#include "lessons/reader/compare.hpp"
#include "lessons/reader/help.hpp"
#include "lessons/reader/highlight.hpp"
#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/course.hpp"
#include "lessons/workbench/display.hpp"
#include "lessons/workbench/draw.hpp"
#include "lessons/workbench/guest_shell.hpp"
#include "lessons/workbench/jobs.hpp"
#include "lessons/workbench/pane.hpp"
#include "lessons/workbench/pty_child.hpp"
#include "lessons/workbench/stream.hpp"
#include "lessons/workbench/update.hpp"
#include "lessons/workbench/watch.hpp"
#include "sandbox/base/check.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::workbench {
namespace {

constexpr size_t kReadAtOnce = 65536;     // bytes of a program's output between two looks at the keyboard
constexpr double kWorkNoted = 20;                   // seconds
constexpr int kFrame = 16, kIdle = 1000;  // milliseconds

// A program in a pane, whatever it is: bytes both ways.
struct Program {
    std::unique_ptr<Pane> pane;
    std::string to_write;  // keys and answers that it has not read yet
    size_t back = 0;
    bool changed = false;
};

std::vector<std::string> words_of(const std::string& command) {
    // $EDITOR may have arguments; what is quoted is the shell's business.
    return {"/bin/sh", "-c", command + " \"$@\"", "editor"};
}

std::string editor_command() {
    for (const char* name : {"VISUAL", "EDITOR"})
        if (const char* value = std::getenv(name); value && *value) return value;
    for (const char* known : {"/usr/bin/sensible-editor", "/usr/bin/editor", "/usr/bin/nano"})
        if (::access(known, X_OK) == 0) return known;
    return "vi";
}

std::string last_words(const Pane& pane) {
    for (size_t line = pane.lines(); line-- > 0;)
        if (const std::string text = pane.line_text(line); !text.empty()) return text;
    return "it said nothing";
}

reader::Line plain_line(const std::string& text) { return {{reader::printable(text), {}}}; }

class App {
public:
    App(const Setup& setup, Course course, std::unique_ptr<Display> display)
        : setup_(setup), display_(std::move(display)), grader_(mailbox_), images_(mailbox_, setup.catalogue.kernels()), editor_files_(mailbox_, setup.workspace, setup.catalogue) {
        state_.course = std::move(course);
        for (const LessonEntry& lesson : state_.course) written_[lesson.id] = written(lesson.id);
    }

    Result<int> run() {
        if (const auto note = setup_.store.note("place")) restore_place(state_, *note);
        open_at(state_, setup_.id);
        state_.image = images_.look();
        happen(Resized{display_->rows(), display_->columns()});
        follow();
        if (setup_.build_image && !state_.image.ready) images_.build();
        while (!state_.quitting && !interrupted()) {
            show();
            wait();
            happen(Tick{now()});
            take_keys();
            for (Event& event : mailbox_.take()) happen(event);
            serve_editor();
            serve_console();
            if (watch_.saved()) happen(Saved{state_.exercise, state_.language});
            look_at_lesson();
            follow();
        }
        display_.reset();  // before what may take a moment to end
        images_.stop();
        editor_files_.stop();
        return 0;
    }

private:
    static double now() {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    }

    // --- the loop

    void show() {
        Surface screen = draw(state_);
        if (screen == shown_) return;
        display_->show(screen);
        shown_ = std::move(screen);
        shown_at_ = now();
    }

    void wait() {
        std::vector<pollfd> fds = {{STDIN_FILENO, POLLIN, 0}, {mailbox_.fd(), POLLIN, 0}, {interrupt_fd(), POLLIN, 0}};
        if (watch_.fd() >= 0) fds.push_back({watch_.fd(), POLLIN, 0});
        const auto program = [&](int fd, const Program& one) {
            fds.push_back({fd, static_cast<short>(POLLIN | (one.to_write.empty() ? 0 : POLLOUT)), 0});
        };
        if (child_) program(child_->fd(), editor_);
        if (shell_) program(shell_->fd(), console_);
        // A program that floods is drawn at most once a frame.
        const bool busy = state_.grading.running;
        ::poll(fds.data(), fds.size(), busy ? 200 : kIdle);
        const double left = kFrame / 1000.0 - (now() - shown_at_);
        const bool typed = (fds[0].revents & POLLIN) != 0;
        if (left > 0 && !typed) ::poll(fds.data(), 1, static_cast<int>(left * 1000));
    }

    void take_keys() {
        while (auto key = display_->read()) {
            happen(*key);
            note_work();
        }
        if (display_->rows() != state_.rows || display_->columns() != state_.columns)
            happen(Resized{display_->rows(), display_->columns()});
    }

    // For the time spent. Not at each key: a session is seen by its ends.
    void note_work() {
        if (state_.exercise.empty() || now() - noted_ < kWorkNoted) return;
        noted_ = now();
        (void)setup_.store.worked(state_.exercise, state_.language, std::time(nullptr));
    }

    void happen(const Event& event) {
        std::vector<Request> requests = update(state_, event);
        const bool started = std::holds_alternative<Started>(event);
        const auto* image = std::get_if<ImageChanged>(&event);
        if (started || std::holds_alternative<Graded>(event)) read_again();
        if (started || (image && image->image.ready)) editor_files_.refresh();
        for (const Request& request : requests) perform(request);
        const Area area = pane_area(state_);
        for (Program* one : {&editor_, &console_})
            if (one->pane && (one->pane->rows() != area.rows || one->pane->columns() != area.columns)) {
                one->pane->resize(area.rows, area.columns);
                one->changed = true;
                if (one == &editor_ && child_) child_->resize(area.rows, area.columns);
                if (one == &console_ && shell_) shell_->resize(area.rows, area.columns);
            }
    }

    void read_again() {
        for (const LessonEntry& lesson : state_.course) written_[lesson.id] = written(lesson.id);
        if (auto course = read_course(setup_.catalogue, setup_.store, setup_.workspace))
            update(state_, CourseRead{std::move(*course)});
    }

    fs::file_time_type written(const std::string& lesson) const {
        const reader::Lesson* found = setup_.catalogue.find_lesson(lesson);
        std::error_code code;
        const auto at = found ? fs::last_write_time(found->text, code) : fs::file_time_type();
        return code ? fs::file_time_type() : at;
    }

    // The lesson that is open may be one that somebody is writing.
    void look_at_lesson() {
        const std::string id = lesson_of(state_).id;
        const bool opened = id != lesson_seen_, saved = written(id) != written_[id];
        if (!opened && !saved) return;
        lesson_seen_ = id;
        if (saved) read_again();
        if (!setup_.problem) return;
        if (const std::string problem = setup_.problem(id); !problem.empty() || saved)
            happen(Noticed{problem.empty() ? "nothing is wrong with this text" : problem});
    }

    // The folder of what is worked at; it may have been started in another terminal.
    void follow() {
        const auto* exercise = state_.exercise.empty() ? nullptr : chosen();
        if (exercise && setup_.workspace.started(*exercise, language()))
            watch_.follow(setup_.workspace.folder(*exercise, language()));
    }

    // --- requests

    const grader::Exercise* chosen() const {
        const auto found = setup_.catalogue.find(state_.exercise);
        return found ? *found : nullptr;
    }
    grader::Language language() const {
        return state_.language == "rust" ? grader::Language::rust : grader::Language::c;
    }

    Program& program_of(Tab tab) { return tab == Tab::editor ? editor_ : console_; }

    void complain(const Error& error) { happen(Noticed{one_line(error)}); }

    void perform(const Request& request) {
        const grader::Exercise* exercise = chosen();
        switch (request.kind) {
            case Request::start:
                if (!exercise) return;
                if (const auto started = setup_.workspace.start(*exercise, language()); !started)
                    return complain(started.error());
                return happen(Started{request.exercise, request.language});
            case Request::grade: return grade(exercise);
            case Request::cancel: return grader_.cancel();
            case Request::edit: return edit(exercise, request.text, request.number);
            case Request::open_console: return open_console(exercise);
            case Request::press: {
                Program& program = program_of(request.tab);
                if (program.pane) program.pane->press(request.key);
                return;
            }
            case Request::look: {
                Program& program = program_of(request.tab);
                program.back = request.number;
                program.changed = true;
                return;
            }
            case Request::copy: return copy(request);
            case Request::hint: return hint(exercise);
            case Request::solution: return solution(exercise);
            case Request::compare: return compare(exercise, static_cast<int>(request.number));
            case Request::build_image: return images_.build();
            case Request::remember: (void)setup_.store.set_note("place", place_note(state_)); return;
            case Request::repaint:
                display_->repair();
                shown_ = {};
                return;
            case Request::quit: return;
        }
    }

    void grade(const grader::Exercise* exercise) {
        if (!exercise) return;
        if (!setup_.workspace.started(*exercise, language())) {
            happen(Graded{"", {plain_line("Nothing is written yet: e opens the starter in your editor.")}, {}});
            return;
        }
        grader_.grade(*exercise, language(), setup_.workspace.folder(*exercise, language()),
                      pane_area(state_).columns);
    }

    void hint(const grader::Exercise* exercise) {
        if (!exercise) return;
        const auto lines = reader::next_hint(setup_.store, *exercise, language());
        if (!lines) return complain(lines.error());
        Told told;
        std::string text;
        // As a paragraph each, so that they are wrapped.
        for (const std::string& line : *lines) text += line + "\n\n";
        told.lines = reader::render_markdown(text, std::max(pane_area(state_).columns - 2, 20));
        happen(told);
    }

    // Never before the exercise is passed: the command line asks, here one has to go there on purpose.
    bool may_see_solution(const grader::Exercise& exercise) {
        const auto progress = setup_.store.progress(exercise.id, state_.language);
        if (!progress) complain(progress.error());
        if (progress && !progress->passed)
            happen(Noticed{fmt::format("not passed yet: h gives hints; `ferrule solution {}` shows it all the same",
                                       exercise.id)});
        return progress && progress->passed;
    }

    void compare(const grader::Exercise* exercise, int columns) {
        if (!exercise || !may_see_solution(*exercise)) return;
        const auto mutants = grader::load_mutants(*exercise);
        if (!mutants) return complain(mutants.error());
        const auto lines = reader::compare_languages(*exercise, *mutants, columns);
        if (!lines) return complain(lines.error());
        happen(Compared{*lines});
    }

    void solution(const grader::Exercise* exercise) {
        if (!exercise || !may_see_solution(*exercise)) return;
        const auto files = reader::solution_files(*exercise, language());
        if (!files) return complain(files.error());
        Told told;
        for (const reader::SolutionFile& file : *files) {
            told.lines.push_back({{file.name, {reader::Role::heading, true}}});
            for (reader::Line& line : reader::highlight(file.text, state_.language))
                told.lines.push_back(std::move(line));
        }
        happen(told);
    }

    void copy(const Request& request) {
        const Program& program = program_of(request.tab);
        std::string text;
        if (program.pane)
            for (size_t line = request.number; line <= request.number2; ++line)
                text += program.pane->line_text(line) + "\n";
        display_->copy(text);
    }

    // --- the editor

    void edit(const grader::Exercise* exercise, const std::string& file, size_t line) {
        if (!exercise || !setup_.workspace.started(*exercise, language())) return;
        const fs::path folder = setup_.workspace.folder(*exercise, language());
        const std::string key = folder.string();
        if (child_ && edited_ == key) {
            if (line > 0) jump(*exercise, folder, file, line);
            return;
        }
        child_.reset();
        std::vector<std::string> argv = words_of(editor_command());
        if (line > 0) argv.push_back(fmt::format("+{}", line));
        argv.push_back(file.empty() ? main_file(*exercise, folder) : file);
        const Area area = pane_area(state_);
        auto child = PtyChild::start(argv, folder.string(), {{"TERM", "xterm-256color"}, {"COLORTERM", ""}}, area.rows,
                                     area.columns);
        if (!child) return complain(child.error());
        child_.emplace(std::move(*child));
        edited_ = key;
        editor_ = {std::make_unique<Pane>(area.rows, area.columns), "", 0, true};
        publish(Tab::editor, editor_, true);
    }

    std::string main_file(const grader::Exercise& exercise, const fs::path& folder) const {
        const std::string suffix = language() == grader::Language::rust ? ".rs" : ".c";
        std::error_code code;
        if (fs::exists(folder / (exercise.module + suffix), code)) return exercise.module + suffix;
        for (const auto& entry : fs::directory_iterator(folder, code))
            if (entry.path().extension() == suffix) return entry.path().filename().string();
        return exercise.module + suffix;
    }

    // Of an exercise with one file the editor shows that one; else the file has to be named too. Editors of the vi
    // family, helix, and nano (Ctrl-_); others are left alone.
    void jump(const grader::Exercise& exercise, const fs::path& folder, const std::string& file, size_t line) {
        const std::string command = editor_command();
        const auto is = [&](const char* name) { return command.find(name) != std::string::npos; };
        const auto sources = build::read_sources(folder, language(), exercise.module);
        const bool named = !file.empty() && sources && sources->files.size() > 1;
        if (is("hx") || is("helix"))
            editor_.to_write += named ? fmt::format("\x1b\x1b:open {}:{}\r", file, line)
                                      : fmt::format("\x1b\x1b:{}\r", line);
        else if (is("vi"))
            editor_.to_write += named ? fmt::format("\x1b\x1b:e +{} {}\r", line, file)
                                      : fmt::format("\x1b\x1b:{}\r", line);
        else if (is("nano") && !named)
            editor_.to_write += fmt::format("\x1f{}\r", line);
        else
            happen(Noticed{fmt::format("{}:{}", file, line)});
    }

    void serve_editor() {
        if (!child_) return;
        bool open = exchange(editor_, child_->fd());
        std::string trouble;
        if (!open || !child_->running()) {
            if (!child_->running() && child_->status() != 0) trouble = last_words(*editor_.pane);
            child_.reset();
            edited_.clear();
            open = false;
        }
        publish(Tab::editor, editor_, open);
        if (!trouble.empty()) happen(Noticed{"the editor ended: " + trouble});
    }

    // --- the shell in the guest

    void open_console(const grader::Exercise* exercise) {
        if (!exercise || shell_) return;
        if (!setup_.workspace.started(*exercise, language())) {
            happen(Noticed{"nothing is written yet: e opens the starter in your editor"});
            return;
        }
        const Area area = pane_area(state_);
        console_ = {std::make_unique<Pane>(area.rows, area.columns), "", 0, true};
        shell_ = std::make_unique<GuestShell>(*exercise, language(), setup_.workspace.folder(*exercise, language()),
                                              area.rows, area.columns);
        publish(Tab::console, console_, true);
    }

    void serve_console() {
        if (!shell_) return;
        const bool open = exchange(console_, shell_->fd());
        if (!open) shell_.reset();
        publish(Tab::console, console_, open);
    }

    // False: the program has ended.
    static bool exchange(Program& program, int fd) {
        const std::optional<std::string> bytes = read_some(fd, kReadAtOnce);
        if (bytes && !bytes->empty()) {
            program.pane->write(*bytes);
            program.changed = true;
        }
        program.to_write += program.pane->take_replies();
        if (!program.to_write.empty()) program.to_write.erase(0, write_some(fd, program.to_write));
        return bytes.has_value();
    }

    void publish(Tab tab, Program& program, bool open) {
        const bool was = (tab == Tab::editor ? state_.editor : state_.console).open;
        if (!program.pane || (!program.changed && was == open)) return;
        program.changed = false;
        happen(PaneChanged{tab, open, program.pane->view(program.back), program.pane->history()});
        if (!open) program.to_write.clear();
    }

    const Setup& setup_;
    State state_;
    std::unique_ptr<Display> display_;
    Mailbox mailbox_;
    Grader grader_;
    ImageBuilder images_;
    EditorFiles editor_files_;
    Watch watch_;
    Program editor_, console_;
    std::optional<PtyChild> child_;
    std::string edited_;  // folder of what the editor has open
    std::unique_ptr<GuestShell> shell_;
    Surface shown_;
    double shown_at_ = 0;
    double noted_ = -kWorkNoted;
    std::map<std::string, fs::file_time_type> written_;  // by lesson: the file whose text is in the state
    std::string lesson_seen_;                            // the lesson that was open last
};

}  // namespace

Result<int> run_workbench(const Setup& setup) {
    FERRULE_TRY(auto course, read_course(setup.catalogue, setup.store, setup.workspace));
    FERRULE_CHECK(!course.empty());
    FERRULE_TRY(auto display, Display::open());
    return App(setup, std::move(course), std::move(display)).run();
}

}  // namespace ferrule::workbench
