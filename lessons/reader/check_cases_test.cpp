#include "lessons/reader/check_cases.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::reader;
using grader::Language;

namespace {

grader::Mutant leak_at(std::vector<grader::MarkedLine> lines) {
    grader::Mutant mutant;
    mutant.name = "leak";
    mutant.language = Language::c;
    mutant.finding_class = "memory-leak";
    mutant.lines = std::move(lines);
    return mutant;
}

grader::Finding finding(const std::string& finding_class, const std::string& file, int line) {
    grader::Finding one;
    one.finding_class = finding_class;
    one.title = "title";
    one.file = file;
    one.line = line;
    return one;
}

grader::Verdict failed(std::vector<grader::Finding> findings) {
    grader::Verdict verdict;
    verdict.verdict = findings.empty() ? "pass" : "fail";
    verdict.findings = std::move(findings);
    return verdict;
}

// c: starter, solution, two variants; rust: starter, solution. Each with one source.
struct Ring {
    TempDir dir = *TempDir::make();
    grader::Exercise exercise;
    std::vector<grader::Mutant> mutants;

    Ring() {
        exercise.id = exercise.module = "ring";
        exercise.languages = {Language::c, Language::rust};
        exercise.folder = dir.path();
        for (const char* file : {"c/starter/ring.c", "c/solution/ring.c", "c/variants/other/ring.c",
                                 "c/variants/another/ring.c", "rust/starter/ring.rs", "rust/solution/ring.rs"}) {
            REQUIRE(make_directories((dir.path() / file).parent_path()));
            REQUIRE(write_file(dir.path() / file, file));
        }
        for (const Language language : exercise.languages) {
            mutants.push_back(leak_at({}));
            mutants.back().language = language;
        }
    }

    std::vector<std::string> labels(const CaseFilter& filter = {}) const {
        const auto jobs = check_jobs(exercise, mutants, filter);
        REQUIRE(jobs);
        std::vector<std::string> out;
        for (const CheckJob& job : *jobs) out.push_back(label(job.what));
        return out;
    }
};

}  // namespace

TEST_CASE("every case of an exercise is a job, in order, and a filter leaves some") {
    Ring ring;
    CHECK(ring.labels() == std::vector<std::string>{"c starter", "c solution", "c variant another", "c variant other",
                                                    "c mutant leak", "rust starter", "rust solution",
                                                    "rust mutant leak"});
    CHECK(ring.labels({"leak", {}}) == std::vector<std::string>{"c mutant leak", "rust mutant leak"});
    CHECK(ring.labels({"solution", Language::rust}) == std::vector<std::string>{"rust solution"});
    CHECK(ring.labels({"", Language::rust}).size() == 3);
    const auto none = check_jobs(ring.exercise, ring.mutants, {"lake", {}});
    REQUIRE_FALSE(none);
    CHECK(none.error().code == "no-case");
    ring.exercise.corpus = true;
    CHECK(ring.labels({"", Language::rust}) == std::vector<std::string>{"rust solution", "rust mutant leak"});
}

TEST_CASE("a starter fails and compiles, a solution has no finding at all") {
    const CheckJob starter{nullptr, {CaseKind::starter, Language::c, "starter"}, {}, {}};
    CHECK(judge_job(starter, failed({finding("wrong-result", "a.c", 1)})).ok);
    CHECK_FALSE(judge_job(starter, failed({finding("build-error", "a.c", 1)})).ok);
    CHECK_FALSE(judge_job(starter, failed({})).ok);
    const CheckJob solution{nullptr, {CaseKind::solution, Language::c, "solution"}, {}, {}};
    CHECK(judge_job(solution, failed({})).ok);
    CHECK_FALSE(judge_job(solution, failed({finding("wrong-result", "a.c", 1)})).ok);
}

TEST_CASE("a mutant is found when the first finding has its class on one of its lines") {
    std::string expected, found;
    const auto mutant = leak_at({{"a.c", 3}, {"a.c", 9}});
    CHECK(is_as_declared(mutant, failed({finding("memory-leak", "a.c", 9)}), expected, found));
    CHECK(expected == "memory-leak at a.c:3 or a.c:9");
    CHECK(
        is_as_declared(mutant, failed({finding("memory-leak", "a.c", 3), finding("oops", "b.c", 1)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("memory-leak", "a.c", 4)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("memory-leak", "b.c", 3)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({finding("oops", "a.c", 3)}), expected, found));
    CHECK_FALSE(is_as_declared(mutant, failed({}), expected, found));
    CHECK(found == "pass");
    CHECK_FALSE(
        is_as_declared(mutant, failed({finding("oops", "a.c", 1), finding("memory-leak", "a.c", 3)}), expected, found));
    CHECK(found.rfind("found, but not first", 0) == 0);
}

TEST_CASE("a mutant without a line needs its class alone") {
    std::string expected, found;
    CHECK(is_as_declared(leak_at({}), failed({finding("memory-leak", "", 0)}), expected, found));
    CHECK_FALSE(is_as_declared(leak_at({}), failed({finding("hang", "", 0)}), expected, found));
}
