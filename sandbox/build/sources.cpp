#include "sandbox/build/sources.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "sandbox/base/check.hpp"

namespace ferrule::build {
namespace {

constexpr char kOwnKbuild[] =
    "Ferrule builds with its own Kbuild and takes only .c, .h and .rs; move the file away, or name the one source "
    "itself";

tl::unexpected<Error> bad(std::string message, std::string hint = {}) {
    return fail("bad-submission", std::move(message), std::move(hint));
}

// What editors and version control leave beside a source, and what an author declares of a mutant. It is not handed in:
// never read, never copied.
bool is_dropping(std::string_view name) {
    return name.starts_with('.') || name.ends_with('~') || name == "mutant.toml" ||
           (name.size() > 1 && name.starts_with('#') && name.ends_with('#'));
}

bool is_plain(std::string_view component) {
    if (component.empty() || component.size() > 100 || component[0] == '.' || component[0] == '-') return false;
    return std::all_of(component.begin(), component.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
               c == '-';
    });
}

std::string printable(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, 100)) out += c >= ' ' && c <= '~' ? c : '?';
    return out;
}

Result<void> check_name(std::string_view name, Language language) {
    const size_t slash = name.find('/');
    const bool nested = slash != std::string_view::npos;
    if (nested && name.find('/', slash + 1) != std::string_view::npos)
        return bad(printable(name) + ": sources may be in one level of subfolders, not deeper", "flatten the folders");
    if (!is_plain(nested ? name.substr(0, slash) : name) || (nested && !is_plain(name.substr(slash + 1))))
        return bad(printable(name) + ": not a name for a source file",
                   "use letters, digits, _ . and -, and begin with none of . and -");
    if (name.ends_with(".mod.c"))
        return bad(std::string(name) + ": left over from a build by hand",
                   "run make clean in the folder, or move it away");
    const bool c = has_suffix(name, ".c") || has_suffix(name, ".h"), rust = has_suffix(name, ".rs");
    if (!c && !rust) return bad(std::string(name) + ": only sources (.c, .h, .rs) are taken", kOwnKbuild);
    if (c && language == Language::rust)
        return bad(std::string(name) + ": a C file, but this is built as Rust", "move it away, or choose --lang c");
    if (rust && language == Language::c)
        return bad(std::string(name) + ": a Rust file, but this is built as C", "move it away, or choose --lang rust");
    return {};
}

// The line of the first byte that is not UTF-8 text, 0: all is well.
int not_text(std::string_view text) {
    int line = 1;
    for (size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte == 0) return line;
        if (byte == '\n') ++line;
        const size_t length = byte < 0x80                   ? 1
                              : byte >= 0xc2 && byte < 0xe0 ? 2
                              : byte >= 0xe0 && byte < 0xf0 ? 3
                              : byte >= 0xf0 && byte < 0xf5 ? 4
                                                            : 0;
        if (length == 0 || i + length > text.size()) return line;
        uint32_t code = length == 1 ? byte : byte & (0xffu >> (length + 1));
        for (size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            if ((next & 0xc0) != 0x80) return line;
            code = code << 6 | (next & 0x3f);
        }
        if ((length == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
            (length == 4 && (code < 0x10000 || code > 0x10ffff)))
            return line;
        i += length;
    }
    return 0;
}

tl::unexpected<Error> too_many() {
    return bad(fmt::format("more than {} source files", kMaxFiles), "hand in only the files of this module");
}
tl::unexpected<Error> too_large(const std::string& name) {
    return bad(fmt::format("{}: larger than {} KiB", name, kMaxFileBytes >> 10),
               "a source file may have 256 KiB, all together 1 MiB");
}

std::string kind_of(mode_t mode) {
    if (S_ISLNK(mode)) return "a symbolic link";
    if (S_ISFIFO(mode)) return "a pipe";
    if (S_ISSOCK(mode)) return "a socket";
    if (S_ISDIR(mode)) return "a folder";
    return "a device";
}

struct CloseDir {
    void operator()(DIR* dir) const { closedir(dir); }
};

class Reader {
public:
    Reader(Language language, const fs::path& top, std::function<bool(const std::string&)> wanted)
        : language_(language), top_(top), wanted_(std::move(wanted)) {}

