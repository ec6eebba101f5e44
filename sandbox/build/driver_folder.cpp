#include "sandbox/build/driver_folder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "sandbox/build/sources.hpp"

namespace ferrule::build {
namespace {

constexpr size_t kKbuildCap = 256u << 10;

std::vector<std::string> words(std::string_view text) {
    std::vector<std::string> out;
    for (size_t at = 0; (at = text.find_first_not_of(" \t\r", at)) != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(" \t\r", at), text.size());
        out.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return out;
}

// Lines, with those that a backslash continues joined, and comments cut.
std::vector<std::string> logical_lines(std::string_view text) {
    std::vector<std::string> out(1);
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r')) line.remove_suffix(1);
        const bool goes_on = line.ends_with('\\');
        if (goes_on) line.remove_suffix(1);
        out.back() += line.substr(0, line.find('#'));
        out.back() += ' ';
        if (!goes_on) out.emplace_back();
    }
    return out;
}

std::vector<std::string> object_names(const std::string& list) {
    std::vector<std::string> out;
    for (std::string& word : words(list))
        if (word.ends_with(".o") && word.find('$') == std::string::npos) out.push_back(word.substr(0, word.size() - 2));
    return out;
}

// "ring-y" -> "ring"; "obj-m" and "obj-$(CONFIG_X)" -> "obj".
std::string before_suffix(const std::string& name, std::initializer_list<std::string_view> suffixes) {
    for (const std::string_view suffix : suffixes)
        if (name.size() > suffix.size() && name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
    const size_t config = name.find("-$(CONFIG_");
    return config != std::string::npos && name.ends_with(")") ? name.substr(0, config) : "";
}

struct Chosen {
    std::string module;
    std::set<std::string> files;  // none: every one of the language
    std::vector<std::string> notes;
};

std::optional<std::string> kbuild_text(const fs::path& folder, std::string& name) {
    for (const char* candidate : {"Kbuild", "Makefile"})
        if (auto text = read_file(folder / candidate, kKbuildCap)) {
            name = candidate;
            return std::move(*text);
        }
    return std::nullopt;
}

Result<Chosen> choose(const fs::path& folder, const std::string& wanted) {
    std::error_code code;
    const std::string own = module_name(fs::canonical(folder, code).filename().string());
    std::string name;
    const auto text = kbuild_text(folder, name);
    const KbuildList list = text ? parse_kbuild(*text) : KbuildList();
    if (list.modules.empty()) return Chosen{wanted.empty() ? own : wanted, {}, {}};
    const auto known = wanted.empty() && list.modules.size() == 1
                           ? list.modules.begin()
                           : std::find_if(list.modules.begin(), list.modules.end(), [&](const std::string& module) {
                                 return module_name(module) == module_name(wanted);
                             });
    if (known == list.modules.end())
        return wanted.empty() ? fail("which-module",
                                     fmt::format("{} lists several modules: {}", (folder / name).string(),
                                                 fmt::join(list.modules, ", ")),
                                     "say which with --module NAME")
                              : fail("which-module",
                                     fmt::format("{} lists no module \"{}\", but {}", (folder / name).string(), wanted,
                                                 fmt::join(list.modules, ", ")),
                                     "say one of these with --module NAME");
    Chosen chosen{module_name(*known), {}, {}};
    const auto objects = list.objects.find(*known);
    for (const std::string& object : objects == list.objects.end() ? std::vector{*known} : objects->second)
        for (const char* suffix : {".c", ".rs"}) {
            // The module's own name for a file is kept as it is: Kbuild turns only the module's dashes around.
            if (fs::is_regular_file(folder / (object + suffix), code)) chosen.files.insert(object + suffix);
        }
    if (chosen.files.empty())
        return fail("which-module",
                    fmt::format("{}: none of the sources of {} is there", (folder / name).string(), *known),
                    "name the folder that has them, or the one source");
    if (list.flags)
        chosen.notes.push_back(
            fmt::format("{}: its compiler flags (ccflags-y) are not used", (folder / name).string()));
    return chosen;
}

// The names in `#include "…"` lines.
std::vector<std::string> included(std::string_view text) {
    std::vector<std::string> out;
    while (!text.empty()) {
        const size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const size_t hash = line.find_first_not_of(" \t");
        if (hash == std::string_view::npos || line[hash] != '#') continue;
        line.remove_prefix(hash + 1);
        const size_t word = line.find_first_not_of(" \t");
        if (word == std::string_view::npos || !line.substr(word).starts_with("include")) continue;
        const size_t open = line.find('"'), close = line.find('"', open + 1);
        if (open != std::string_view::npos && close != std::string_view::npos)
            out.emplace_back(line.substr(open + 1, close - open - 1));
    }
    return out;
}

// The headers that lie beside a source and are included by it, or by one of them.
std::set<std::string> headers_of(const fs::path& source) {
    std::set<std::string> headers;
    std::vector<std::string> unread = {source.filename().string()};
    while (!unread.empty() && headers.size() < kMaxFiles) {
        const auto text = read_file(source.parent_path() / unread.back(), kMaxFileBytes);
        unread.pop_back();
        if (!text) continue;
        for (const std::string& name : included(*text)) {
            std::error_code code;
            if (has_suffix(name, ".h") && name.find("..") == std::string::npos && !name.starts_with('/') &&
                fs::is_regular_file(fs::symlink_status(source.parent_path() / name, code)) &&
                headers.insert(name).second)
                unread.push_back(name);
        }
    }
    return headers;
}

std::optional<Language> language_of(const std::set<std::string>& files) {
    const bool c = std::any_of(files.begin(), files.end(), [](const auto& file) { return has_suffix(file, ".c"); });
    const bool rust = std::any_of(files.begin(), files.end(), [](const auto& file) { return has_suffix(file, ".rs"); });
    if (c == rust) return std::nullopt;
    return c ? Language::c : Language::rust;
}

std::set<std::string> names_in(const fs::path& folder) {
    std::set<std::string> out;
    std::error_code code;
    for (fs::directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
        out.insert(it->path().filename().string());
    return out;
}

tl::unexpected<Error> which_language(const fs::path& path) {
    return fail("which-language", fmt::format("no .c and no .rs file, or both, in {}", path.string()),
                "say --lang c or --lang rust");
}

}  // namespace

std::string module_name(std::string file_name) {
    if (const size_t dot = file_name.rfind('.'); dot != std::string::npos && dot > 0) file_name.resize(dot);
    std::replace_if(
        file_name.begin(), file_name.end(), [](char c) { return c == '-' || c == '.'; }, '_');
    return file_name;
}

KbuildList parse_kbuild(std::string_view text) {
    KbuildList list;
    for (const std::string& line : logical_lines(text)) {
        const size_t equals = line.find('=');
        if (equals == std::string::npos || equals == 0) continue;
        size_t end = equals;
        while (end > 0 && (line[end - 1] == '+' || line[end - 1] == ':' || line[end - 1] == '?')) --end;
        const auto left = words(std::string_view(line).substr(0, end));
        if (left.size() != 1) continue;
        const auto objects = object_names(line.substr(equals + 1));
        if (left[0].starts_with("ccflags-") || left[0].starts_with("CFLAGS_") || left[0] == "EXTRA_CFLAGS" ||
            left[0].starts_with("rustflags-") || left[0].starts_with("subdir-ccflags-"))
            list.flags = true;
        else if (before_suffix(left[0], {"-m"}) == "obj")
            list.modules.insert(list.modules.end(), objects.begin(), objects.end());
        else if (const std::string module = before_suffix(left[0], {"-objs", "-y", "-m"}); !module.empty())
            for (const std::string& object : objects) list.objects[module].push_back(object);
    }
    return list;
}

Result<Driver> read_driver(const fs::path& path, std::optional<Language> language, const std::string& module) {
    std::error_code code;
    if (!fs::is_directory(path, code)) {
        if (!language) language = language_of({path.filename().string()});
        if (!language && fs::exists(fs::symlink_status(path, code))) return which_language(path);
        const std::string name = module.empty() ? module_name(path.filename().string()) : module;
        const auto headers = language == Language::c ? headers_of(path) : std::set<std::string>();
        if (!headers.empty()) {
            const fs::path folder = path.has_parent_path() ? path.parent_path() : ".";
            FERRULE_TRY(auto several, read_sources(folder, *language, name, [&](const std::string& wanted) {
                            return wanted == path.filename() || headers.contains(wanted);
                        }));
            return Driver{std::move(several), {}};
        }
        FERRULE_TRY(auto sources, read_sources(path, language.value_or(Language::c), name));
        return Driver{std::move(sources), {}};
    }
    FERRULE_TRY(Chosen chosen, choose(path, module));
    if (!language) language = language_of(chosen.files.empty() ? names_in(path) : chosen.files);
    if (!language) return which_language(path);
    const auto wanted = [&](const std::string& name) {
        if (name.ends_with(".mod.c")) return false;
        if (has_suffix(name, ".h")) return *language == Language::c;
        if (!chosen.files.empty()) return chosen.files.contains(name);
        return name.find('/') == std::string::npos && has_suffix(name, *language == Language::c ? ".c" : ".rs");
    };
    FERRULE_TRY(auto sources, read_sources(path, *language, chosen.module, wanted));
    return Driver{std::move(sources), std::move(chosen.notes)};
}

}  // namespace ferrule::build
