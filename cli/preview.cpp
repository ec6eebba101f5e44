// For who writes a lesson: it opens as learners will see it, is read again whenever it is saved, and the last line says
// what is wrong with its text. Without a screen: the text, and what is wrong with it.
#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "lessons/reader/lesson_checks.hpp"
#include "lessons/reader/markdown.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/workbench/app.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::cli {

namespace {

// PART/LESSON, an exercise's id, or a file or folder of the course.
Result<const reader::Lesson*> find(const reader::Catalogue& catalogue, const std::string& given) {
    std::error_code code;
    if (!catalogue.find_lesson(given) && fs::exists(given, code)) {
        const fs::path path = fs::canonical(given, code);
        for (const auto& part : catalogue.parts)
            for (const auto& lesson : part.lessons) {
                const fs::path folder = fs::canonical(lesson.text.parent_path(), code);
                if (path == folder || path.parent_path() == folder) return &lesson;
            }
        return fail("no-lesson", fmt::format("no lesson of the course is {}", given),
                    "Add it to course.toml; `ferrule new lesson PART/NAME` does.");
    }
    return catalogue.lesson_for(given);
}

Result<std::vector<std::string>> problems_of(const reader::Catalogue& catalogue, const reader::Lesson& lesson) {
    FERRULE_TRY(const std::string text, read_file(lesson.text, 4u << 20));
    // Only to look whether the files that are named are there: without an image they are not looked for.
    const auto image = image::find("mem");
    return lesson_problems(catalogue, lesson, text,
                           image ? std::optional(reader::kernel_source(*image)) : std::nullopt);
}

Result<int> preview(const std::string& given) {
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const auto* lesson, find(catalogue, given));
    if (reader::is_terminal(STDIN_FILENO) && reader::is_terminal(STDOUT_FILENO)) {
        FERRULE_TRY(auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
        const reader::Workspace workspace(reader::Workspace::default_root());
        workbench::Setup setup{catalogue, store, workspace, lesson->id, false};
        setup.problem = [&](const std::string& id) -> std::string {
            const auto problems = problems_of(catalogue, *catalogue.find_lesson(id));
            if (!problems) return error_line(problems.error());
            if (problems->empty()) return {};
            // The file is what one looks at: its line is enough.
            const std::string file = catalogue.find_lesson(id)->text.string() + ":";
            const std::string first = problems->front();
            return (first.starts_with(file) ? "line " + first.substr(file.size()) : first) +
                   (problems->size() > 1 ? fmt::format(" (and {} more)", problems->size() - 1) : "");
        };
        return workbench::run_workbench(setup);
    }
    FERRULE_TRY(const std::string text, read_file(lesson->text, 4u << 20));
    for (const auto& line : reader::render_markdown(text, 80))
        std::cout << reader::to_text(line, reader::look_of(STDOUT_FILENO)) << "\n";
    FERRULE_TRY(const auto problems, problems_of(catalogue, *lesson));
    std::cout << std::flush;
    for (const std::string& problem : problems) std::cerr << problem << "\n";
    return problems.empty() ? kPass : kFail;
}

}  // namespace

void add_preview(CLI::App& app, Invocation& invocation) {
    auto given = std::make_shared<std::string>();
    CLI::App* command =
        app.add_subcommand("preview", "for instructors: a lesson as learners see it, read again when it is saved");
    command->add_option("LESSON", *given, "PART/LESSON, an exercise's id, or the file")->required();
    command->callback([given, &invocation] { invocation.action = [given] { return preview(*given); }; });
}

}  // namespace ferrule::cli
