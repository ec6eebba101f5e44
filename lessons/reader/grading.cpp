#include "lessons/reader/grading.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace ferrule::reader {

Result<uint64_t> seed_of(const grader::Exercise& exercise, const build::SourceSet& sources) {
    Hash hash;
    hash.add("seed").add(exercise.id).add(exercise.source_hash).add(grader::name(sources.language)).add(sources.module);
    for (const build::SourceFile& file : sources.files) hash.add(file.name).add(file.text);
    return std::strtoull(hash.hex().substr(0, 16).c_str(), nullptr, 16);
}

grader::Observations refused_submission(const grader::Exercise& exercise, grader::Language language, const Error& why) {
    grader::Observations seen;
    seen.exercise = exercise.id;
    seen.module = exercise.module;
    seen.language = language;
    seen.built = false;
    build::Diagnostic diagnostic;
    diagnostic.severity = "error";
    diagnostic.message = why.message;
    diagnostic.tool = "ferrule";
    seen.diagnostics.push_back(std::move(diagnostic));
    return seen;
}

Result<Graded> grade_sources(const grader::Exercise& exercise, grader::Language language, build::SourceSet sources,
                             Progress& progress, const grader::RunHooks& hooks, const grader::Caching& caching) {
    const auto start = Clock::now();
    FERRULE_TRY(const uint64_t derived, seed_of(exercise, sources));
    const uint64_t seed = hooks.seed.value_or(derived);
    const grader::Submission submission{exercise.id, language, std::move(sources)};
    FERRULE_TRY(grader::Observed observed,
                grader::observe_cached(exercise, submission, seed, caching, progress, hooks));
    Graded graded;
    graded.observations = std::move(observed.observations);
    graded.from_cache = observed.from_cache;
    graded.verdict = grader::judge(exercise, graded.observations);
    graded.verdict.timing.total_seconds = std::chrono::duration<double>(Clock::now() - start).count();
    return graded;
}

Result<Graded> grade(const grader::Exercise& exercise, grader::Language language, const fs::path& path,
                     bool build_image, Progress& progress, const grader::RunHooks& hooks,
                     const grader::Caching& caching) {
    std::error_code code;
    const fs::file_status status = fs::symlink_status(path, code);
    if (status.type() == fs::file_type::not_found)
        return fail("no-submission", fmt::format("there is nothing to grade at {}", path.string()),
                    fmt::format("`ferrule start {}` puts the starter there.", exercise.id));
    if (code) return tl::unexpected(system_error("read", path, code.value()));
    auto sources = build::read_sources(path, language, exercise.module);
    if (!sources) {
        if (sources.error().code != "bad-submission") return tl::unexpected(std::move(sources.error()));
        Graded refused;
        refused.observations = refused_submission(exercise, language, sources.error());
        refused.verdict = grader::judge(exercise, refused.observations);
        return refused;
    }
    if (build_image)
        for (const std::string& variant : exercise.kernels) FERRULE_TRY_VOID(image::ensure(variant, progress));
    return grade_sources(exercise, language, std::move(*sources), progress, hooks, caching);
}

}  // namespace ferrule::reader
