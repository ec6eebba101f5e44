#include "lessons/reader/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>

#include "grader/report/report.hpp"

namespace ferrule::reader {
namespace {

struct Found {
    std::string finding_class, title, file;
    int line = 0;
};

// The database is ours, but an older or a damaged one must not bring us down.
std::vector<Found> findings_of(const reader::Attempt& attempt) {
    std::vector<Found> found;
    const auto json = nlohmann::json::parse(attempt.findings, nullptr, false);
    if (!json.is_array()) return found;
    for (const auto& one : json) {
        if (!one.is_object()) continue;
        const auto text = [&](const char* key) {
            return one.contains(key) && one[key].is_string() ? one[key].get<std::string>() : std::string();
        };
        Found entry{text("class"), text("title"), text("file"), 0};
        if (one.contains("line") && one["line"].is_number_integer()) entry.line = one["line"].get<int>();
        found.push_back(std::move(entry));
    }
    return found;
}

const grader::Hint* hint_for(const grader::Exercise& exercise, const std::string& finding_class) {
    for (const grader::Hint& hint : exercise.hints)
        if (hint.finding_class == finding_class && !hint.steps.empty()) return &hint;
    return nullptr;
}

}  // namespace

Result<void> remember(const grader::Verdict& verdict) {
    FERRULE_TRY(auto store, ProgressStore::open(ProgressStore::default_file()));
    const auto findings =
        nlohmann::json::parse(grader::to_json(verdict), nullptr, false).value("findings", nlohmann::json::array());
    FERRULE_TRY_VOID(store.worked(verdict.exercise, verdict.language, std::time(nullptr)));
    return store.add_attempt(
        {verdict.exercise, verdict.language, verdict.verdict, findings.dump(), verdict.timing.total_seconds, 0});
}

Result<std::vector<std::string>> next_hint(ProgressStore& store, const grader::Exercise& exercise,
                                           grader::Language language) {
    const std::string words = grader::name(language);
    FERRULE_TRY(const auto attempt, store.last_attempt(exercise.id, words));
    if (attempt.exercise.empty())
        return std::vector<std::string>{
            fmt::format("Hints answer what grading finds. First: ferrule grade {} --lang {}", exercise.id, words)};
    if (attempt.verdict == "pass")
        return std::vector<std::string>{
            fmt::format("It passed: there is nothing to hint at. The reference: ferrule solution {} --lang {}",
                        exercise.id, words)};
    const auto found = findings_of(attempt);
    const Found* about = nullptr;
    const grader::Hint* steps = nullptr;
    for (const Found& one : found)
        if (!steps && (steps = hint_for(exercise, one.finding_class))) about = &one;
    if (!steps)
        return std::vector<std::string>{
            fmt::format("There is no hint for this finding ({}). The lesson: ferrule learn {}",
                        found.empty() ? "none" : found.front().finding_class, exercise.id)};
    FERRULE_TRY(const int before, store.hints_shown(exercise.id, words, about->finding_class));
    const int count = static_cast<int>(steps->steps.size());
    const int now = std::min(before + 1, count);
    FERRULE_TRY_VOID(store.set_hints_shown(exercise.id, words, about->finding_class, now));
    std::string head = about->finding_class;
    if (about->line > 0) head += fmt::format(" at {}:{}", about->file, about->line);
    std::vector<std::string> lines = {head + ": " + about->title};
    for (int i = 0; i < now; ++i)
        lines.push_back(fmt::format("  {} of {}  {}", i + 1, count, steps->steps[static_cast<size_t>(i)]));
    if (before >= count)
        lines.push_back(
            fmt::format("That is all of them. The reference: ferrule solution {} --lang {}", exercise.id, words));
    return lines;
}

Result<std::vector<SolutionFile>> solution_files(const grader::Exercise& exercise, grader::Language language) {
    const fs::path folder = exercise.solution(language);
    std::vector<fs::path> files;
    std::error_code code;
    for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
        if (it->is_regular_file(code)) files.push_back(it->path());
    if (code) return tl::unexpected(system_error("read", folder, code.value()));
    std::sort(files.begin(), files.end());
    std::vector<SolutionFile> out;
    for (const fs::path& file : files) {
        FERRULE_TRY(std::string text, read_file(file, 1u << 20));
        out.push_back({fs::relative(file, folder).string(), std::move(text)});
    }
    return out;
}

}  // namespace ferrule::reader