    // `name` in the open folder `parent`; `shown` is what the file is called in the set.
    Result<void> read_entry(int parent, const char* name, const std::string& shown) {
        struct stat status;
        if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) != 0)
            return tl::unexpected(system_error("cannot read", top_ / shown, errno));
        if (wanted_ &&
            (S_ISDIR(status.st_mode) ? shown.find('/') != std::string::npos || !is_plain(shown) : !wanted_(shown)))
            return {};
        if (S_ISDIR(status.st_mode)) {
            if (shown.find('/') != std::string::npos)
                return bad(printable(shown) + ": sources may be in one level of subfolders, not deeper",
                           "flatten the folders");
            if (!is_plain(shown))
                return bad(printable(shown) + ": not a name for a source folder", "use letters, digits, _ . and -");
            return read_folder(parent, name, shown);
        }
        if (!S_ISREG(status.st_mode))
            return bad(printable(shown) + ": " + kind_of(status.st_mode) + ", not a file", "hand in the file itself");
        FERRULE_TRY_VOID(check_name(shown, language_));
        if (static_cast<uint64_t>(status.st_size) > kMaxFileBytes) return too_large(shown);
        if (files.size() == kMaxFiles) return too_many();
        // Not blocking: it may have been swapped for a pipe since.
        UniqueFd fd(openat(parent, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
        if (!fd)
            return errno == ELOOP ? bad(shown + ": a symbolic link, not a file", "hand in the file itself")
                                  : Result<void>(tl::unexpected(system_error("cannot read", top_ / shown, errno)));
        if (fstat(fd.get(), &status) != 0 || !S_ISREG(status.st_mode))
            return bad(shown + ": " + kind_of(status.st_mode) + ", not a file", "hand in the file itself");
        SourceFile file{shown, {}};
        file.text.resize(kMaxFileBytes + 1);
        size_t used = 0;
        while (used < file.text.size()) {
            const ssize_t got = read(fd.get(), file.text.data() + used, file.text.size() - used);
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) return tl::unexpected(system_error("cannot read", top_ / shown, errno));
            if (got == 0) break;
            used += static_cast<size_t>(got);
        }
        if (used > kMaxFileBytes) return too_large(shown);
        file.text.resize(used);
        file.text.shrink_to_fit();
        files.push_back(std::move(file));
        return {};
    }

    Result<void> read_folder(int parent, const char* name, const std::string& shown) {
        const int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0 && (errno == ELOOP || errno == ENOTDIR))
            return bad(printable(shown.empty() ? name : shown) + ": a symbolic link, not a folder",
                       "name the folder itself");
        if (fd < 0) return tl::unexpected(system_error("cannot read", shown.empty() ? top_ : top_ / shown, errno));
        std::unique_ptr<DIR, CloseDir> dir(fdopendir(fd));
        FERRULE_CHECK(dir != nullptr);
        std::set<std::string> names;  // in order: the same folder gets the same words
        while (const dirent* entry = readdir(dir.get()))
            if (!is_dropping(entry->d_name)) names.insert(entry->d_name);
        for (const std::string& entry : names)
            FERRULE_TRY_VOID(read_entry(fd, entry.c_str(), shown.empty() ? entry : fmt::format("{}/{}", shown, entry)));
        return {};
    }

    std::vector<SourceFile> files;

private:
    Language language_;
    fs::path top_;
    std::function<bool(const std::string&)> wanted_;
};

}  // namespace

bool has_suffix(std::string_view name, std::string_view suffix) {
    return name.size() > suffix.size() && name.ends_with(suffix);
}

const SourceFile& rust_root(const SourceSet& sources) {
    const SourceFile* root = nullptr;
    for (const SourceFile& file : sources.files)
        if (file.name == sources.module + ".rs" || root == nullptr) root = &file;
    FERRULE_CHECK(root != nullptr);
    return *root;
}

Result<void> check_sources(const SourceSet& sources) {
    const std::string& module = sources.module;
    const bool name_ok = !module.empty() && module[0] >= 'a' && module[0] <= 'z' &&
                         std::all_of(module.begin(), module.end(), [](char c) {
                             return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
                         });
    if (!name_ok || module.size() > kMaxModuleName)
        return bad(fmt::format("'{}' is not a module's name", printable(module)),
                   "a letter, then letters, digits and _, all small, at most 55");
    if (sources.files.size() > kMaxFiles) return too_many();
    size_t total = 0, translated = 0;
    std::set<std::string_view> seen;
    bool root = false;
    for (const SourceFile& file : sources.files) {
        FERRULE_TRY_VOID(check_name(file.name, sources.language));
        if (!seen.insert(file.name).second) return bad(file.name + ": given twice");
        if (file.text.size() > kMaxFileBytes) return too_large(file.name);
        total += file.text.size();
        if (const int line = not_text(file.text); line != 0)
            return bad(fmt::format("{}:{}: not UTF-8 text", file.name, line), "save the file as UTF-8");
        if (!has_suffix(file.name, ".h")) ++translated;
        root = root || file.name == module + ".rs";
    }
    if (total > kMaxTotalBytes)
        return bad("the sources are larger than 1 MiB all together", "hand in only the files of this module");
    for (const std::string_view name : seen)  // a/b.c beside a file a
        if (const size_t slash = name.find('/');
            slash != std::string_view::npos && seen.count(name.substr(0, slash)) != 0)
            return bad(std::string(name) + ": its folder is also a file");
    if (translated == 0)
        return bad(sources.language == Language::c ? "there is no .c file" : "there is no .rs file",
                   "hand in at least one source");
    if (sources.language == Language::rust && translated > 1 && !root)
        return bad(fmt::format("several .rs files and none is {}.rs", module),
                   fmt::format("name the crate's root {}.rs", module));
    return {};
}

Result<SourceSet> read_sources(const fs::path& path, Language language, const std::string& module,
                               const std::function<bool(const std::string&)>& wanted) {
    struct stat status;
    if (lstat(path.c_str(), &status) != 0) return tl::unexpected(system_error("cannot read", path, errno));
    Reader reader(language, path.parent_path(), {});
    if (S_ISDIR(status.st_mode)) {
        reader = Reader(language, path, wanted);
        FERRULE_TRY_VOID(reader.read_folder(AT_FDCWD, path.c_str(), ""));
        if (std::none_of(reader.files.begin(), reader.files.end(),
                         [](const SourceFile& file) { return !has_suffix(file.name, ".h"); }))
            return bad(
                fmt::format("{}: there is no {} file in it", path.string(), language == Language::c ? ".c" : ".rs"),
                "name the folder that has the module's sources");
    } else {
        FERRULE_TRY_VOID(reader.read_entry(AT_FDCWD, path.c_str(), path.filename().string()));
    }
    SourceSet set{language, module, std::move(reader.files)};
    std::sort(set.files.begin(), set.files.end(),
              [](const SourceFile& a, const SourceFile& b) { return a.name < b.name; });
    FERRULE_TRY_VOID(check_sources(set));
    return set;
}

}  // namespace ferrule::build
