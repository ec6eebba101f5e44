// What the learner has done so far: to look at, for a program, and to take to another machine.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/command.hpp"
#include "lessons/reader/progress_file.hpp"

namespace ferrule::cli {

namespace {

using Json = nlohmann::ordered_json;

struct Row {
    std::string exercise, language;
    const reader::Lesson* lesson = nullptr;  // none: the course has this exercise no longer
    reader::ExerciseProgress progress;
};

// What was begun, in the order of the course; then what is no longer in it.
Result<std::vector<Row>> rows_of(const reader::Catalogue& catalogue, const reader::ProgressStore& store) {
    FERRULE_TRY(const reader::Record record, store.record());
    std::set<std::pair<std::string, std::string>> begun;
    for (const auto& one : record.attempts) begun.insert({one.exercise, one.language});
    for (const auto& one : record.sessions) begun.insert({one.exercise, one.language});
    std::vector<Row> rows;
    for (const grader::Exercise* exercise : catalogue.exercises())
        for (const grader::Language language : exercise->languages)
            if (begun.erase({exercise->id, grader::name(language)}) > 0)
                rows.push_back({exercise->id, grader::name(language), catalogue.lesson_of(*exercise), {}});
    for (const auto& [exercise, language] : begun) rows.push_back({exercise, language, nullptr, {}});
    for (Row& row : rows) {
        FERRULE_TRY(row.progress, store.progress(row.exercise, row.language));
    }
    return rows;
}

std::string duration(int64_t seconds) {
    const int64_t minutes = (seconds + 30) / 60;
    return minutes < 60 ? fmt::format("{} min", minutes) : fmt::format("{} h {:02} min", minutes / 60, minutes % 60);
}

Json as_json(const Row& row) {
    return {{"exercise", row.exercise},
            {"language", row.language},
            {"lesson", row.lesson ? Json(row.lesson->id) : Json()},
            {"attempts", row.progress.attempts},
            {"passed", row.progress.passed},
            {"last", row.progress.last.empty() ? Json() : Json(row.progress.last)},
            {"last_at", row.progress.last_at > 0 ? Json(row.progress.last_at) : Json()},
            {"hints", row.progress.hints},
            {"seconds", row.progress.seconds}};
}

std::string as_text(const Row& row) {
    const reader::ExerciseProgress& progress = row.progress;
    std::string last = "-";
    if (progress.last_at > 0) {
        const time_t at = progress.last_at;
        tm local{};
        if (::localtime_r(&at, &local)) last = fmt::format("{:%Y-%m-%d %H:%M}", local);
    }
    return fmt::format("{:<24} {:<5} {:<7} {:>8} {:>6} {:>11}  {}{}\n", row.exercise, row.language,
                       progress.passed ? "passed" : "open", progress.attempts, progress.hints,
                       duration(progress.seconds), last, row.lesson ? "" : "  (no longer in the course)");
}

Result<int> show(bool json) {
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    FERRULE_TRY(const auto rows, rows_of(catalogue, store));
    std::set<std::string> passed;  // in any language
    int64_t seconds = 0;
    for (const Row& row : rows) {
        seconds += row.progress.seconds;
        if (row.progress.passed && row.lesson) passed.insert(row.exercise);
    }
    const size_t total = catalogue.exercises().size();
    if (json) {
        Json list = Json::array();
        for (const Row& row : rows) list.push_back(as_json(row));
        std::cout << Json{{"format", 1},
                          {"exercises_passed", passed.size()},
                          {"exercises_total", total},
                          {"seconds", seconds},
                          {"progress", list}}
                         .dump(2)
                  << "\n";
        return 0;
    }
    if (!rows.empty())
        std::cout << fmt::format("{:<24} {:<5} {:<7} {:>8} {:>6} {:>11}  {}\n", "exercise", "lang", "state", "attempts",
                                 "hints", "time", "last attempt");
    for (const Row& row : rows) std::cout << as_text(row);
    std::cout << fmt::format("{}{} of {} exercises passed, {} at work.\n", rows.empty() ? "" : "\n", passed.size(),
                             total, duration(seconds));
    return 0;
}

Result<int> export_to(const std::string& file, bool force) {
    FERRULE_TRY(const auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    FERRULE_TRY(const reader::Record record, store.record());
    const std::string text = reader::to_json(record);
    if (file.empty() || file == "-") {
        std::cout << text;
        return 0;
    }
    std::error_code code;
    if (!force && fs::exists(fs::symlink_status(file, code)))
        return fail("usage", fmt::format("{} is there already", file), "Another name, or --force.");
    FERRULE_TRY_VOID(write_file(file, text));
    std::cout << fmt::format("{} attempts are in {}\n", record.attempts.size(), file);
    return 0;
}

Result<int> import_from(const std::string& file) {
    constexpr size_t kMost = 64u << 20;  // bytes
    std::string text;
    if (file == "-") {
        text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
        FERRULE_TRY(text, read_file(file, kMost));
    }
    auto record = reader::record_from_json(text);
    if (!record)
        return fail(record.error().code, fmt::format("{}: {}", file, record.error().message), record.error().hint);
    FERRULE_TRY(auto store, reader::ProgressStore::open(reader::ProgressStore::default_file()));
    FERRULE_TRY(const size_t added, store.merge(*record));
    std::cout << (added > 0 ? fmt::format("{} entries were new; what was here is kept\n", added)
                            : "Nothing in it was new\n");
    return 0;
}

}  // namespace

void add_progress(CLI::App& app, Invocation& invocation) {
    struct Options {
        bool json = false, force = false;
        std::string file;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("progress", "attempts, hints and time; export and import");
    command->add_flag("--json", options->json, "one JSON object");
    command->require_subcommand(0, 1);
    command->callback([options, command, &invocation] {
        if (!command->get_subcommands().empty()) return;
        invocation.action = [options] { return show(options->json); };
        if (options->json) invocation.error_json = error_object;
    });
    CLI::App* out = command->add_subcommand("export", "write all of it to a file, or to standard output");
    out->add_option("FILE", options->file, "where to; - or nothing: standard output");
    out->add_flag("--force", options->force, "write over a file that is there");
    out->callback(
        [options, &invocation] { invocation.action = [options] { return export_to(options->file, options->force); }; });
    CLI::App* in = command->add_subcommand("import", "add what another machine exported; nothing is lost");
    in->add_option("FILE", options->file, "what `ferrule progress export` wrote; -: standard input")->required();
    in->callback([options, &invocation] { invocation.action = [options] { return import_from(options->file); }; });
}

}  // namespace ferrule::cli
