#include <fmt/format.h>

#include <algorithm>

#include "grader/classes.hpp"
#include "grader/exercise/toml_table.hpp"

namespace ferrule::grader {
namespace {

constexpr std::string_view kMarker = "// FERRULE: here";
constexpr uint64_t kSourceCap = 256u << 10;
constexpr size_t kFilesMax = 64;

// The text without its markers; line numbers stay, for only the end of a line goes.
std::string cut_markers(const std::string& text, const std::string& file, std::vector<MarkedLine>& lines) {
    std::string out;
    int line = 0;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size());
        std::string_view row(text.data() + at, end - at);
        ++line;
        if (row.ends_with(kMarker)) {
            row.remove_suffix(kMarker.size());
            while (row.ends_with(' ') || row.ends_with('\t')) row.remove_suffix(1);
            lines.push_back({file, line});
        }
        out += row;
        if (end < text.size()) out += '\n';
        at = end + 1;
    }
    return out;
}

Result<std::vector<fs::path>> sorted_entries(const fs::path& folder) {
    std::vector<fs::path> out;
    std::error_code failed;
    for (fs::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed))
        out.push_back(it->path());
    if (failed) return tl::unexpected(system_error("cannot list", folder, failed.value()));
    std::sort(out.begin(), out.end());
    return out;
}

Result<Mutant> load_mutant(const Exercise& exercise, Language language, const fs::path& folder) {
    const fs::path file = folder / "mutant.toml";
    FERRULE_TRY(const std::string text, read_file(file, kSourceCap));
    FERRULE_TRY(const toml::table root, parse_toml(text, file));
    Problems problems(file);
    TomlTable table(problems, root, "a mutant", {"class", "note", "anywhere"});
    Mutant mutant;
    mutant.name = folder.filename().string();
    mutant.language = language;
    mutant.folder = folder;
    if (!table.has("class")) table.missing("class", "the class that must be found, class = \"memory-leak\"");
    mutant.finding_class = table.text("class");
    if (!is_finding_class(mutant.finding_class))
        problems.add(table.line("class"), fmt::format("found class \"{}\"; expected a class of findings{}",
                                                      mutant.finding_class.substr(0, 40),
                                                      did_you_mean(mutant.finding_class, finding_classes())));
    if (!table.has("note")) table.missing("note", "one sentence: what is wrong with it");
    mutant.note = table.text("note");
    const bool anywhere = table.boolean("anywhere", false);

    mutant.sources.language = language;
    mutant.sources.module = exercise.module;
    FERRULE_TRY(const auto entries, sorted_entries(folder));
    for (const fs::path& entry : entries) {
        const std::string base = entry.filename().string();
        if (base == "mutant.toml") continue;
        const std::string extension = entry.extension().string();
        std::error_code ignored;
        if (!fs::is_regular_file(fs::symlink_status(entry, ignored)) ||
            (extension != ".c" && extension != ".h" && extension != ".rs") ||
            mutant.sources.files.size() >= kFilesMax) {
            problems.add(
                1, fmt::format(
                       "found {} in the mutant's folder; expected mutant.toml and at most {} sources (.c, .h, .rs)",
                       base, kFilesMax));
            break;
        }
        FERRULE_TRY(const std::string source, read_file(entry, kSourceCap));
        mutant.sources.files.push_back({base, cut_markers(source, base, mutant.lines)});
    }
    if (mutant.sources.files.empty()) problems.add(1, "found no source beside it; expected the mutant's whole source");
    if (mutant.lines.empty() && !anywhere)
        problems.add(1, fmt::format("found no line that ends with \"{}\" in the sources; expected one where the "
                                    "finding must point, or anywhere = true",
                                    kMarker));
    if (!mutant.lines.empty() && anywhere)
        problems.add(table.line("anywhere"),
                     fmt::format("found anywhere = true and a line with \"{}\"; expected one of them", kMarker));
    if (problems.any()) return problems.error();
    if (!mutant.lines.empty()) {
        mutant.file = mutant.lines.front().file;
        mutant.line = mutant.lines.front().line;
    }
    return mutant;
}

}  // namespace

Result<std::vector<Mutant>> load_mutants(const Exercise& exercise) {
    std::vector<Mutant> mutants;
    for (const Language language : exercise.languages) {
        const fs::path parent = exercise.folder / name(language) / "mutants";
        std::error_code ignored;
        if (!fs::exists(parent, ignored)) continue;
        FERRULE_TRY(const auto folders, sorted_entries(parent));
        for (const fs::path& folder : folders) {
            if (!fs::is_directory(folder, ignored))
                return fail(
                    "exercise-syntax",
                    fmt::format("{}:1: found a file; expected only folders, one for each mutant", folder.string()),
                    "Move it into the folder of its mutant.");
            FERRULE_TRY(Mutant mutant, load_mutant(exercise, language, folder));
            mutants.push_back(std::move(mutant));
        }
    }
    return mutants;
}

}  // namespace ferrule::grader
