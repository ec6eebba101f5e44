#include "lessons/reader/catalogue.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "grader/exercise/toml_table.hpp"
#include "lessons/reader/markdown.hpp"

namespace ferrule::reader {

namespace {

constexpr int64_t kFormat = 1;

class CourseFile {
public:
    explicit CourseFile(fs::path path) : path_(std::move(path)) {}

    tl::unexpected<Error> wrong(const toml::source_region& at, const std::string& what) const {
        return wrong(fmt::format("{}:{}: {}", path_.string(), at.begin.line, what));
    }
    static tl::unexpected<Error> wrong(const std::string& message) {
        return fail("course-syntax", message, "Correct the file; lessons/README.md shows its format.");
    }

    Result<std::string> text(const toml::table& table, const std::string& key) const {
        const toml::node* node = table.get(key);
        if (!node) return wrong(table.source(), fmt::format("`{}` is missing; expected {} = \"…\"", key, key));
        const auto value = node->value_exact<std::string>();
        if (!value || value->empty())
            return wrong(node->source(), fmt::format("`{}` must be a text that is not empty", key));
        return *value;
    }

    // Folder names become ids: one component, nothing that a shell or a path would read differently.
    Result<std::string> folder_name(const toml::node& node, const std::string& what) const {
        const auto value = node.value_exact<std::string>();
        const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
        if (!value || value->empty() || !std::all_of(value->begin(), value->end(), good))
            return wrong(node.source(), fmt::format("{} must be a folder's name of a-z, 0-9 and '-'", what));
        return *value;
    }

    Result<void> only(const toml::table& table, const std::set<std::string>& known) const {
        for (const auto& [key, node] : table)
            if (!known.count(std::string(key.str())))
                return wrong(node.source(), fmt::format("unknown key `{}`; expected {}", std::string_view(key.str()),
                                                        fmt::join(known, ", ")));
        return {};
    }

