// The recorded logs as a console may hand them over: cut off, broken up, drowned, mixed with another CPU's. Whatever
// is left must not become something else: no class and no line that the whole log does not have. What is there in
// full must still be found.
#include <fmt/format.h>

#include <map>
#include <set>

#include "grader/detectors/recorded.hpp"
#include "grader/detectors/source_scan.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

using Place = std::pair<std::string, int>;

// What a console leads to, before the judge folds consequences away.
struct Seen {
    std::multiset<std::string> findings;  // class, place, title
    std::set<std::string> classes;
    std::set<Place> places;  // of findings and of what they relate to
};

std::set<Place> learner_lines(const Evidence& evidence) {
    std::set<Place> out;
    const auto add = [&](const std::vector<ConsoleFrame>& stack) {
        for (const auto& frame : stack)
            for (const auto& place : places_of(evidence, frame)) out.emplace(place.file, place.line);
    };
    for (const auto& splat : evidence.splats) {
        for (const auto* stack : {&splat.stack, &splat.allocated, &splat.freed, &splat.held, &splat.acquiring})
            add(*stack);
        for (const auto& stack : splat.others) add(stack);
        if (splat.preempt_disabled) add({*splat.preempt_disabled});
        out.emplace(splat.source_file, splat.source_line);
    }
    return out;
}

class Reader {
public:
    explicit Reader(const recorded::Log& log) : base_(recorded::base_of(log.name)) {}

    Seen read(const std::string& console, std::set<Place>* lines = nullptr) const {
        static const Exercise exercise = recorded::load_exercise();
        const Run run = recorded::run_with(base_, console);
        const auto splats = parse_console(run.console);
        const auto loaded = loaded_sections(debug_of(base_, run), run.module_symbols);
        const Evidence evidence{exercise, base_, run, splats, loaded};
        Seen seen;
        for (const auto& detector : run_detectors())
            for (const auto& finding : detector.detect(evidence)) {
                if (finding.finding_class == "tampering") continue;  // that reports were lost
                seen.classes.insert(finding.finding_class);
                seen.findings.insert(
                    fmt::format("{} {}:{} {}", finding.finding_class, finding.file, finding.line, finding.title));
                if (finding.line > 0) seen.places.emplace(finding.file, finding.line);
                for (const auto& related : finding.related) seen.places.emplace(related.file, related.line);
            }
        if (lines) *lines = learner_lines(evidence);
        return seen;
    }

private:
    const Observations& base_;
};

// A log, and what may be said of any part of it.
struct Whole {
    recorded::Log log;
    Reader reader;
    Seen seen;
    std::set<Place> lines;

    explicit Whole(const recorded::Log& of) : log(of), reader(of) {
        seen = reader.read(log.text, &lines);
        // Who sleeps shows that a lock was forgotten: without the stack only that somebody sleeps. A WARN that lost its
        // message is a WARN.
        for (const auto& splat : parse_console(log.text)) {
            if (splat.kind == "atomic-sleep" || splat.title.find("Invalid wait context") != std::string::npos)
                seen.classes.insert("sleep-in-atomic");
            // So is a fault at an address of user space that lost KASAN's word on it, an oops.
            if (splat.text.find("WARNING: ") != std::string::npos ||
                splat.text.find("kernel BUG at") != std::string::npos ||
                splat.text.find("user-memory-access") != std::string::npos)
                seen.classes.insert("oops");
        }
        for (const Place& place : seen.places) lines.insert(place);
        // Broken memory that lost its frames is the unsafe block's, where there is just one (broken_memory.cpp).
        for (const Mention& mention : mentions(recorded::base_of(of.name), "unsafe"))
            lines.emplace(mention.file, mention.line);
    }
    // Empty, or what was made up.
    std::string invented(const std::string& console) const {
        const Seen now = reader.read(console);
        for (const auto& word : now.classes)
            if (!seen.classes.contains(word)) return "class " + word;
        for (const auto& place : now.places)
            if (!lines.contains(place)) return fmt::format("line {}:{}", place.first, place.second);
        return "";
    }
};

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find('\n', at), text.size() - 1);
        out.push_back(text.substr(at, end + 1 - at));
        at = end + 1;
    }
    return out;
}

// "[    1.0][   T45] x": as if task 945 had said it.
std::string by_another(std::string text) {
    for (size_t at = 0; (at = text.find("][ ", at)) != std::string::npos; ++at) {
        const size_t end = text.find(']', at + 1), from = text.find_last_of(" ", end) + 1;
        if (end == std::string::npos || end - from > 8 || (text[from] != 'T' && text[from] != 'C')) continue;
        text.insert(from + 1, "9");
    }
    return text;
}

const std::string kFlood =
    "[    9.999999][ T7777] noise: BUG and WARNING: Call Trace: do_uaf+0x1/0x2 [probe] are words\n"
    "[    9.999999][    C7]  ? asm_sysvec_apic_timer_interrupt+0x1a/0x20\n";

}  // namespace

TEST_CASE("a log cut off anywhere says nothing that is not in it") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        for (size_t at = 1; at < log.text.size(); at += 89) {
            const std::string made_up = whole.invented(log.text.substr(0, at));
            INFO(log.name << " cut at " << at << ": "
                          << log.text.substr(at - std::min<size_t>(at, 60), std::min<size_t>(at, 60)));
            REQUIRE(made_up == "");
        }
    }
}

