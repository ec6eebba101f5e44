#include "lessons/reader/scaffold.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <sstream>

#include "grader/exercise/toml_table.hpp"

namespace ferrule::reader {

namespace {

constexpr uint64_t kCap = 1u << 20;
constexpr size_t kLongest = 32;  // a module's name, see grader/exercise/README.md

bool is_name(const std::string& name) {
    const auto good = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    return !name.empty() && name.size() <= kLongest && name[0] >= 'a' && name[0] <= 'z' && name.back() != '-' &&
           std::all_of(name.begin(), name.end(), good);
}

tl::unexpected<Error> bad_name(const std::string& what, const std::string& name) {
    return fail("new-name", fmt::format("found \"{}\" as the name of {}", name, what),
                fmt::format("Expected a-z, 0-9 and '-', a letter first, at most {} characters.", kLongest));
}

std::string module_of(std::string id) {
    std::replace(id.begin(), id.end(), '-', '_');
    return id;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
    for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
}

// Makes `folder`, which must not be there yet, and lets `fill` fill it; when that fails nothing is left of it.
Result<void> make_new(const fs::path& folder, const std::function<Result<void>()>& fill) {
    FERRULE_TRY_VOID(make_directories(folder.parent_path()));
    std::error_code code;
    if (!fs::create_directory(folder, code)) {
        if (code) return tl::unexpected(system_error("cannot make", folder, code.value()));
        return fail("new-name", fmt::format("{} is there already", folder.string()), "Choose another name.");
    }
    Result<void> filled = fill();
    if (!filled) static_cast<void>(remove_tree(folder));
    return filled;
}

Result<void> append_line(const fs::path& file, const std::string& line) {
    std::error_code code;
    std::string text;
    if (fs::exists(file, code)) {
        FERRULE_TRY(text, read_file(file, kCap));
        if (!text.empty() && text.back() != '\n') text += '\n';
    }
    return write_file(file, text + line + "\n");
}

}  // namespace

Result<fs::path> default_template() {
    FERRULE_TRY(const fs::path root, source_root());
    return root / "lessons" / "template";
}

std::string renamed(std::string text, const std::string& id) {
    std::string camel, upper = module_of(id);
    bool first = true;
    for (const char c : id) {
        if (c != '-') camel += first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
        first = c == '-';
    }
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    replace_all(text, "sample-device", id);
    replace_all(text, "sample_device", module_of(id));
    replace_all(text, "SampleDevice", camel);
    replace_all(text, "SAMPLE_DEVICE", upper);
    return text;
}

std::string with_lesson(const std::string& text, const std::string& part, const std::string& lesson) {
    const auto table = grader::parse_toml(text, "course.toml");
    if (!table) return {};
    const auto* parts = table->get_as<toml::array>("part");
    for (size_t i = 0; parts && i < parts->size(); ++i) {
        const auto* one = parts->get(i)->as_table();
        const auto id = one ? (*one)["id"].value<std::string>() : std::nullopt;
        const auto* lessons = one ? one->get_as<toml::array>("lessons") : nullptr;
        if (!id || *id != part || !lessons) continue;
        // toml++ says where the array ends: just behind its ']'.
        std::istringstream lines(text);
        size_t at = 0;
        std::string line;
        for (uint32_t number = 1; number < lessons->source().end.line && std::getline(lines, line); ++number)
            at += line.size() + 1;
        at = text.rfind(']', std::min(at + lessons->source().end.column - 1, text.size() - 1));
        if (at == std::string::npos) return {};
        std::string before = text.substr(0, at);
        while (!before.empty() && (std::isspace(static_cast<unsigned char>(before.back())) || before.back() == ','))
            before.pop_back();
        const bool many = before.find('\n', before.rfind('[')) != std::string::npos;
        return before + (lessons->empty() ? "" : ",") +
               (many               ? "\n    "
                : lessons->empty() ? ""
                                   : " ") +
               '"' + lesson + '"' + (many ? ",\n" : "") + text.substr(at);
    }
    return text +
           fmt::format("\n[[part]]\nid = \"{}\"\ntitle = \"TODO: {}\"\nlessons = [\"{}\"]\n", part, part, lesson);
}

Result<fs::path> new_course(const fs::path& folder, const std::string& id, const std::string& title) {
    if (!is_name(id)) return bad_name("a course", id);
    FERRULE_TRY_VOID(make_new(folder, [&]() -> Result<void> {
        FERRULE_TRY_VOID(
            write_file(folder / "course.toml",
                       fmt::format("# The order of the course. A part is a folder here, a lesson a folder in "
                                   "it.\nformat_version = 1\nid = \"{}\"\ntitle = \"{}\"\npart = []\n",
                                   id, title)));
        return write_file(
            folder / "ids.txt",
            "# Every exercise's id, for ever: learners' progress is kept by it. None is ever taken out.\n");
    }));
    return folder;
}

Result<fs::path> new_lesson(const Course& course, const std::string& part, const std::string& name,
                            const fs::path& pattern) {
    if (!is_name(part)) return bad_name("a part", part);
    if (!is_name(name)) return bad_name("a lesson", name);
    const fs::path list = course.folder / "course.toml", folder = course.folder / part / name;
    FERRULE_TRY(std::string text, read_file(list, kCap));
    // A course without parts has to say so, which is not how [[part]] begins.
    if (const size_t none = text.find("part = []\n"); none != std::string::npos) text.erase(none, 10);
    const std::string more = with_lesson(text, part, name);
    if (more.empty())
        return fail("course-syntax", fmt::format("{} has not the shape that is known", list.string()),
                    "Add the lesson to its part's list by hand.");
    FERRULE_TRY_VOID(make_new(folder, [&]() -> Result<void> {
        FERRULE_TRY(const std::string lesson, read_file(pattern / "lesson.md", kCap));
        FERRULE_TRY_VOID(write_file(folder / "lesson.md", lesson));
        return write_file(list, more);
    }));
    return folder;
}

Result<fs::path> new_exercise(const Catalogue& catalogue, const Course& course, const std::string& part,
                              const std::string& lesson, const std::string& id,
                              const std::vector<grader::Language>& languages, const fs::path& pattern) {
    if (!is_name(id)) return bad_name("an exercise", id);
    const std::string whole = course.whole(id);
    if (const auto taken = catalogue.find(whole))
        return fail("new-name", fmt::format("the id \"{}\" is taken by {}", whole, (*taken)->folder.string()),
                    "Ids are unique in the whole course. Choose another one.");
    const fs::path text = course.folder / part / lesson / "lesson.md";
    std::error_code code;
    if (!fs::exists(text, code))
        return fail("new-name", fmt::format("no lesson {}/{} in the course", part, lesson),
                    fmt::format("`ferrule new lesson {}/{}` makes it.", part, lesson));
    const fs::path from = pattern / "exercise", folder = text.parent_path() / id;
    FERRULE_TRY_VOID(make_new(folder, [&]() -> Result<void> {
        for (fs::recursive_directory_iterator it(from, code), end; !code && it != end; it.increment(code)) {
            const fs::path below = it->path().lexically_relative(from);
            const std::string top = below.begin()->string();
            const auto is_top = [&](grader::Language one) { return top == grader::name(one); };
            if (it->is_directory(code)) {
                // A language that is not wanted.
                if (below == top && std::none_of(languages.begin(), languages.end(), is_top))
                    it.disable_recursion_pending();
                continue;
            }
            FERRULE_TRY(std::string content, read_file(it->path(), kCap));
            content = renamed(std::move(content), id);
            if (below == "exercise.toml" && languages.size() == 1)
                replace_all(content, "[\"c\", \"rust\"]", fmt::format("[\"{}\"]", grader::name(languages[0])));
            const fs::path to = folder / below.parent_path() / renamed(below.filename().string(), id);
            FERRULE_TRY_VOID(make_directories(to.parent_path()));
            FERRULE_TRY_VOID(write_file(to, content));
        }
        if (code) return tl::unexpected(system_error("cannot list", from, code.value()));
        FERRULE_TRY(const std::string before, read_file(text, kCap));
        std::string words = before;
        const std::string task = fmt::format("```sh\nferrule start {0}\nferrule grade {0}\n```\n", whole);
        // Before the list of sources, which ends a lesson.
        if (const size_t last = words.find("\n## Where this comes from"); last != std::string::npos)
            words.insert(last + 1, task + "\n");
        else
            words += "\n" + task;
        FERRULE_TRY_VOID(write_file(text, words));
        Result<void> listed = append_line(course.folder / "ids.txt", id);
        if (!listed) static_cast<void>(write_file(text, before));
        return listed;
    }));
    return folder;
}

}  // namespace ferrule::reader