    const fs::path& path() const { return path_; }

private:
    fs::path path_;
};

Result<Lesson> load_lesson(const Course& course, const std::string& id) {
    Lesson lesson;
    lesson.id = course.whole(id);
    const fs::path folder = course.folder / id;
    lesson.text = folder / "lesson.md";
    FERRULE_TRY(const std::string text, read_file(lesson.text, 4u << 20));
    lesson.title = markdown_title(text);
    if (lesson.title.empty())
        return fail("course-syntax",
                    fmt::format("{}:1: no heading in the lesson; expected `# Title`", lesson.text.string()),
                    "The first heading is the lesson's title.");
    std::vector<fs::path> folders;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
        if (it->is_directory(code) && fs::exists(it->path() / "exercise.toml", code)) folders.push_back(it->path());
    if (code) return tl::unexpected(system_error("read", folder, code.value()));
    std::sort(folders.begin(), folders.end());
    for (const fs::path& exercise_folder : folders) {
        FERRULE_TRY(grader::Exercise exercise, grader::load_exercise(exercise_folder));
        exercise.id = course.whole(exercise.id);
        exercise.lesson = lesson.id;
        lesson.exercises.push_back(std::move(exercise));
    }
    std::stable_sort(lesson.exercises.begin(), lesson.exercises.end(),
                     [&](const auto& a, const auto& b) { return mention_of(text, a.id) < mention_of(text, b.id); });
    return lesson;
}

Result<Part> load_part(const CourseFile& file, const Course& course, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (!table) return file.wrong(node.source(), "`part` must be a table: [[part]]");
    FERRULE_TRY_VOID(file.only(*table, {"id", "title", "lessons"}));
    const toml::node* id = table->get("id");
    if (!id) return file.wrong(table->source(), "`id` is missing; expected the part's folder");
    Part part;
    FERRULE_TRY(const std::string folder, file.folder_name(*id, "`id`"));
    FERRULE_TRY(part.title, file.text(*table, "title"));
    part.id = course.whole(folder);
    const toml::node* lessons = table->get("lessons");
    const toml::array* list = lessons ? lessons->as_array() : nullptr;
    if (!list)
        return file.wrong(lessons ? lessons->source() : table->source(),
                          "`lessons` must be a list of folders below the part");
    for (const toml::node& entry : *list) {
        FERRULE_TRY(const std::string name, file.folder_name(entry, "a lesson"));
        const std::string lesson_id = folder + "/" + name;
        std::error_code code;
        if (!fs::is_regular_file(course.folder / lesson_id / "lesson.md", code))
            return file.wrong(entry.source(), fmt::format("no {}/lesson.md in the course", lesson_id));
        FERRULE_TRY(Lesson lesson, load_lesson(course, lesson_id));
        part.lessons.push_back(std::move(lesson));
    }
    return part;
}

Result<void> check_unique(const CourseFile& file, const Catalogue& catalogue) {
    std::set<std::string> parts, lessons;
    std::map<std::string, fs::path> exercises;
    for (const Part& part : catalogue.parts) {
        if (!parts.insert(part.id).second)
            return fail("course-syntax",
                        fmt::format("{}: the part \"{}\" is there twice", file.path().string(), part.id));
        for (const Lesson& lesson : part.lessons) {
            if (!lessons.insert(lesson.id).second)
                return fail("course-syntax",
                            fmt::format("{}: the lesson \"{}\" is there twice", file.path().string(), lesson.id));
            for (const grader::Exercise& exercise : lesson.exercises) {
                const auto [at, fresh] = exercises.emplace(exercise.id, exercise.folder);
                if (!fresh)
                    return fail("exercise-syntax",
                                fmt::format("{}/exercise.toml:1: id \"{}\" is taken by {}", exercise.folder.string(),
                                            exercise.id, at->second.string()),
                                "Ids are unique in the whole course.");
            }
        }
    }
    return {};
}

size_t distance(const std::string& a, const std::string& b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

std::vector<const grader::Exercise*> Catalogue::exercises() const {
    std::vector<const grader::Exercise*> all;
    for (const Part& part : parts)
        for (const Lesson& lesson : part.lessons)
            for (const grader::Exercise& exercise : lesson.exercises) all.push_back(&exercise);
    return all;
}

std::vector<std::string> Catalogue::kernels() const {
    std::set<std::string> out;
    for (const grader::Exercise* exercise : exercises()) out.insert(exercise->kernels.begin(), exercise->kernels.end());
    return {out.begin(), out.end()};
}

Result<const grader::Exercise*> Catalogue::find(const std::string& id) const {
    const grader::Exercise* nearest = nullptr;
    size_t best = 4;  // further away it is no misspelling
    for (const grader::Exercise* exercise : exercises()) {
        if (exercise->id == id) return exercise;
        const size_t d = id.size() > 100 ? best : distance(id, exercise->id);
        if (d < best || (!id.empty() && exercise->id.rfind(id, 0) == 0 && !nearest)) {
            best = std::min(d, best);
            nearest = exercise;
        }
    }
    return fail("no-exercise", fmt::format("no exercise \"{}\" in the course", id.substr(0, 100)),
                nearest ? fmt::format("Did you mean \"{}\"? `ferrule list` shows all.", nearest->id)
                        : "`ferrule list` shows all.");
}

const Lesson* Catalogue::find_lesson(const std::string& id) const {
    for (const Part& part : parts)
        for (const Lesson& lesson : part.lessons)
            if (lesson.id == id) return &lesson;
    return nullptr;
}

Result<const Lesson*> Catalogue::lesson_for(const std::string& id) const {
    if (const Lesson* lesson = find_lesson(id)) return lesson;
    FERRULE_TRY(const grader::Exercise* exercise, find(id));
    return lesson_of(*exercise);
}

size_t mention_of(const std::string& text, const std::string& exercise) {
    const std::string words = "ferrule start " + exercise;
    // "ring" is not meant by ring-buffer or ring.more, but by the end of a sentence.
    const auto in_id = [&](size_t at) {
        return at < text.size() && (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '-');
    };
    for (size_t at = text.find(words); at != std::string::npos; at = text.find(words, at + 1)) {
        const size_t end = at + words.size();
        if (!in_id(end) && !(end < text.size() && text[end] == '.' && in_id(end + 1))) return at;
    }
    return std::string::npos;
}

const Lesson* Catalogue::lesson_of(const grader::Exercise& exercise) const {
    for (const Part& part : parts)
        for (const Lesson& lesson : part.lessons)
            for (const grader::Exercise& one : lesson.exercises)
                if (one.id == exercise.id) return &lesson;
    return nullptr;
}

Result<Catalogue> load_catalogue(const fs::path& folder) {
    const CourseFile file(folder / "course.toml");
    std::error_code code;
    if (!fs::exists(file.path(), code))
        return fail("course-missing", fmt::format("no course in {}: course.toml is not there", folder.string()),
                    "Name another folder with --course or FERRULE_COURSE, or leave both out; `ferrule new course DIR` "
                    "makes one.");
    FERRULE_TRY(const std::string text, read_file(file.path(), 1u << 20));
    const auto parsed = grader::parse_toml(text, file.path());
    if (!parsed) return file.wrong(parsed.error().message);
    const toml::table& table = *parsed;
    FERRULE_TRY_VOID(file.only(table, {"format_version", "id", "title", "part"}));
    const toml::node* format = table.get("format_version");
    if (!format || format->value_exact<int64_t>() != kFormat)
        return file.wrong(format ? format->source() : table.source(),
                          fmt::format("format_version = {} is expected", kFormat));
    const toml::node* parts = table.get("part");
    if (!parts || !parts->as_array())
        return file.wrong(parts ? parts->source() : table.source(), "expected at least one [[part]]");

    Course course{"", "", folder};
    if (const toml::node* id = table.get("id")) {
        FERRULE_TRY(course.id, file.folder_name(*id, "`id`"));
        FERRULE_TRY(course.title, file.text(table, "title"));
    }
    Catalogue catalogue;
    for (const toml::node& node : *parts->as_array()) {
        FERRULE_TRY(Part part, load_part(file, course, node));
        catalogue.parts.push_back(std::move(part));
    }
    FERRULE_TRY_VOID(check_unique(file, catalogue));
    catalogue.courses.push_back(std::move(course));
    return catalogue;
}

Result<Catalogue> load_courses(const std::vector<fs::path>& folders) {
    Catalogue all;
    FERRULE_TRY(const fs::path own, default_course());
    for (const fs::path& folder : folders) {
        FERRULE_TRY(Catalogue one, load_catalogue(folder));
        const Course& course = one.courses.front();
        const CourseFile file(folder / "course.toml");
        std::error_code code;
        if (course.id.empty() && !fs::equivalent(folder, own, code))
            return file.wrong(fmt::format("{}:1: the course has no `id`; expected id = \"…\" and title = \"…\"",
                                          file.path().string()));
        for (const Course& other : all.courses)
            if (other.id == course.id)
                return file.wrong(fmt::format("{}:1: id \"{}\" is that of the course in {}", file.path().string(),
                                              course.id, other.folder.string()));
        if (folders.size() > 1 && !course.id.empty())
            for (Part& part : one.parts) part.title = course.title + ": " + part.title;
        all.courses.push_back(course);
        std::move(one.parts.begin(), one.parts.end(), std::back_inserter(all.parts));
    }
    return all;
}

Result<std::vector<fs::path>> chosen_courses() {
    const char* names = std::getenv("FERRULE_COURSE");
    std::vector<fs::path> out;
    std::istringstream words(names ? names : "");
    for (std::string word; std::getline(words, word, ':');)
        if (!word.empty()) out.emplace_back(word);
    if (!out.empty()) return out;
    FERRULE_TRY(fs::path own, default_course());
    return std::vector<fs::path>{std::move(own)};
}

Result<std::vector<grader::Exercise>> load_corpus(const fs::path& folder) {
    std::set<fs::path> drivers;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
        if (it->is_directory(code)) drivers.insert(it->path());
    if (code && code != std::errc::no_such_file_or_directory)
        return tl::unexpected(system_error("cannot list", folder, code.value()));
    std::vector<grader::Exercise> corpus;
    for (const fs::path& driver : drivers) {
        FERRULE_TRY(auto exercise, grader::load_corpus_exercise(driver));
        corpus.push_back(std::move(exercise));
    }
    return corpus;
}

Result<fs::path> default_corpus() {
    FERRULE_TRY(const fs::path root, source_root());
    return root / "grader" / "corpus";
}

Result<fs::path> default_course() {
    FERRULE_TRY(const fs::path root, source_root());
    return root / "lessons" / "course";
}

}  // namespace ferrule::reader
