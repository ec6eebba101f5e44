// The course in the terminal: the workbench (lessons/workbench) where there is a screen. Else, and with --plain, a menu
// of lessons and exercises, a lesson a screen at a time, and what to type next.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "lessons/reader/markdown.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"
#include "lessons/workbench/app.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::cli {

namespace {

constexpr int kWidest = 100;  // longer lines are tiring to read

// Everything the menu shows, read again each time it is drawn: a second terminal may have graded meanwhile.
struct Course {
    reader::Catalogue catalogue;
    reader::ProgressStore store;
    reader::Workspace workspace;
};

Result<std::string> state_of(const Course& course, const grader::Exercise& exercise) {
    std::string states;
    for (const grader::Language language : exercise.languages) {
        FERRULE_TRY(const auto progress, course.store.progress(exercise.id, grader::name(language)));
        const std::string state = reader::word_of(progress, course.workspace.started(exercise, language));
        if (state.empty()) continue;
        states += fmt::format("{}{} {}", states.empty() ? "" : ", ", grader::name(language), state);
    }
    return states.empty() ? std::string("new") : states;
}

std::string image_notice() {
    const auto image = image::find("mem");
    if (image) return {};
    if (image.error().code == "image-missing")
        return "The kernel that judges your work is not built yet. Read on; `ferrule image build` builds it, and so "
               "does the first `ferrule grade`.";
    return image.error().message;
}

// The list without a terminal, and what to do with it.
Result<int> print_course(const Course& course) {
    for (const auto& part : course.catalogue.parts) {
        std::cout << part.title << "\n";
        for (const auto& lesson : part.lessons) {
            std::cout << "  " << lesson.title << "\n";
            for (const auto& exercise : lesson.exercises) {
                FERRULE_TRY(const std::string state, state_of(course, exercise));
                std::cout << fmt::format("    {}: {} ({} min, {})\n", exercise.id, exercise.title, exercise.minutes,
                                         state);
            }
        }
    }
    std::cout
        << "\nRead a lesson: ferrule learn EXERCISE. Begin: ferrule start EXERCISE, then ferrule grade EXERCISE.\n";
    if (const std::string notice = image_notice(); !notice.empty()) std::cout << notice << "\n";
    return 0;
}

Result<int> show_lesson(const reader::Lesson& lesson) {
    FERRULE_TRY(const std::string text, read_file(lesson.text, 4u << 20));
    const bool terminal = reader::is_terminal(STDOUT_FILENO);
    const int width = terminal ? std::min(reader::terminal_size(STDOUT_FILENO).columns, kWidest) : 80;
    std::vector<std::string> lines;
    for (const auto& line : reader::render_markdown(text, width))
        lines.push_back(reader::to_text(line, reader::look_of(STDOUT_FILENO)));
    lines.emplace_back();
    for (const auto& exercise : lesson.exercises) {
        lines.push_back(fmt::format("Exercise: {} ({} min)", exercise.title, exercise.minutes));
        std::string languages;
        for (const auto language : exercise.languages)
            languages += (languages.empty() ? "" : "|") + std::string(grader::name(language));
        lines.push_back(fmt::format("  ferrule start {} --lang {}", exercise.id, languages));
        lines.push_back(fmt::format("  ferrule grade {}", exercise.id));
    }
    reader::page(lines);
    return 0;
}

constexpr int kLeave = 0, kNotUnderstood = -1, kBuild = -2;

// A number from the menu, or one of the above.
int ask(size_t count, bool can_build) {
    std::cout << std::flush;
    const auto said = reader::ask_line(fmt::format("\nRead a lesson: 1-{}. {}q leaves. > ", count,
                                                   can_build ? "b builds the kernel now (about 15 minutes). " : ""));
    if (!said) return kLeave;
    const std::string& answer = *said;
    if (answer == "q" || answer == "quit" || answer == "exit") return kLeave;
    if (answer == "b" && can_build) return kBuild;
    if (answer.empty() || answer.size() > 4 || answer.find_first_not_of("0123456789") != std::string::npos)
        return kNotUnderstood;
    const int number = std::stoi(answer);
    return number >= 1 && static_cast<size_t>(number) <= count ? number : kNotUnderstood;
}

Result<int> menu(const Course& course) {
    for (bool notice = true;; notice = false) {
        std::vector<const reader::Lesson*> lessons;
        const int width = std::min(reader::terminal_size(STDOUT_FILENO).columns, kWidest);
        std::cout << "\n";
        for (const auto& part : course.catalogue.parts) {
            std::cout << part.title << "\n";
            for (const auto& lesson : part.lessons) {
                lessons.push_back(&lesson);
                std::cout << reader::cut(fmt::format("{:>4}  {}", lessons.size(), lesson.title), width) << "\n";
                for (const auto& exercise : lesson.exercises) {
                    FERRULE_TRY(const std::string state, state_of(course, exercise));
                    std::cout << reader::cut(
                                     fmt::format("        {} · {} min · {}", exercise.id, exercise.minutes, state),
                                     width)
                              << "\n";
                }
            }
        }
        if (lessons.empty()) return 0;
        const std::string missing = image_notice();
        if (notice && !missing.empty())
            for (const auto& line : reader::render_markdown("\n" + missing, width))
                std::cout << reader::to_text(line, reader::Look::plain) << "\n";
        const int choice = ask(lessons.size(), !missing.empty());
        if (choice == kLeave) {
            std::cout << "\n";
            return 0;
        }
        if (choice == kBuild) {
            ProgressView view;
            // A failure is explained, and can be tried again from the menu.
            if (const auto built = image::ensure("mem", view); !built && !interrupted())
                std::cerr << error_line(built.error()) << "\n";
            if (interrupted()) return 0;
        }
        if (choice < 0) continue;
        std::cout << "\n";
        FERRULE_TRY_VOID(show_lesson(*lessons[static_cast<size_t>(choice - 1)]));
        if (interrupted()) return 0;
    }
}

// What grading needs, before the course opens. A failure is explained; the course can be read all the same, and the
// menu offers another try.
Result<void> prepare_images(const reader::Catalogue& catalogue) {
    ProgressView view;
    for (const std::string& variant : catalogue.kernels()) {
        if (image::find(variant)) continue;
        std::cerr << "ferrule: building the kernel that judges your work, once. Ctrl-C stops; `ferrule learn` opens "
                     "the course without it.\n";
        const auto built = image::ensure(variant, view);
        if (interrupted()) return tl::unexpected(interrupted_error());
        if (built) continue;
        std::cerr << error_line(built.error()) << "\n";
        break;
    }
    return {};
}

struct Options {
    std::string id;
    bool prepare = false, plain = false;
};

Result<int> learn(const Options& options) {
    FERRULE_TRY(auto catalogue, load_course());
    const reader::Lesson* asked = nullptr;
    if (!options.id.empty()) {
        FERRULE_TRY(asked, catalogue.lesson_for(options.id));
    }
    const bool terminal = reader::is_terminal(STDIN_FILENO) && reader::is_terminal(STDOUT_FILENO);
    const bool screen =
        terminal && !options.plain && reader::look_of(STDOUT_FILENO) != reader::Look::plain && !catalogue.parts.empty();
    if (options.prepare && !screen) FERRULE_TRY_VOID(prepare_images(catalogue));
    if (asked && !screen) return show_lesson(*asked);
    FERRULE_TRY(auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    const reader::Workspace workspace(reader::Workspace::default_root());
    if (screen) return workbench::run_workbench({catalogue, store, workspace, options.id, options.prepare});
    const Course course{std::move(catalogue), std::move(store), workspace};
    return terminal ? menu(course) : print_course(course);
}

}  // namespace

void add_learn(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("learn", "the course in the terminal");
    command->add_option("EXERCISE", options->id, "open the lesson of this exercise, or this lesson (PART/LESSON)");
    command->add_flag("--prepare", options->prepare,
                      "build the kernel image where it is missing: in the background, or, without a screen, first");
    command->add_flag("--plain", options->plain, "lines of text and a menu, nothing drawn: for screen readers");
    command->callback([options, &invocation] { invocation.action = [options] { return learn(*options); }; });
}

}  // namespace ferrule::cli
