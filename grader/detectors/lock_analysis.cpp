// Locks by clang's analysis: which are left held on some path, whether a scenario takes that path or not. It looks at
// one function at a time and does not know which pointers are equal, so that two kinds of correct code alarm it: a
// function that takes a lock for its caller, and a lock under two names. Both show as a release of a lock "that was not
// held" elsewhere. Only where the module holds no such release can a lock be left held by mistake.
#include <algorithm>
#include <set>

#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/source_spans.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::grader {
namespace {

struct Lock {
    std::string kind, name;  // "mutex", "m->lock"
};

// KIND 'NAME' in a message.
Lock lock_in(const std::string& message) {
    const size_t open = message.find('\''), close = message.find('\'', open + 1);
    if (open == std::string::npos || close == std::string::npos || open < 2) return {};
    const size_t space = message.rfind(' ', open - 2);
    const size_t begin = space == std::string::npos ? 0 : space + 1;
    return {message.substr(begin, open - 1 - begin), message.substr(open + 1, close - open - 1)};
}

bool says(const build::Diagnostic& diagnostic, std::string_view words) {
    return diagnostic.message.find(words) != std::string::npos;
}

// "__ctx_lock_RCU 'RCU'" -> "RCU's read lock", "mutex 'm->lock'" -> "mutex m->lock"
std::string in_words(const Lock& lock) {
    if (lock.kind.starts_with("__ctx_lock_")) return "the read lock of " + lock.name;
    return lock.kind + " " + lock.name;
}

// The pointer or index in a lock's name gets another value somewhere in this file: then one name is several locks.
bool may_be_several(const Observations& observations, const std::string& file, const std::string& name) {
    if (name.find_first_of("[(") != std::string::npos) return true;
    const size_t end = static_cast<size_t>(std::find_if_not(name.begin(), name.end(), word_char) - name.begin());
    if (end == name.size() || name[end] == '.') return false;
    const std::string base = name.substr(0, end);
    const auto source = observations.sources.find(file);
    if (base.empty() || source == observations.sources.end()) return true;
    const std::string code = code_only(source->second, Language::c);
    for (size_t at = code.find(base); at != std::string::npos; at = code.find(base, at + 1)) {
        const size_t after = at + base.size();
        if ((at > 0 && word_char(code[at - 1])) || (after < code.size() && word_char(code[after]))) continue;
        size_t before = at;
        while (before > 0 && (code[before - 1] == ' ' || code[before - 1] == '\t')) --before;
        const char ahead = before > 0 ? code[before - 1] : ';';
        if (ahead == '.' || ahead == '>') continue;  // another object's member
        const size_t next = code.find_first_not_of(" \t\r\n", after);
        const bool assigned = next != std::string::npos && code[next] == '=' && code.compare(next, 2, "==") != 0 &&
                              ahead != '*';  // "struct ring *ring = …" is its first value
        const bool stepped =
            code.compare(after, 2, "++") == 0 || code.compare(after, 2, "--") == 0 || ahead == '+' || ahead == '-';
        const bool given_away = ahead == '&' && code.compare(after, 2, "->") != 0;
        const size_t line = code.rfind('\n', at) + 1;
        const bool walked = code.substr(line, at - line).find("for_each") != std::string::npos;
        if (assigned || stepped || given_away || walked) return true;
    }
    return false;
}

}  // namespace

std::vector<Finding> detect_lock_analysis(const Exercise& exercise, const Observations& observations) {
    if (!observations.built) return {};
    std::vector<const build::Diagnostic*> said;
    for (const auto& diagnostic : observations.diagnostics)
        if (diagnostic.tool == build::kLocks) said.push_back(&diagnostic);
    std::set<std::string> released_elsewhere;  // kinds
    for (const auto* diagnostic : said)
        if (says(*diagnostic, "that was not held") && build::noted_place(*diagnostic).file.empty())
            released_elsewhere.insert(lock_in(diagnostic->message).kind);

    std::vector<Finding> findings;
    std::set<std::tuple<std::string, std::string, int>> told;
    for (const auto* diagnostic : said) {
        const Lock lock = lock_in(diagnostic->message);
        const build::Place noted = build::noted_place(*diagnostic);
        if (lock.kind.empty() || noted.file.empty() || released_elsewhere.contains(lock.kind)) continue;
        std::string title;
        const char* finding_class = "lock-imbalance";
        build::Diagnostic at = *diagnostic;
        const char* role = "also";
        if (says(*diagnostic, "is not held on every path") ||
            says(*diagnostic, "is still held at the end of function")) {
            title = in_words(lock) + (says(*diagnostic, "every path") ? " is released on some paths and not on others"
                                                                      : " is never released");
            at.file = noted.file;
            at.line = noted.line;
        } else if (says(*diagnostic, "that was not held") && !may_be_several(observations, at.file, lock.name)) {
            title = in_words(lock) + " is released twice";
            role = "released before";
        } else if (says(*diagnostic, "that is already held") && !may_be_several(observations, at.file, lock.name)) {
            title = in_words(lock) + " is taken while it is held";
            finding_class = "deadlock";
            role = "taken before";
        } else {
            continue;
        }
        if (!told.emplace(finding_class, at.file, at.line).second) continue;
        Finding finding = static_finding(exercise, finding_class, at, title);
        if (at.line == diagnostic->line)
            finding.related.push_back({role, sanitise(noted.file, 200), "", noted.line});
        else
            finding.related.push_back({"paths meet", sanitise(diagnostic->file, 200), "", diagnostic->line});
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