TEST_CASE("a log without its beginning says nothing that is not in it") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        const auto lines = lines_of(log.text);
        std::string rest;
        for (size_t i = lines.size(); i-- > 0;) {
            rest.insert(0, lines[i]);
            if (i % 5 != 0) continue;
            INFO(log.name << " from line " << i);
            REQUIRE(whole.invented("[ferrule: 9999 bytes of console output left out here]\n half a line\n" + rest) ==
                    "");
        }
    }
}

TEST_CASE("lines that were lost in the middle make nothing up") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        const auto lines = lines_of(log.text);
        for (const size_t count : {1, 7})
            for (size_t i = 0; i < lines.size(); i += count) {
                std::string text;
                for (size_t k = 0; k < lines.size(); ++k) {
                    if (k == i) text += fmt::format("** {} printk messages dropped **\n", count);
                    if (k < i || k >= i + count) text += lines[k];
                }
                INFO(log.name << " without " << count << " lines from " << i << ": " << lines[i]);
                REQUIRE(whole.invented(text) == "");
            }
    }
}

TEST_CASE("a line broken off by another CPU's makes nothing up") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        const auto lines = lines_of(log.text);
        for (size_t i = 0; i < lines.size(); ++i) {
            std::string text;
            for (size_t k = 0; k < lines.size(); ++k)
                text += k == i ? lines[k].substr(0, 20 + (lines[k].size() - 20) * (i % 10) / 10) + kFlood : lines[k];
            INFO(log.name << " with line " << i << " broken off: " << lines[i]);
            // KASAN's title alone says which class it is: what is left without it may be anything or nothing.
            if (lines[i].find("BUG: KASAN: ") == std::string::npos) REQUIRE(whole.invented(text) == "");
        }
    }
}

TEST_CASE("a console that changes hands in every line, or says each twice, is read as if it had not") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        for (const bool half : {true, false}) {
            std::string text;
            size_t length = 3;
            for (const auto& line : lines_of(log.text)) {
                if (line.size() > 20 && !line.starts_with("** ")) {
                    length = half ? 1 + (length * 7 + 11) % (line.size() - 1) : line.size() - 1;
                    text += line.substr(0, length) + "\n** replaying previous printk message **\n";
                }
                text += line;
            }
            INFO(log.name << (half ? " in halves" : " twice"));
            REQUIRE(whole.reader.read(text).findings == whole.seen.findings);
        }
    }
}

TEST_CASE("a flood by others between all lines hides nothing") {
    for (const auto& log : recorded::logs()) {
        const Whole whole(log);
        std::string text;
        for (const auto& line : lines_of(log.text)) text += line + kFlood + kFlood + kFlood;
        INFO(log.name);
        REQUIRE(whole.reader.read(text).findings == whole.seen.findings);
    }
}

TEST_CASE("two logs at once, line by line, give what each gives") {
    const auto& logs = recorded::logs();
    size_t mixed = 0;
    for (size_t i = 0; i < logs.size(); ++i) {
        // Of one module: their debug information must be the same.
        size_t other = (i + 7) % logs.size();
        while (other == i || &recorded::base_of(logs[other].name) != &recorded::base_of(logs[i].name))
            other = (other + 1) % logs.size();
        const Whole a(logs[i]), b(logs[other]);
        const auto first = lines_of(a.log.text), second = lines_of(by_another(b.log.text));
        std::string text;
        for (size_t k = 0; k < std::max(first.size(), second.size()); ++k) {
            if (k < first.size()) text += first[k];
            if (k < second.size()) text += second[k];
        }
        // Of two with one class and line the judge makes one.
        const auto place = [](const std::string& finding) {
            return finding.substr(0, finding.find(' ', finding.find(' ') + 1));
        };
        if (std::any_of(a.seen.findings.begin(), a.seen.findings.end(), [&](const auto& x) {
                return std::any_of(b.seen.findings.begin(), b.seen.findings.end(),
                                   [&](const auto& y) { return place(x) == place(y); });
            }))
            continue;
        ++mixed;
        auto both = a.seen.findings;
        both.insert(b.seen.findings.begin(), b.seen.findings.end());
        INFO(a.log.name << " and " << b.log.name);
        REQUIRE(a.reader.read(text).findings == both);
    }
    CHECK(mixed > 50);
}

TEST_CASE("a flood of one kind of report leaves room for another") {
    const auto& logs = recorded::logs();
    const auto uaf = std::find_if(logs.begin(), logs.end(), [](const auto& log) { return log.name == "uaf"; });
    REQUIRE(uaf != logs.end());
    const Whole whole(*uaf);
    std::string flood;
    for (int i = 0; i < 2000; ++i)
        flood += fmt::format(
            "[    1.0][  T901] FAULT_INJECTION: forcing a failure {}.\n[    1.0][  T901] Call Trace:\n[    1.0][  "
            "T901]  "
            "f{}+0x1/0x2\n[    1.0][  T902] WARNING: x{}/1 still has locks held!\n",
            i, i, i);
    const auto found = whole.reader.read(flood + uaf->text).findings;
    for (const auto& finding : whole.seen.findings) CHECK(found.contains(finding));
}
