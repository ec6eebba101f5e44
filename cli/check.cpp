// For instructors: does the exercise prove what it says?
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "lessons/reader/author_checks.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::cli {

namespace {

struct Options {
    std::vector<std::string> ids;
    bool all = false, corpus = false, deep = false, json = false;
    std::optional<uint64_t> seed;
};

std::string label(const reader::CheckCase& what) {
    if (what.kind == reader::CaseKind::files) return "files";
    const std::string language = grader::name(what.language);
    const bool named = what.kind == reader::CaseKind::mutant || what.kind == reader::CaseKind::variant;
    return named ? fmt::format("{} {} {}", language, reader::name(what.kind), what.name)
                 : fmt::format("{} {}", language, what.name);
}

nlohmann::ordered_json as_json(const reader::CheckResult& result) {
    nlohmann::ordered_json json = {{"kind", reader::name(result.what.kind)}, {"name", result.what.name}};
    json["language"] = result.what.kind == reader::CaseKind::files
                           ? nlohmann::ordered_json()
                           : nlohmann::ordered_json(grader::name(result.what.language));
    json["ok"] = result.ok;
    json["expected"] = result.expected;
    json["found"] = result.found;
    json["seconds"] = result.seconds;
    json["problems"] = result.problems;
    return json;
}

// What a case that is not as declared was judged by, for a closer look. Empty: there is none, or it could not be kept.
std::string keep_evidence(const std::string& exercise, const reader::CheckResult& result) {
    if (result.observations.empty()) return "";
    std::string name = fmt::format("check-{}-{}.json", exercise, label(result.what));
    std::replace(name.begin(), name.end(), ' ', '-');
    const fs::path file = cache_dir() / "logs" / name;
    if (!make_directories(file.parent_path()) || !write_file(file, result.observations)) return "";
    return file.string();
}

void print(const std::string& exercise, const reader::CheckResult& result) {
    std::string line;
    if (reader::is_terminal(STDOUT_FILENO))
        line = fmt::format("[{}] {:<20} {:<36} {:5.1f} s", result.ok ? "ok" : "!!", exercise, label(result.what),
                           result.seconds);
    else
        line = fmt::format("{} {}: {} ({:.1f} s)", result.ok ? "ok" : "FAILED", exercise, label(result.what),
                           result.seconds);
    if (result.what.kind == reader::CaseKind::mutant && result.ok) line += "  " + result.expected;
    std::cout << line << std::endl;
    if (result.ok) return;
    std::cout << "     expected: " << result.expected << "\n";
    if (result.problems.empty()) std::cout << "     found:    " << reader::printable(result.found) << "\n";
    for (const std::string& problem : result.problems)
        std::cout << "     found:    " << reader::printable(problem) << "\n";
    if (const std::string evidence = keep_evidence(exercise, result); !evidence.empty())
        std::cout << "     evidence: " << evidence << "\n";
    std::cout << std::flush;
}

Result<int> check(const Options& options) {
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const fs::path corpus_folder, reader::default_corpus());
    FERRULE_TRY(const auto corpus, reader::load_corpus(corpus_folder));
    std::vector<const grader::Exercise*> chosen;
    for (const std::string& id : options.ids) {
        const auto driver = std::find_if(corpus.begin(), corpus.end(), [&](const auto& one) { return one.id == id; });
        if (driver != corpus.end()) {
            chosen.push_back(&*driver);
            continue;
        }
        FERRULE_TRY(const auto* exercise, catalogue.find(id));
        chosen.push_back(exercise);
    }
    if (options.corpus)
        for (const grader::Exercise& driver : corpus) chosen.push_back(&driver);
    else if (options.ids.empty())
        chosen = catalogue.exercises();
    ProgressView view;
    auto report = nlohmann::ordered_json::array();
    int cases = 0, bad = 0;
    std::vector<grader::Exercise> deep;
    deep.reserve(chosen.size());
    if (options.deep)
        for (const grader::Exercise*& exercise : chosen) exercise = &deep.emplace_back(deep_exercise(*exercise));
    for (const grader::Exercise* exercise : chosen) {
        for (const std::string& variant : exercise->kernels) FERRULE_TRY_VOID(image::ensure(variant, view));
        reader::CheckHooks hooks;
        std::string current;
        hooks.begin = [&](const reader::CheckCase& what) {
            current = fmt::format("{} {}", exercise->id, label(what));
            view.status(current);
        };
        hooks.run.seed = options.seed;
        hooks.run.stage = [&](const std::string& stage) { view.status(fmt::format("{}: {}", current, stage)); };
        hooks.end = [&](const reader::CheckResult& result) {
            view.clear();
            if (!options.json) print(exercise->id, result);
        };
        FERRULE_TRY(const auto results, reader::check_exercise(*exercise, view, hooks));
        auto list = nlohmann::ordered_json::array();
        for (const auto& result : results) {
            ++cases;
            bad += result.ok ? 0 : 1;
            list.push_back(as_json(result));
        }
        report.push_back({{"exercise", exercise->id}, {"cases", list}});
    }
    if (options.json)
        std::cout << nlohmann::ordered_json{{"format", 1}, {"ok", bad == 0}, {"exercises", report}}.dump(
                         2, ' ', false, nlohmann::json::error_handler_t::replace)
                  << "\n";
    else
        std::cout << fmt::format("{} exercises, {} cases, {} not as declared\n", chosen.size(), cases, bad);
    return bad == 0 ? kPass : kFail;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "check", "for instructors: starter fails, solution passes, every mutant is found where it says");
    auto* ids = command->add_option("EXERCISE", options->ids, "exercises to check; all of the course when left out");
    auto* all = command->add_flag("--all", options->all, "all exercises of the course")->excludes(ids);
    command->add_flag("--corpus", options->corpus, "the drivers of grader/corpus")->excludes(ids)->excludes(all);
    add_deep_option(*command, options->deep);
    command->add_flag("--json", options->json, "one JSON object");
    add_seed_option(*command, options->seed);
    command->callback([options, &invocation] {
        invocation.action = [options] { return check(*options); };
        if (options->json) invocation.error_json = error_object;
    });
}

}  // namespace ferrule::cli
