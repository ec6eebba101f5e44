// For instructors: does the exercise prove what it says?
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "cli/check_selection.hpp"
#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "lessons/reader/class_table.hpp"
#include "lessons/reader/lesson_checks.hpp"
#include "lessons/reader/marked_section.hpp"
#include "lessons/reader/repeatability.hpp"
#include "lessons/reader/terminal.hpp"
#include "lessons/reader/text_width.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::cli {

namespace {

struct Options {
    Asked asked;
    std::string language, table, classes;
    unsigned jobs = 0, repeat = 0;
    bool json = false, no_cache = false, build_only = false;
    std::optional<uint64_t> seed;
};

nlohmann::ordered_json as_json(const reader::CheckResult& result) {
    nlohmann::ordered_json json = {{"kind", reader::name(result.what.kind)}, {"name", result.what.name}};
    json["language"] = reader::has_language(result.what.kind)
                           ? nlohmann::ordered_json(grader::name(result.what.language))
                           : nlohmann::ordered_json();
    json["ok"] = result.ok;
    json["expected"] = result.expected;
    json["found"] = result.found;
    json["seconds"] = result.seconds;
    json["cached"] = result.from_cache;
    json["problems"] = result.problems;
    return json;
}

// What a case that is not as declared was judged by, for a closer look. Empty: there is none, or it could not be kept.
std::string keep_evidence(const std::string& exercise, const reader::CheckResult& result) {
    if (result.observations.empty()) return "";
    std::string name = fmt::format("check-{}-{}.json", exercise, reader::label(result.what));
    std::replace(name.begin(), name.end(), ' ', '-');
    const fs::path file = cache_dir() / "logs" / name;
    if (!make_directories(file.parent_path()) || !write_file(file, result.observations)) return "";
    return file.string();
}

void print(const std::string& exercise, const reader::CheckResult& result) {
    std::string line;
    if (reader::is_terminal(STDOUT_FILENO))
        line = fmt::format("[{}] {:<20} {:<36} {:5.1f} s", result.ok ? "ok" : "!!", exercise,
                           reader::label(result.what), result.seconds);
    else
        line = fmt::format("{} {}: {} ({:.1f} s)", result.ok ? "ok" : "FAILED", exercise, reader::label(result.what),
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

reader::CheckOptions check_options(const Options& options) {
    reader::CheckOptions out;
    out.jobs = options.jobs;
    if (!options.language.empty()) out.language = grader::language_from(options.language);
    out.caching.on = !options.no_cache;
    out.build_only = options.build_only;
    return out;
}

Result<void> ensure_images(const std::vector<reader::CheckTarget>& targets, Progress& progress) {
    std::set<std::string> variants;
    for (const reader::CheckTarget& target : targets)
        variants.insert(target.exercise->kernels.begin(), target.exercise->kernels.end());
    for (const std::string& variant : variants) FERRULE_TRY_VOID(image::ensure(variant, progress));
    return {};
}

// Courses and lessons as texts: what stands in them, and what does not build. `name`, then its problems.
using TextReport = std::function<void(const std::string& kind, const std::string& name, double seconds,
                                      const std::vector<std::string>& problems)>;
Result<void> check_texts(const Selection& chosen, ProgressView& view, const TextReport& end) {
    for (const reader::Course* course : chosen.courses())
        end("course", course->id.empty() ? "course" : course->id, 0, course_problems(chosen.catalogue(), *course));
    if (chosen.lessons().empty()) return {};
    FERRULE_TRY_VOID(image::ensure("mem", view));
    FERRULE_TRY(const auto image, image::find("mem"));
    for (const reader::Lesson* lesson : chosen.lessons()) {
        const auto start = std::chrono::steady_clock::now();
        view.status(lesson->id + ": text");
        FERRULE_TRY(const std::string text, read_file(lesson->text, 4u << 20));
        auto problems = lesson_problems(chosen.catalogue(), *lesson, text, reader::kernel_source(image));
        FERRULE_TRY(const auto of_blocks, reader::build_problems(*lesson, text, image));
        problems.insert(problems.end(), of_blocks.begin(), of_blocks.end());
        end("lesson", lesson->id, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
            problems);
    }
    return {};
}

void print_text(const std::string& kind, const std::string& name, double seconds,
                const std::vector<std::string>& problems) {
    std::cout << fmt::format("{} {}: {} ({:.1f} s)\n", problems.empty() ? "ok" : "FAILED", name,
                             kind == "course" ? "ids and files" : "text", seconds);
    for (const std::string& problem : problems) std::cout << "     " << reader::printable(problem) << "\n";
    std::cout << std::flush;
}

Result<int> check(const Options& options) {
    FERRULE_TRY(const Selection chosen, Selection::make(options.asked));
    ProgressView view;
    auto texts = nlohmann::ordered_json::array();
    int cases = 0, bad = 0, cached = 0;
    if (options.language.empty())
        FERRULE_TRY_VOID(
            check_texts(chosen, view, [&](const auto& kind, const auto& name, double seconds, const auto& problems) {
                ++cases;
                bad += problems.empty() ? 0 : 1;
                view.clear();
                if (!options.json) print_text(kind, name, seconds, problems);
                texts.push_back({{"kind", kind}, {"name", name}, {"ok", problems.empty()}, {"problems", problems}});
            }));
    FERRULE_TRY_VOID(ensure_images(chosen.targets(), view));
    auto report = nlohmann::ordered_json::array();
    std::mutex screen;  // a state line of another case must not come between clearing and printing
    reader::CheckHooks hooks;
    hooks.seed = options.seed;
    hooks.stage = [&](const std::string& stage) {
        const std::lock_guard lock(screen);
        view.status(stage);
    };
    hooks.end = [&](const grader::Exercise& exercise, const reader::CheckResult& result) {
        const std::lock_guard lock(screen);
        ++cases;
        bad += result.ok ? 0 : 1;
        cached += result.from_cache ? 1 : 0;
        view.clear();
        if (!options.json) print(exercise.id, result);
        if (report.empty() || report.back()["exercise"] != exercise.id)
            report.push_back({{"exercise", exercise.id}, {"cases", nlohmann::ordered_json::array()}});
        report.back()["cases"].push_back(as_json(result));
    };
    FERRULE_TRY_VOID(reader::check_exercises(chosen.targets(), check_options(options), view, hooks));
    if (options.json)
        std::cout << nlohmann::ordered_json{{"format", 1}, {"ok", bad == 0}, {"texts", texts}, {"exercises", report}}
                         .dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
                  << "\n";
    else
        std::cout << fmt::format("{} exercises, {} cases, {} not as declared{}\n", report.size(), cases, bad,
                                 cached > 0 ? fmt::format("; {} had been run before", cached) : "");
    return bad == 0 ? kPass : kFail;
}

void print(const reader::RepeatRow& row) {
    std::cout << fmt::format("{} {}: {}, {} of {} equal, {} as declared ({:.1f} s)\n", row.steady() ? "ok" : "UNSTEADY",
                             row.driver, row.label, row.equal(), row.runs, row.as_declared, row.median);
    if (!row.steady())
        for (const auto& [verdict, times] : row.verdicts)
            std::cout << fmt::format("     {:>3} x {}\n", times, reader::printable(verdict));
    std::cout << std::flush;
}

Result<int> repeat(const Options& options) {
    // Before hours go by.
    std::vector<reader::RepeatRow> recorded;
    if (!options.table.empty()) {
        FERRULE_TRY(const std::string text, reader::section_place(options.table, reader::kRepeatSection));
        recorded = reader::rows_of(text);
    }
    FERRULE_TRY(const Selection chosen, Selection::make(options.asked));
    FERRULE_TRY(const auto jobs, reader::repeat_jobs(chosen.targets(), check_options(options)));
    ProgressView view;
    FERRULE_TRY_VOID(ensure_images(chosen.targets(), view));
    FERRULE_TRY(const auto image, image::find(image::known_variants().front()));
    const std::string machine =
        fmt::format("Kernel {}, {}, {} cores", image.kernel.release, vm::name(vm::best_accelerator(image, view)),
                    std::thread::hardware_concurrency());
    FERRULE_TRY(auto rows, reader::known_rows(jobs, options.repeat, recorded, options.seed, view));
    const auto known = std::count_if(rows.begin(), rows.end(), [](const auto& row) { return row.runs > 0; });
    if (known > 0) std::cout << fmt::format("{} of {} cases are in the table already\n", known, rows.size());
    const auto write = [&]() -> Result<void> {
        if (options.table.empty()) return {};
        std::vector<reader::RepeatRow> all = rows;
        // Who repeats some of the cases does not lose the others' rows.
        if (!options.asked.all)
            std::copy_if(recorded.begin(), recorded.end(), std::back_inserter(all), [&](const auto& old) {
                return std::none_of(rows.begin(), rows.end(), [&](const auto& row) {
                    return row.driver == old.driver && row.label == old.label;
                });
            });
        return reader::write_section(options.table, reader::kRepeatSection, reader::repeat_table(all, machine));
    };
    Result<void> written = write();
    std::mutex screen;
    reader::CheckHooks hooks;
    hooks.seed = options.seed;
    hooks.stage = [&](const std::string& stage) {
        const std::lock_guard lock(screen);
        view.status(stage);
    };
    const auto end = [&](const reader::RepeatRow& row) {
        const std::lock_guard lock(screen);
        view.clear();
        print(row);
        // After each case, so that a run which is stopped has written what it found.
        if (written) written = write();
    };
    FERRULE_TRY_VOID(reader::repeat_checks(jobs, rows, options.repeat, check_options(options), view, hooks, end));
    FERRULE_TRY_VOID(std::move(written));
    const auto unsteady = std::count_if(rows.begin(), rows.end(), [](const auto& row) { return !row.steady(); });
    if (options.table.empty()) std::cout << "\n" << reader::repeat_table(rows, machine);
    std::cout << fmt::format("{} cases, {} times each, {} not steady\n", rows.size(), options.repeat, unsteady);
    return unsteady == 0 ? kPass : kFail;
}

Result<int> write_classes(const fs::path& file) {
    FERRULE_TRY(const auto catalogue, load_course());
    FERRULE_TRY(const std::string table, reader::class_table(catalogue));
    FERRULE_TRY_VOID(reader::write_section(file, reader::kClassSection, table));
    return kPass;
}

}  // namespace

void add_check(CLI::App& app, Invocation& invocation) {
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand(
        "check", "for instructors: starter fails, solution passes, every mutant is found where it says");
    auto* ids =
        command->add_option("EXERCISE", options->asked.ids,
                            "exercises, single cases (keeper/off-by-one) or lessons (ownership/leaks); the course "
                            "when left out");
    auto* all =
        command->add_flag("--all", options->asked.all, "the course and the drivers of grader/corpus")->excludes(ids);
    command->add_flag("--corpus", options->asked.corpus, "the drivers of grader/corpus")->excludes(ids)->excludes(all);
    command->add_flag("--changed", options->asked.changed, "what differs from the last commit, as git says")
        ->excludes(ids)
        ->excludes(all);
    add_deep_option(*command, options->asked.deep);
    add_seed_option(*command, options->seed);
    add_language_option(*command, options->language);
    command->add_option("--jobs", options->jobs, "cases at once; left out: what this machine's cores allow")
        ->check(CLI::Range(1, 64));
    command->add_flag("--no-cache", options->no_cache, "run also what was run before");
    auto* build_only =
        command->add_flag("--build-only", options->build_only, "look at texts and files and compile all; run nothing");
    auto* json = command->add_flag("--json", options->json, "one JSON object");
    auto* times = command
                      ->add_option("--repeat", options->repeat,
                                   "grade each solution and mutant so often and count equal verdicts")
                      ->check(CLI::Range(1, 1000))
                      ->excludes(json)
                      ->excludes(build_only);
    command
        ->add_option("--table", options->table,
                     "with --repeat: the Markdown file for the result; what it has already is not run again")
        ->needs(times);
    command
        ->add_option("--classes", options->classes,
                     "runs nothing: writes which classes the course's mutants declare into this Markdown file")
        ->excludes(ids)
        ->excludes(all)
        ->excludes(times);
    command->callback([options, &invocation] {
        invocation.action = [options] {
            if (!options->classes.empty()) return write_classes(options->classes);
            return options->repeat > 0 ? repeat(*options) : check(*options);
        };
        if (options->json) invocation.error_json = error_object;
    });
}

}  // namespace ferrule::cli
