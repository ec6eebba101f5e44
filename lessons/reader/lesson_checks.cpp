#include "lessons/reader/lesson_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>
#include <sstream>

#include "lessons/reader/excerpts.hpp"
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

std::optional<grader::Language> language_of(const CodeBlock& block) {
    if (block.language == "c") return grader::Language::c;
    if (block.language == "rust") return grader::Language::rust;
    return std::nullopt;
}

void check_blocks(const LessonText& lesson, Report& report) {
    for (const CodeBlock& block : lesson.blocks) {
        if (std::find(kLanguages.begin(), kLanguages.end(), block.language) == kLanguages.end())
            report.add(block.line - 1,
                       fmt::format("found a code block of {}; expected one of {}",
                                   block.language.empty() ? "no language" : "\"" + block.language + "\"",
                                   fmt::join(kLanguages, ", ")));
        else if (block.complete && !language_of(block))
            report.add(block.line - 1, "found a complete block that is not c or rust; expected a module");
    }
}

std::optional<grader::Language> language_of(const fs::path& file) {
    const std::string extension = file.extension();
    if (extension == ".c" || extension == ".h") return grader::Language::c;
    if (extension == ".rs") return grader::Language::rust;
    return std::nullopt;
}

// The sources directly in a folder, or all below it.
template <class Iterator>
std::vector<fs::path> sources_in(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code code;
    for (Iterator it(folder, code), end; !code && it != end; it.increment(code))
        if (it->is_regular_file(code) && language_of(it->path())) out.push_back(it->path());
    std::sort(out.begin(), out.end());
    return out;
}

std::vector<fs::path> example_files(const Lesson& lesson) {
    return sources_in<fs::directory_iterator>(lesson.text.parent_path() / "examples");
}

// Everything of C and Rust that is compiled somewhere and that a lesson may show.
class Sources {
public:
    void add(const fs::path& file) {
        const auto language = language_of(file);
        if (!language) return;
        if (const auto text = read_file(file, 4u << 20))
            (language == grader::Language::c ? c_ : rust_).push_back(squeezed(*text, *language));
    }
    bool hold(const std::string& block, grader::Language language) const {
        const auto& all = language == grader::Language::c ? c_ : rust_;
        return std::any_of(all.begin(), all.end(),
                           [&](const std::string& source) { return is_excerpt(block, source, language); });
    }

private:
    std::vector<std::string> c_, rust_;
};

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

// Whoever reads code takes it for code that compiles.
void check_code(const Catalogue& catalogue, const Lesson& lesson, const LessonText& read, const fs::path& kernel,
                Report& report) {
    Sources sources;
    for (const fs::path& file : example_files(lesson)) sources.add(file);
    for (const grader::Exercise* exercise : catalogue.exercises())
        for (const fs::path& file : sources_in<fs::recursive_directory_iterator>(exercise->folder)) sources.add(file);
    for (const TextPiece& code : read.code) {
        if (!is_kernel_path(code.text)) continue;
        sources.add(kernel / code.text);
        if (code.text.ends_with('/'))
            for (const fs::path& file : sources_in<fs::directory_iterator>(kernel / code.text)) sources.add(file);
    }
    for (const CodeBlock& block : read.blocks)
        if (const auto language = language_of(block);
            language && !block.complete && !sources.hold(block.text, *language))
            report.add(
                block.line - 1,
                "found code that nothing compiles; expected an excerpt of an exercise's source, of a kernel file "
                "that the lesson names, or of a module in the lesson's folder examples/");
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
    if (source) check_code(catalogue, lesson, read, *source, report);
    check_exercises_named(catalogue, lesson, text, report);
    return out;
}

namespace {

Example example_of(const fs::path& file, int line, const std::string& code, grader::Language language,
                   const std::string& module) {
    static const std::regex rust_name("\\bname: *\"([a-z][a-z0-9_]*)\"");
    Example out{file, line, {language, module, {}}};
    std::smatch name;
    if (language == grader::Language::rust && std::regex_search(code, name, rust_name)) out.sources.module = name[1];
    out.sources.files.push_back({out.sources.module + (language == grader::Language::rust ? ".rs" : ".c"), code});
    return out;
}

}  // namespace

std::vector<Example> complete_blocks(const Lesson& lesson, const std::string& text) {
    std::vector<Example> out;
    for (const CodeBlock& block : read_lesson(text).blocks) {
        const auto language = language_of(block);
        if (!block.complete || !language) continue;
        out.push_back(example_of(lesson.text, block.line, block.text, *language, "example"));
        out.back().whole = true;
    }
    return out;
}

std::vector<Example> examples(const Lesson& lesson) {
    static const std::regex refused("^// refused: (.+)\n");
    std::vector<Example> out;
    for (const fs::path& file : example_files(lesson)) {
        // What cannot be read is a module of no text: that does not build, which is said.
        const std::string code = read_file(file, 1u << 20).value_or("");
        out.push_back(example_of(file, 1, code, *language_of(file), file.stem().string()));
        std::smatch words;
        if (std::regex_search(code, words, refused)) out.back().refused = words[1];
    }
    return out;
}

Result<std::vector<std::string>> build_problems(const Lesson& lesson, const std::string& text,
                                                const image::Image& image) {
    std::vector<std::string> out;
    std::vector<Example> all = complete_blocks(lesson, text);
    for (Example& one : examples(lesson)) all.push_back(std::move(one));
    for (const Example& example : all) {
        Report report(example.file, out);
        FERRULE_TRY(const auto built, build::build_module(image, example.sources));
        const size_t before = out.size();
        bool as_told = false;
        for (const build::Diagnostic& one : built.diagnostics) {
            const bool error = one.severity == "error";
            if (error && !example.refused.empty() && one.message.find(example.refused) != std::string::npos)
                as_told = true;
            else if (error || example.whole)
                report.add(
                    example.line + std::max(one.line, 1) - 1,
                    fmt::format("{}: {}: {}", one.tool, one.severity, one.message.substr(0, one.message.find('\n'))));
        }
        if (!example.refused.empty() && !as_told)
            report.add(1, fmt::format("found no error with \"{}\" in it; expected the compiler to refuse this so",
                                      example.refused));
        else if (example.refused.empty() && !built.ok && out.size() == before)
            report.add(example.line, "this does not build");
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
            const auto examples = example_files(lesson);
            if (!examples.empty()) known.insert(examples.front().parent_path().lexically_normal());
            for (const fs::path& file : examples) known.insert(file.lexically_normal());
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
