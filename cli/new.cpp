// For instructors: a course, a lesson or an exercise to start from.
#include <fmt/format.h>

#include <iostream>
#include <memory>

#include "cli/command.hpp"
#include "lessons/reader/scaffold.hpp"

namespace ferrule::cli {

namespace {

struct Options {
    std::string name, id, title, language;
};

std::vector<std::string> pieces_of(const std::string& name) {
    std::vector<std::string> out{""};
    for (const char c : name)
        if (c == '/')
            out.emplace_back();
        else
            out.back() += c;
    return out;
}

// The one that is written to.
Result<const reader::Course*> the_course(const reader::Catalogue& catalogue) {
    if (catalogue.courses.size() == 1) return &catalogue.courses.front();
    return fail("which-course", fmt::format("FERRULE_COURSE names {} courses", catalogue.courses.size()),
                "Say which one with --course DIR.");
}

Result<int> new_course(const Options& options) {
    const fs::path folder = options.name;
    const std::string id = options.id.empty() ? folder.filename().string() : options.id;
    FERRULE_TRY(const fs::path made,
                reader::new_course(folder, id, options.title.empty() ? "TODO: the course's title" : options.title));
    std::cout << fmt::format("The course is in {0}. Then: ferrule --course {0} new lesson PART/NAME\n", made.string());
    return kPass;
}

Result<int> new_lesson(const Options& options) {
    const auto pieces = pieces_of(options.name);
    if (pieces.size() != 2)
        return fail("new-name", fmt::format("found \"{}\" as the name of a lesson", options.name),
                    "Expected PART/NAME, as in locks/lock-order.");
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const auto* course, the_course(catalogue));
    FERRULE_TRY(const fs::path pattern, reader::default_template());
    FERRULE_TRY(const fs::path made, reader::new_lesson(*course, pieces[0], pieces[1], pattern));
    std::cout << fmt::format("The lesson is in {}. Then: ferrule preview {}, and ferrule new exercise {}/NAME\n",
                             (made / "lesson.md").string(), course->whole(options.name), options.name);
    return kPass;
}

Result<int> new_exercise(const Options& options) {
    const auto pieces = pieces_of(options.name);
    if (pieces.size() != 3)
        return fail("new-name", fmt::format("found \"{}\" as the name of an exercise", options.name),
                    "Expected PART/LESSON/NAME, as in locks/lock-order/transfer.");
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const auto* course, the_course(catalogue));
    FERRULE_TRY(const fs::path pattern, reader::default_template());
    std::vector<grader::Language> languages = {grader::Language::c, grader::Language::rust};
    if (!options.language.empty()) languages = {*grader::language_from(options.language)};  // the parser has looked
    FERRULE_TRY(const fs::path made,
                reader::new_exercise(catalogue, *course, pieces[0], pieces[1], pieces[2], languages, pattern));
    std::cout << fmt::format(
        "The exercise is in {}: a driver that works, to be replaced by yours. Then: ferrule check "
        "{}\n",
        made.string(), course->whole(pieces[2]));
    return kPass;
}

}  // namespace

void add_new(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command =
        app.add_subcommand("new", "for instructors: a course, lesson or exercise that passes check but for its TODOs");
    command->require_subcommand(1);
    const auto add = [&](const char* name, const char* does, const char* argument, const char* means, auto action) {
        CLI::App* one = command->add_subcommand(name, does);
        one->add_option(argument, options->name, means)->required();
        one->callback(
            [options, &invocation, action] { invocation.action = [options, action] { return action(*options); }; });
        return one;
    };
    add("lesson", "a lesson, with a part for it when there is none", "NAME", "PART/NAME", new_lesson);
    CLI::App* exercise = add("exercise", "an exercise of a lesson", "NAME", "PART/LESSON/NAME", new_exercise);
    add_language_option(*exercise, options->language);
    CLI::App* course = add("course", "a course of your own", "DIR", "the folder to make", new_course);
    course->add_option("--id", options->id, "what its exercises' ids begin with; the folder's name when left out");
    course->add_option("--title", options->title, "what learners see");
}

}  // namespace ferrule::cli
