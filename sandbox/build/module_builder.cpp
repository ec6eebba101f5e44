// Theory of operation: the sources go into a staging folder in the build cache, one script (recipe.hpp) runs in one
// jail and puts objects and a log for each tool into out/; what the tools said is read from those logs, never from a
// common stream in which the learner's source, quoted by a compiler, could speak for another tool. The finished module
// moves into the cache by one rename.
#include "sandbox/build/module_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <set>

#include "sandbox/base/host_load.hpp"
#include "sandbox/build/build_cache.hpp"
#include "sandbox/build/builder_internal.hpp"
#include "sandbox/build/diagnostics.hpp"
#include "sandbox/build/imports.hpp"
#include "sandbox/build/jail_run.hpp"
#include "sandbox/build/late_places.hpp"
#include "sandbox/build/sources.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::build {
namespace {

constexpr double kSecondsForEachMore = 10;  // an emulating host's slowest compiler run, and then some

std::string key_of(const image::Image& image, const SourceSet& sources, const std::string& script) {
    Hash hash;
    // The script is the recorded commands, our flags and the limits.
    hash.add("module").add(image.toolchain.key).add(image.kernel.key).add(script).add(sources.module);
    for (const SourceFile& file : sources.files) hash.add(file.name).add(file.text);
    return hash.hex();
}

Diagnostic ours(std::string file, std::string message) {
    return {"error", std::move(file), 0, 0, std::move(message), "ferrule"};
}

// The sources that were being compiled when time ran out.
std::string unfinished_source(const SourceSet& sources, const JailRun& run) {
    std::set<std::string> ended;
    for (const auto& [name, status] : run.stages) ended.insert(name);
    for (const Stage& stage : stages(sources))
        if (stage.source >= 0 && ended.count(stage.name) == 0)
            return sources.files[static_cast<size_t>(stage.source)].name;
    return {};
}

// What the tools that only look at the sources said. sparse guesses; when it gives up on a source, that is told. The
// audit of `unsafe` must be whole: without clippy's word there is no verdict.
Result<void> add_static_checks(const SourceSet& sources, const StageLog& log, BuildOutcome& outcome) {
    const auto found = log.stage.tool == kClippy ? read_clippy(sources, log.text) : read_sparse(sources, log.text);
    for (const Diagnostic& diagnostic : found) add_diagnostic(outcome.diagnostics, diagnostic);
    const bool gave_up = log.stage.tool == kClippy ? log.status != 0 : log.status > 100;
    if (!gave_up) return {};
    const std::string words = fmt::format("{} gave up on this source (status {})", log.stage.tool, log.status);
    add_diagnostic(outcome.diagnostics,
                   {"warning", sources.files[static_cast<size_t>(log.stage.source)].name, 0, 0, words, "ferrule"});
    return log.stage.tool == kClippy ? fail("build-broken", words, "try again; if it stays, ferrule doctor")
                                     : Result<void>();
}

bool did_run(const JailRun& run, const std::string& stage) {
    return std::find(run.stages.begin(), run.stages.end(), std::pair{stage, 0}) != run.stages.end();
}

// Everything that the tools said, and whether it was too much.
Result<void> read_logs(const SourceSet& sources, const fs::path& staging, const JailRun& run, const Limits& limits,
                       BuildOutcome& outcome) {
    size_t left = limits.output_bytes;
    bool truncated = false;
    for (const Stage& stage : stages(sources)) {
        const auto ended = std::find_if(run.stages.begin(), run.stages.end(),
                                        [&](const auto& one) { return one.first == stage.name; });
        const bool has_ended = ended != run.stages.end();
        StageLog log{stage, has_ended ? ended->second : 0, read_log(staging, stage.name, left, truncated)};
        left -= log.text.size();
        if (stage.tool == "clang" && stage.source >= 0) {
            SplitLog split = split_lock_analysis(log.text);
            for (const Diagnostic& diagnostic : read_lock_analysis(sources, split.locks))
                add_diagnostic(outcome.diagnostics, diagnostic);
            log.text = std::move(split.rest);
        }
        if (log.status == 126 || log.status == 127)
            return fail("build-broken",
                        fmt::format("the build's {} cannot be started: {}", stage.tool, clean_text(log.text, 300)),
                        "rebuild the image: ferrule image clean, then ferrule image build");
        if (log.status == 128 + SIGKILL)
            return fail(
                "out-of-memory",
                fmt::format(
                    "{} was killed while it built the module, most likely because this machine ran out of memory",
                    stage.tool),
                "close other programs and try again");
        if (stage.tool == kClippy || stage.tool == kSparse) {
            // Of a source that does not compile, the compiler's words are what counts.
            if (auto added = add_static_checks(sources, log, outcome); !added && did_run(run, "rust"))
                return tl::unexpected(added.error());
            continue;
        }
        std::vector<Diagnostic> found = read_diagnostics(sources, log, limits);
        if (stage.tool == "clang" && stage.source >= 0 && did_run(run, "ir-" + stage.name))
            if (const auto ir =
                    read_file(staging / "out" / "obj" / fmt::format("{}.ll", stage.source), limits.file_bytes))
                place_attribute_calls(sources, *ir, found);
        bool ignored = false;
        if (stage.tool == "modpost" && did_run(run, "listing"))
            place_undefined(sources, read_log(staging, "listing", limits.file_bytes, ignored), found);
        for (Diagnostic& diagnostic : found) add_diagnostic(outcome.diagnostics, std::move(diagnostic));
        outcome.log += clean_text(readable_log(log),
                                  limits.output_bytes - std::min<size_t>(outcome.log.size(), limits.output_bytes));
        if (!outcome.log.empty() && outcome.log.back() != '\n') outcome.log += '\n';
    }
    if (truncated)
        outcome.diagnostics.push_back(ours(
            "", fmt::format("the compiler said more than {} KiB; the build was given up", limits.output_bytes >> 10)));
    return {};
}

bool has_error(const BuildOutcome& outcome) {
    return std::any_of(outcome.diagnostics.begin(), outcome.diagnostics.end(),
                       [](const Diagnostic& d) { return d.severity == "error"; });
}

}  // namespace

