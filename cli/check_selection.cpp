#include "cli/check_selection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "cli/command.hpp"
#include "sandbox/base/subprocess.hpp"

namespace ferrule::cli {

namespace {

// Files below `folder` that differ from the last commit, or are not in it; relative to it.
Result<std::vector<std::string>> changed_below(const fs::path& folder) {
    std::set<std::string> out;
    const std::vector<std::vector<std::string>> questions = {
        {"git", "diff", "--name-only", "--relative", "-z", "HEAD", "--", "."},
        {"git", "ls-files", "--others", "--exclude-standard", "-z", "--", "."}};
    for (const auto& question : questions) {
        SpawnRequest request;
        request.argv = question;
        request.directory = folder.string();
        RunOptions options;
        options.timeout = std::chrono::seconds(30);
        FERRULE_TRY(const RunResult said, run(std::move(request), options));
        if (said.exit_code != 0)
            return fail("no-git",
                        fmt::format("git does not know what has changed in {}: {}", folder.string(),
                                    said.err.substr(0, said.err.find('\n'))),
                        "--changed compares with the last commit. Name the exercises instead.");
        std::string name;
        for (const char c : said.out)
            if (c == '\0')
                out.insert(std::exchange(name, {}));
            else
                name += c;
    }
    return std::vector<std::string>(out.begin(), out.end());
}

bool is_below(const fs::path& path, const fs::path& folder) {
    const fs::path relative = path.lexically_normal().lexically_relative(folder.lexically_normal());
    return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

Result<const grader::Exercise*> Selection::find(const std::string& id) const {
    auto exercise = catalogue_.find(id);
    if (exercise) return exercise;
    const auto driver = std::find_if(corpus_.begin(), corpus_.end(), [&](const auto& one) { return one.id == id; });
    if (driver != corpus_.end()) return &*driver;
    return exercise;
}

void Selection::add_all(const reader::Lesson& lesson) {
    lessons_.push_back(&lesson);
    for (const grader::Exercise& exercise : lesson.exercises) targets_.push_back({&exercise, ""});
}

Result<void> Selection::add(const std::string& id) {
    if (const auto* lesson = catalogue_.find_lesson(id)) {
        add_all(*lesson);
        return {};
    }
    const size_t slash = std::min(id.find('/'), id.size());
    FERRULE_TRY(const auto* exercise, find(id.substr(0, slash)));
    targets_.push_back({exercise, slash < id.size() ? id.substr(slash + 1) : ""});
    // A case that is not there is said before an image is built for the others.
    FERRULE_TRY(const auto mutants, grader::load_mutants(*exercise));
    FERRULE_TRY_VOID(reader::check_jobs(*exercise, mutants, {targets_.back().only, std::nullopt}));
    return {};
}

Result<void> Selection::add_changed() {
    std::vector<fs::path> changed;
    for (const reader::Course& course : catalogue_.courses) {
        FERRULE_TRY(const auto names, changed_below(course.folder));
        if (!names.empty()) courses_.push_back(&course);
        for (const std::string& name : names) changed.push_back(course.folder / name);
        if (!course.id.empty()) continue;
        // The corpus goes with Ferrule's own course.
        FERRULE_TRY(const fs::path corpus, reader::default_corpus());
        FERRULE_TRY(const auto drivers, changed_below(corpus));
        for (const std::string& name : drivers) changed.push_back(corpus / name);
    }
    const auto touched = [&](const fs::path& folder) {
        return std::any_of(changed.begin(), changed.end(), [&](const fs::path& one) { return is_below(one, folder); });
    };
    for (const auto& part : catalogue_.parts)
        for (const auto& lesson : part.lessons) {
            if (touched(lesson.text.parent_path())) lessons_.push_back(&lesson);
            for (const auto& exercise : lesson.exercises)
                if (touched(exercise.folder)) targets_.push_back({&exercise, ""});
        }
    for (const auto& driver : corpus_)
        if (touched(driver.folder)) targets_.push_back({&driver, ""});
    return {};
}

Result<Selection> Selection::make(const Asked& asked) {
    Selection chosen;
    FERRULE_TRY(chosen.catalogue_, load_course());
    FERRULE_TRY(const fs::path corpus_folder, reader::default_corpus());
    FERRULE_TRY(chosen.corpus_, reader::load_corpus(corpus_folder));
    for (const std::string& id : asked.ids) FERRULE_TRY_VOID(chosen.add(id));
    if (asked.changed) FERRULE_TRY_VOID(chosen.add_changed());
    if (asked.all || (asked.ids.empty() && !asked.corpus && !asked.changed)) {
        for (const auto& course : chosen.catalogue_.courses) chosen.courses_.push_back(&course);
        for (const auto& part : chosen.catalogue_.parts)
            for (const auto& lesson : part.lessons) chosen.add_all(lesson);
    }
    if (asked.all || asked.corpus)
        for (const grader::Exercise& driver : chosen.corpus_) chosen.targets_.push_back({&driver, ""});
    if (asked.deep)
        for (reader::CheckTarget& target : chosen.targets_)
            target.exercise = &chosen.deep_.emplace_back(deep_exercise(*target.exercise));
    return chosen;
}

}  // namespace ferrule::cli
