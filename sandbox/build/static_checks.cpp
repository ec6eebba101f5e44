#include "sandbox/build/static_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

constexpr std::string_view kAnalysis = "[-Wthread-safety";

bool is_chain(std::string_view line) {
    return line.starts_with("In file included from ") || line.starts_with("                 from ");
}

bool flag_with_warnings(const std::string& word) { return word.starts_with("-W") && !word.starts_with("-Wp,"); }

}  // namespace

const Words& lock_analysis_flags() {
    // The kernel's headers use an attribute that this clang does not know yet (reentrant_capability, clang 21).
    static const Words flags{"-I/out/static",   "-DWARN_CONTEXT_ANALYSIS", "-fexperimental-late-parse-attributes",
                             "-Wthread-safety", "-Wthread-safety-beta",    "-Wno-unknown-attributes"};
    return flags;
}

// A guard cannot be left locked. Without aliases (clang 22) the analysis takes its release for one of another lock: so
// here a guard neither acquires nor releases anything.
const std::string& guard_header() {
    static const std::string text =
        "#include_next <linux/cleanup.h>\n"
        "#undef DECLARE_LOCK_GUARD_0_ATTRS\n"
        "#undef DECLARE_LOCK_GUARD_1_ATTRS\n"
        "#undef WITH_LOCK_GUARD_1_ATTRS\n"
        "#define DECLARE_LOCK_GUARD_0_ATTRS(...)\n"
        "#define DECLARE_LOCK_GUARD_1_ATTRS(...)\n"
        "#define WITH_LOCK_GUARD_1_ATTRS(_name, _T) class_##_name##_constructor(_T)\n";
    return text;
}

// "dereference of noderef expression" does not say what is pointed to: only user space may not be dereferenced here.
// (Registers and per-cpu memory are no business of these checks, and RCU's pointers may be read without rcu_dereference
// where nobody else can be.) sparse cannot work out the static_assert in MODULE_LICENSE, calls it an error, and is
// silent after its first error.
const std::string& sparse_header() {
    static const std::string text =
        "#undef __iomem\n"
        "#undef __percpu\n"
        "#undef __rcu\n"
        "#define __iomem __attribute__((address_space(__iomem)))\n"
        "#define __percpu __attribute__((address_space(__percpu)))\n"
        "#define __rcu __attribute__((address_space(__rcu)))\n"
        "#define _Static_assert(...)\n";
    return text;
}

// The kernel's Makefile: $(CHECK) $(CHECKFLAGS) $(c_flags). Of the warnings only the ones that are read here.
Words sparse_command(const Recipe& recipe) {
    Words words{"sparse", "-D__linux__", "-Dlinux", "-D__STDC__", "-Dunix", "-D__unix__", "-Wbitwise", "-Wno-decl",
                "-Wno-return-void", "-Wno-unknown-attribute", "--arch=x86", "-mlittle-endian", "-m64",
                "-fmax-warnings=1000",
                // The kernel takes every sparse to know this word; Debian's (0.6.4) does not.
                "-D__typeof_unqual__=__typeof__"};
    for (auto word = recipe.c.argv.begin() + 1; word != recipe.c.argv.end(); ++word) {
        if (*word == "-mllvm" && word + 1 != recipe.c.argv.end())
            ++word;
        else if (!flag_with_warnings(*word))
            words.push_back(*word);
    }
    words.insert(words.end(), {"-include", kSparseHeader});
    return words;
}

Command clippy_command(const Recipe& recipe) {
    Command command = recipe.rust;
    command.argv[0] = "clippy-driver";
    command.environment.push_back("CLIPPY_CONF_DIR=/usr/src/linux");
    // By force: what a source allows itself is counted all the same; and what it denies itself stops nothing.
    command.argv.insert(command.argv.end(), {"--cap-lints", "warn"});
    for (const char* lint : {"unsafe_code", "clippy::undocumented_unsafe_blocks", "clippy::missing_safety_doc"})
        command.argv.insert(command.argv.end(), {"--force-warn", lint});
    return command;
}