Result<BuildOutcome> build_module(const image::Image& image, const SourceSet& sources) {
    // Each file is a compiler run of its own; as many go on at once as there are processors.
    Limits limits;
    const double seconds = limits.wall_seconds + kSecondsForEachMore * static_cast<double>(sources.files.size());
    limits.wall_seconds = static_cast<unsigned>(seconds * patience());
    return build_module_within(image, sources, limits);
}

Result<BuildOutcome> build_module_within(const image::Image& image, const SourceSet& sources, const Limits& limits) {
    const auto start = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    FERRULE_TRY_VOID(check_sources(sources));
    FERRULE_TRY(const Recipe recipe, read_recipe(image.kernel.recipe));
    const std::string script = build_script(recipe, sources, limits);
    const std::string key = key_of(image, sources, script);
    FERRULE_TRY(const BuildCache cache, BuildCache::open());
    if (auto found = cache.find(key, sources.module)) {
        found->seconds = elapsed();
        return *std::move(found);
    }
    FERRULE_TRY(const TempDir staging, cache.staging());
    FERRULE_TRY_VOID(lay_out(staging.path(), sources.files));
    FERRULE_TRY(const JailRun run, run_in_jail(image, staging.path(), script, limits));

    BuildOutcome outcome;
    FERRULE_TRY_VOID(read_logs(sources, staging.path(), run, limits, outcome));
    if (run.timed_out && host_too_busy())
        return tl::unexpected(host_busy_error(fmt::format("the build took longer than {} s", limits.wall_seconds)));
    if (run.timed_out)
        outcome.diagnostics.push_back(
            ours(unfinished_source(sources, run),
                 fmt::format("the build took longer than {} s and was stopped", limits.wall_seconds)));
    const bool all = !run.stages.empty() && run.stages.back() == std::pair<std::string, int>{"strip", 0};
    outcome.ok = all && run.complete && !has_error(outcome);
    if (!outcome.ok) {
        if (no_space(staging.path())) return tl::unexpected(system_error("cannot build in", cache_dir(), ENOSPC));
        if (!has_error(outcome))
            return fail("build-broken",
                        "the build stopped without a word" +
                            (run.words.empty() ? "" : ": " + run.words.substr(0, run.words.find('\n'))),
                        "try again; if it stays, ferrule doctor");
        outcome.seconds = elapsed();
        return outcome;
    }
    outcome.module.key = key;
    outcome.module.ko = staging.path() / "out" / (sources.module + ".ko");
    outcome.module.stripped = staging.path() / "out" / (sources.module + ".stripped.ko");
    FERRULE_TRY(outcome.module.imports, read_imports(outcome.module.stripped));
    FERRULE_TRY(outcome, cache.publish(staging.path(), std::move(outcome), sources.module));
    outcome.seconds = elapsed();
    return outcome;
}

}  // namespace ferrule::build
