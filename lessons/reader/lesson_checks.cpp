#include "lessons/reader/lesson_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>
#include <sstream>

#include "lessons/reader/lesson_text.hpp"

namespace ferrule::reader {

namespace {

// What the reader colours, and plain text.
constexpr std::array kLanguages = {"c", "rust", "diff", "sh", "toml", "console", "text"};

class Report {
public:
    Report(fs::path file, std::vector<std::string>& out) : file_(std::move(file)), out_(out) {}
    void add(int line, const std::string& words) {
        out_.push_back(fmt::format("{}:{}: {}", file_.string(), std::max(line, 1), words));
    }

private:
    fs::path file_;
    std::vector<std::string>& out_;
};

void check_headings(const LessonText& lesson, Report& report) {
    for (size_t i = 0; i < lesson.headings.size(); ++i) {
        const Heading& heading = lesson.headings[i];
        if (i > 0 && heading.level == 1)
            report.add(heading.line, fmt::format("found a second title, \"{}\"; expected `##`", heading.text));
        else if (i == 0 && heading.level != 1)
            report.add(heading.line, "found a section before the title; expected `# Title` first");
    }
}

void check_blocks(const LessonText& lesson, Report& report) {
    for (const CodeBlock& block : lesson.blocks) {
        if (std::find(kLanguages.begin(), kLanguages.end(), block.language) == kLanguages.end())
            report.add(block.line - 1,
                       fmt::format("found a code block of {}; expected one of {}",
                                   block.language.empty() ? "no language" : "\"" + block.language + "\"",
                                   fmt::join(kLanguages, ", ")));
        else if (block.complete && block.language != "c" && block.language != "rust")
            report.add(block.line - 1, "found a complete block that is not c or rust; expected a module");
    }
}

bool has_anchor(const LessonText& lesson, const std::string& anchor) {
    return std::any_of(lesson.headings.begin(), lesson.headings.end(),
                       [&](const Heading& heading) { return anchor_of(heading.text) == anchor; });
}

void check_link(const Catalogue& catalogue, const Lesson& lesson, const LessonText& text, const TextPiece& link,
                Report& report) {
    if (link.text.starts_with("https://") || link.text.starts_with("http://")) return;
    const size_t hash = std::min(link.text.find('#'), link.text.size());
    const std::string path = link.text.substr(0, hash), anchor = link.text.substr(std::min(hash + 1, link.text.size()));
    if (path.empty()) {
        if (!has_anchor(text, anchor))
            report.add(link.line, fmt::format("found a link to #{}; expected a heading of this lesson", anchor));
        return;
    }
    const fs::path target = (lesson.text.parent_path() / path).lexically_normal();
    for (const Part& part : catalogue.parts)
        for (const Lesson& other : part.lessons) {
            if (other.text.lexically_normal() != target) continue;
            const auto read = read_file(other.text, 4u << 20);
            if (!anchor.empty() && read && !has_anchor(read_lesson(*read), anchor))
                report.add(link.line, fmt::format("found a link to #{}; expected a heading of {}", anchor, other.id));
            return;
        }
    report.add(link.line, fmt::format("found a link to {}; expected a lesson of the course, as "
                                      "../../PART/LESSON/lesson.md, or https://…",
                                      link.text));
}

// "include/linux/slab.h", and what stands for several: "rust/kernel/sync/". With a line number or a wildcard it is no
// name.
bool is_kernel_path(const std::string& text) {
    static const std::regex path(
        "(Documentation|arch|block|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|samples|scripts|"
        "security|sound|tools|virt)(/[A-Za-z0-9_.+-]+)+/?");
    return std::regex_match(text, path);
}

// Every exercise is started somewhere in its lesson, and what is started is an exercise.
void check_exercises_named(const Catalogue& catalogue, const Lesson& lesson, const std::string& text, Report& report) {
    for (const grader::Exercise& exercise : lesson.exercises)
        if (mention_of(text, exercise.id) == std::string::npos)
            report.add(line_at(text, text.size()), fmt::format("found no word of the exercise {}; expected "
                                                               "`ferrule start {}` in the lesson's task",
                                                               exercise.folder.filename().string(), exercise.id));
    static const std::regex command("ferrule (start|grade|hint|solution) ([a-z0-9][a-z0-9.-]*)");
    for (std::sregex_iterator it(text.begin(), text.end(), command), end; it != end; ++it)
        if (const auto found = catalogue.find((*it)[2].str()); !found)
            report.add(line_at(text, static_cast<size_t>(it->position())),
                       fmt::format("found `{}`; expected an exercise of the course", it->str()));
}

}  // namespace

fs::path kernel_source(const image::Image& image) { return image.toolchain.root / "usr" / "src" / "linux"; }

std::vector<std::string> lesson_problems(const Catalogue& catalogue, const Lesson& lesson, const std::string& text,
                                         const std::optional<fs::path>& source) {
    std::vector<std::string> out;
    Report report(lesson.text, out);
    const LessonText read = read_lesson(text);
    // In code it may be a starter's.
    const auto in_block = [&](int line) {
        return std::any_of(read.blocks.begin(), read.blocks.end(), [&](const CodeBlock& block) {
            return line >= block.line && line < block.line + std::count(block.text.begin(), block.text.end(), '\n');
        });
    };
    for (size_t todo = text.find("TODO"); todo != std::string::npos; todo = text.find("TODO", todo + 1))
        if (const int line = line_at(text, todo); !in_block(line)) {
            report.add(line, "found TODO; expected a lesson that is written to its end");
            break;
        }
    check_headings(read, report);
    check_blocks(read, report);
    for (const TextPiece& link : read.links) check_link(catalogue, lesson, read, link, report);
    for (const TextPiece& code : read.code) {
        std::error_code error;
        if (source && is_kernel_path(code.text) && !fs::exists(*source / code.text, error))
            report.add(code.line, fmt::format("found `{}`; expected a file of this kernel's source", code.text));
    }
    check_exercises_named(catalogue, lesson, text, report);
    return out;
}

std::vector<CompleteBlock> complete_blocks(const std::string& text) {
    std::vector<CompleteBlock> out;
    static const std::regex rust_name("\\bname: *\"([a-z][a-z0-9_]*)\"");
    for (const CodeBlock& block : read_lesson(text).blocks) {
        if (!block.complete) continue;
        build::SourceSet sources{build::Language::c, "example", {}};
        if (block.language == "rust") {
            sources.language = build::Language::rust;
            std::smatch name;
            if (std::regex_search(block.text, name, rust_name)) sources.module = name[1].str();
        }
        sources.files.push_back({sources.module + (block.language == "rust" ? ".rs" : ".c"), block.text});
        out.push_back({block.line, std::move(sources)});
    }
    return out;
}

Result<std::vector<std::string>> build_problems(const Lesson& lesson, const std::string& text,
                                                const image::Image& image) {
    std::vector<std::string> out;
    Report report(lesson.text, out);
    for (const CompleteBlock& block : complete_blocks(text)) {
        FERRULE_TRY(const auto built, build::build_module(image, block.sources));
        const size_t before = out.size();
        // A warning in a lesson is a mistake as well: readers take it over.
        for (const build::Diagnostic& one : built.diagnostics)
            report.add(
                block.line + std::max(one.line, 1) - 1,
                fmt::format("{}: {}: {}", one.tool, one.severity, one.message.substr(0, one.message.find('\n'))));
        if (!built.ok && out.size() == before) report.add(block.line, "the block does not build");
    }
    return out;
}

namespace {

void check_ids(const Catalogue& catalogue, const Course& course, std::vector<std::string>& out) {
    const fs::path file = course.folder / "ids.txt";
    Report report(file, out);
    const auto text = read_file(file, 1u << 20);
    if (!text) {
        report.add(1, "found no such file; expected the id of every exercise, one a line");
        return;
    }
    const std::string prefix = course.whole("");
    std::set<std::string> there, listed;
    for (const grader::Exercise* exercise : catalogue.exercises())
        if (exercise->id.starts_with(prefix) && exercise->id.find('.', prefix.size()) == std::string::npos)
            there.insert(exercise->id.substr(prefix.size()));
    std::istringstream lines(*text);
    int number = 0;
    for (std::string line; std::getline(lines, line);) {
        ++number;
        if (line.empty() || line[0] == '#') continue;
        if (!listed.insert(line).second) report.add(number, fmt::format("found \"{}\" twice; expected it once", line));
        if (!there.count(line))
            report.add(number, fmt::format("found \"{}\", and no exercise of that id; expected it for ever: learners' "
                                           "progress is kept by it",
                                           line));
    }
    for (const std::string& id : there)
        if (!listed.count(id))
            report.add(number + 1, fmt::format("found no \"{}\"; expected every exercise's id: add it", id));
}

// Lessons that course.toml does not name, and files that nobody reads.
void check_stray(const Catalogue& catalogue, const Course& course, std::vector<std::string>& out) {
    std::set<fs::path> known;
    for (const Part& part : catalogue.parts)
        for (const Lesson& lesson : part.lessons) {
            known.insert(lesson.text.parent_path().parent_path().lexically_normal());
            known.insert(lesson.text.lexically_normal());
            known.insert(lesson.text.parent_path().lexically_normal());
            for (const grader::Exercise& one : lesson.exercises) known.insert(one.folder.lexically_normal());
        }
    for (const char* name : {"course.toml", "ids.txt", "README.md", "LICENSE", ".git", ".gitignore"})
        known.insert((course.folder / name).lexically_normal());
    std::vector<std::string> found;
    std::error_code code;
    for (fs::recursive_directory_iterator it(course.folder, code), end; !code && it != end; it.increment(code)) {
        const fs::path path = it->path().lexically_normal();
        const bool folder = it->is_directory(code) && !it->is_symlink(code);
        if (!known.count(path))
            found.push_back(
                fmt::format("{}:1: found what nobody reads; expected only lessons that course.toml names, and "
                            "their exercises",
                            path.string()));
        // An exercise's own files are looked at with the exercise.
        if (folder && (!known.count(path) || path.filename() == ".git" || fs::exists(path / "exercise.toml", code)))
            it.disable_recursion_pending();
    }
    if (code) found.push_back(fmt::format("{}:1: cannot be listed: {}", course.folder.string(), code.message()));
    std::sort(found.begin(), found.end());
    out.insert(out.end(), found.begin(), found.end());
}

}  // namespace

std::vector<std::string> course_problems(const Catalogue& catalogue, const Course& course) {
    std::vector<std::string> out;
    check_ids(catalogue, course, out);
    check_stray(catalogue, course, out);
    return out;
}

}  // namespace ferrule::reader