SplitLog split_lock_analysis(std::string_view text) {
    SplitLog split;
    std::string_view line;
    std::string chain;  // belongs to what follows
    bool mine = false;
    while (take_line(text, line)) {
        const std::string whole = std::string(line) + "\n";
        if (is_chain(line)) {
            chain += whole;
            continue;
        }
        if (line.ends_with(" generated.") && !split.locks.empty()) continue;  // counts both
        const auto at = located(line);
        std::string_view words = at ? at->rest : std::string_view();
        const std::string severity = take_severity(words);
        if (!severity.empty() && severity != "note") mine = words.find(kAnalysis) != std::string_view::npos;
        (mine ? split.locks : split.rest) += chain + whole;
        chain.clear();
    }
    split.rest += chain;
    return split;
}

std::vector<Diagnostic> read_lock_analysis(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    std::optional<Diagnostic> current;
    const auto flush = [&] {
        if (auto ended = std::exchange(current, std::nullopt)) add_diagnostic(found, *std::move(ended));
    };
    while (take_line(text, line)) {
        const auto at = located(line);
        if (!at) continue;
        std::string_view words = at->rest;
        const std::string severity = take_severity(words);
        if (severity.empty()) continue;
        const std::string file = own_name(sources, at->file);
        if (severity == "note") {
            // "mutex acquired here", "mutex released here"
            const size_t here = words.rfind(" here");
            const size_t verb = here == std::string_view::npos ? here : words.rfind(' ', here - 1);
            if (current && !file.empty() && verb != std::string_view::npos && noted_place(*current).file.empty())
                current->message += clean_text(
                    fmt::format(" ({} at {}:{})", words.substr(verb + 1, here - verb - 1), file, at->line), 300);
            continue;
        }
        flush();
        if (file.empty()) continue;
        words = words.substr(0, words.rfind(kAnalysis));
        while (words.ends_with(' ')) words.remove_suffix(1);
        current = Diagnostic{"warning", file, at->line, at->column, clean_text(words, kMaxMessage), kLocks};
    }
    flush();
    return found;
}

std::vector<Diagnostic> read_sparse(const SourceSet& sources, std::string_view text) {
    std::vector<Diagnostic> found;
    std::string_view line;
    std::optional<Diagnostic> current;
    const auto flush = [&] {
        if (auto ended = std::exchange(current, std::nullopt)) add_diagnostic(found, *std::move(ended));
    };
    while (take_line(text, line)) {
        const auto at = located(line);
        if (!at) continue;
        std::string_view words = at->rest;
        // A message of several lines: "FILE:LINE:COL:    expected …"
        if (const size_t first = words.find_first_not_of(' '); first != std::string_view::npos && first >= 2) {
            words.remove_prefix(first);
            if (current && current->line == at->line) current->message += "; " + clean_text(words, 200);
            continue;
        }
        flush();
        const std::string severity = take_severity(words);
        const std::string file = own_name(sources, at->file);
        if (severity != "warning" || file.empty()) continue;
        current = Diagnostic{"warning", file, at->line, at->column, clean_text(words, kMaxMessage), kSparse};
    }
    flush();
    return found;
}

Place noted_place(const Diagnostic& diagnostic) {
    const std::string& text = diagnostic.message;
    const auto number_at = [&](size_t at) {
        int value = 0;
        std::from_chars(text.data() + at, text.data() + text.size(), value);
        return value;
    };
    if (!text.ends_with(')')) return {};
    const size_t open = text.rfind(" (");
    if (open == std::string::npos) return {};
    if (text.compare(open, 10, " (to line ") == 0) return {diagnostic.file, number_at(open + 10), 0};
    const size_t at = text.find(" at ", open), colon = text.rfind(':');
    if (at == std::string::npos || colon == std::string::npos || colon < at) return {};
    return {text.substr(at + 4, colon - at - 4), number_at(colon + 1), 0};
}

}  // namespace ferrule::build
