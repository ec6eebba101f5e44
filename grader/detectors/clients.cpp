// Hostile clients: what safe code can do with the learner's wrapper that it must not. A client that must not compile
// and does, and one that runs and trips a detector, say the same: something unsafe is reachable from safe code.
#include <fmt/format.h>

#include <algorithm>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/exercise/clients.hpp"
#include "grader/run/clients.hpp"
#include "grader/source_spans.hpp"

namespace ferrule::grader {
namespace {

// The first line of the learner's code that holds the words (spaces as they are), outside comments and strings; behind
// "fn get" no more of a name may follow.
void blame(const Observations& observations, const std::string& words, Finding& finding) {
    if (words.empty()) return;
    for (const auto& [file, text] : observations.sources) {
        const std::string code = code_only(text, Language::rust);
        size_t at = code.find(words);
        const auto goes_on = [&](size_t next) { return next < code.size() && word_char(code[next]); };
        while (at != std::string::npos && goes_on(at + words.size())) at = code.find(words, at + 1);
        if (at == std::string::npos) continue;
        finding.file = file;
        finding.line = 1 + static_cast<int>(std::count(code.begin(), code.begin() + static_cast<ptrdiff_t>(at), '\n'));
        return;
    }
}

bool is_learners(const Observations& observations, const std::string& file, int line) {
    const auto source = observations.sources.find(file);
    return source != observations.sources.end() && line > 0 && line <= lines_of(source->second);
}

bool has_code(const std::string& message, const std::vector<std::string>& codes) {
    return std::any_of(codes.begin(), codes.end(),
                       [&](const std::string& code) { return message.ends_with("[" + code + "]"); });
}

// Nothing for a client that was refused as it should be.
std::optional<Finding> compiled(const Exercise& exercise, const Observations& all, const Client& client,
                                const Observations& seen) {
    if (seen.built) {
        if (client.runs) return std::nullopt;
        Finding finding =
            build_finding(exercise, "unsafe-audit", "clients",
                          fmt::format("the safe client {} compiles, and must not: {}", client.name, client.note));
        blame(all, client.blames, finding);
        return finding;
    }
    const build::Diagnostic* other = nullptr;
    bool refused = false;
    for (const auto& diagnostic : seen.diagnostics) {
        if (diagnostic.severity != "error") continue;
        if (!client.runs && has_code(diagnostic.message, client.errors) &&
            !is_learners(all, diagnostic.file, diagnostic.line))
            refused = true;
        else if (!other)
            other = &diagnostic;
    }
    if (refused && !other) return std::nullopt;
    Finding finding = build_finding(exercise, "build-error", "clients",
                                    fmt::format("the client {} cannot be built against this wrapper: {}", client.name,
                                                other ? other->message : "no word from the compiler"));
    if (other && is_learners(all, other->file, other->line)) {
        finding.file = other->file;
        finding.line = other->line;
    } else {
        blame(all, client.blames, finding);
    }
    return finding;
}

// The module's own bug, which it shows without any client, and without a fault, as in the client's run: not the
// client's.
bool shown_anyway(const Exercise& exercise, const Observations& observations, const Finding& shown) {
    if (shown.line == 0) return false;
    Observations alone = observations;
    alone.clients.clear();
    const Verdict verdict = judge(exercise, alone);
    return std::any_of(verdict.findings.begin(), verdict.findings.end(), [&](const Finding& own) {
        return own.fault.empty() && own.finding_class == shown.finding_class && own.file == shown.file &&
               own.line == shown.line;
    });
}

}  // namespace

std::vector<Finding> detect_clients(const Exercise& exercise, const Observations& observations) {
    // A client that blames nothing says only where it broke, which may be in what the module itself does after it.
    std::vector<Finding> findings, others;
    for (const Observations& seen : observations.clients) {
        const auto client = std::find_if(exercise.clients.begin(), exercise.clients.end(),
                                         [&](const Client& one) { return one.name == seen.exercise; });
        if (client == exercise.clients.end()) continue;  // recorded with an exercise that had more
        std::vector<Finding>& found = client->blames.empty() ? others : findings;
        if (auto finding = compiled(exercise, observations, *client, seen)) found.push_back(*std::move(finding));
        if (!client->runs || !seen.built) continue;
        const Verdict verdict = judge(client_exercise(exercise, *client), seen);
        if (verdict.verdict == "pass") continue;
        // What was read in the source was read in the submission itself, too: only what the run shows is the client's.
        const auto shown = std::find_if(verdict.findings.begin(), verdict.findings.end(),
                                        [](const Finding& f) { return !f.scenario.empty() || f.detector == "host"; });
        if (shown == verdict.findings.end() || shown_anyway(exercise, observations, *shown)) continue;
        Finding finding = build_finding(exercise, "unsafe-audit", "clients",
                                        fmt::format("reachable from safe code, by the client {}: {}, {} ({})",
                                                    client->name, shown->finding_class, shown->title, client->note));
        finding.raw = shown->raw;
        blame(observations, client->blames, finding);
        if (is_learners(observations, shown->file, shown->line)) {
            if (finding.line == 0) {
                finding.file = shown->file;
                finding.line = shown->line;
                finding.function = shown->function;
            } else {
                finding.related.push_back({"where it breaks", shown->file, shown->function, shown->line});
            }
        }
        found.push_back(std::move(finding));
    }
    findings.insert(findings.end(), others.begin(), others.end());
    return findings;
}

}  // namespace ferrule::grader
