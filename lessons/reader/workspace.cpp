#include "lessons/reader/workspace.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace ferrule::reader {

namespace {

bool has_language(const grader::Exercise& exercise, grader::Language language) {
    return std::find(exercise.languages.begin(), exercise.languages.end(), language) != exercise.languages.end();
}

Error workspace_error(const fs::path& path, const std::error_code& code) {
    Error error = system_error("write", path, code.value());
    if (error.hint.empty()) error.hint = "Set FERRULE_WORKSPACE to a folder you can write to.";
    return error;
}

// Regular files and folders only; made writable, whatever the checkout's modes are.
Result<void> copy_tree(const fs::path& from, const fs::path& to) {
    std::error_code code;
    for (fs::recursive_directory_iterator it(from, code), end; !code && it != end; it.increment(code)) {
        const fs::path target = to / fs::relative(it->path(), from, code);
        if (it->is_symlink(code) || !(it->is_directory(code) || it->is_regular_file(code)))
            return fail("workspace", fmt::format("{} is neither a file nor a folder", it->path().string()),
                        "It does not belong into the course.");
        if (it->is_directory(code))
            fs::create_directories(target, code);
        else
            fs::copy_file(it->path(), target, code);
        if (code) return tl::unexpected(workspace_error(target, code));
        fs::permissions(target, fs::perms::owner_write | fs::perms::owner_read, fs::perm_options::add, code);
    }
    if (code) return tl::unexpected(system_error("read", from, code.value()));
    return {};
}

Result<void> place_starter(const fs::path& starter, const fs::path& folder) {
    FERRULE_TRY_VOID(make_directories(folder.parent_path()));
    FERRULE_TRY(TempDir fresh, TempDir::make(folder.parent_path(), ".new-"));
    FERRULE_TRY_VOID(copy_tree(starter, fresh.path()));
    std::error_code code;
    fs::permissions(fresh.path(),
                    fs::perms::owner_all | fs::perms::group_read | fs::perms::group_exec | fs::perms::others_read |
                        fs::perms::others_exec,
                    code);
    // rename(2) replaces an empty folder but never one with work in it, even when it appeared just now.
    fs::rename(fresh.path(), folder, code);
    if (code) return tl::unexpected(workspace_error(folder, code));
    fresh.release();
    return {};
}

}  // namespace

fs::path Workspace::default_root() {
    if (const char* set = std::getenv("FERRULE_WORKSPACE"); set && *set) return fs::absolute(set);
    if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / "ferrule";
    const passwd* entry = ::getpwuid(::getuid());
    return fs::path(entry ? entry->pw_dir : "/") / "ferrule";
}

fs::path Workspace::folder(const grader::Exercise& exercise, grader::Language language) const {
    return root_ / exercise.id / grader::name(language);
}

bool Workspace::started(const grader::Exercise& exercise, grader::Language language) const {
    std::error_code code;
    const fs::path path = folder(exercise, language);
    return fs::exists(fs::symlink_status(path, code)) && !(fs::is_directory(path, code) && fs::is_empty(path, code));
}

std::vector<grader::Language> Workspace::started_languages(const grader::Exercise& exercise) const {
    std::vector<grader::Language> result;
    for (const grader::Language language : exercise.languages)
        if (started(exercise, language)) result.push_back(language);
    return result;
}

Result<Workspace::Started> Workspace::start(const grader::Exercise& exercise, grader::Language language) const {
    if (!has_language(exercise, language))
        return fail("no-language",
                    fmt::format("exercise \"{}\" is not there in {}", exercise.id, grader::name(language)),
                    "`ferrule list` shows the languages.");
    const fs::path path = folder(exercise, language);
    if (started(exercise, language)) return Started{path, true};
    FERRULE_TRY_VOID(place_starter(exercise.starter(language), path));
    return Started{path, false};
}

Result<Workspace::Reset> Workspace::reset(const grader::Exercise& exercise, grader::Language language) const {
    Reset result;
    if (started(exercise, language)) {
        const fs::path path = folder(exercise, language), shelf = root_ / exercise.id / "kept";
        FERRULE_TRY_VOID(make_directories(shelf));
        std::error_code code;
        for (int number = 1;; ++number) {
            result.kept = shelf / fmt::format("{}-{}", grader::name(language), number);
            if (fs::exists(fs::symlink_status(result.kept, code))) continue;
            fs::rename(path, result.kept, code);
            if (!code) break;
            if (code != std::errc::directory_not_empty && code != std::errc::file_exists)
                return tl::unexpected(workspace_error(result.kept, code));
        }
    }
    FERRULE_TRY(Started started, start(exercise, language));
    result.folder = started.folder;
    return result;
}

std::optional<grader::Language> language_of(const fs::path& path) {
    bool c = false, rust = false;
    const auto look = [&](const fs::path& file) {
        c = c || file.extension() == ".c";
        rust = rust || file.extension() == ".rs";
    };
    std::error_code code;
    if (fs::is_directory(path, code)) {
        int left = 1000;
        for (fs::recursive_directory_iterator it(path, code), end; !code && it != end && left-- > 0;
             it.increment(code)) {
            if (it.depth() >= 1) it.disable_recursion_pending();
            look(it->path());
        }
    } else {
        look(path);
    }
    if (c == rust) return std::nullopt;
    return c ? grader::Language::c : grader::Language::rust;
}

}  // namespace ferrule::reader
