// sparse on the learner's lines: pointers to user space used as the kernel's, and numbers of a fixed byte order used as
// the machine's. It goes by declarations, and a declaration that was left out is no bug: copy_to_user((void *)arg, …)
// works. So what counts is where a pointer that was declared __user loses it, and a number that was declared __le32 is
// used as it is; and not even that where another line takes the pointer back to user space.
#include <algorithm>
#include <set>

#include "grader/detectors/detector.hpp"
#include "grader/source_spans.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::grader {
namespace {

struct Mismatch {
    std::string how;            // "different address spaces"
    std::string expected, got;  // types, as declarations
};

// The text after `key`, up to the next part of the message.
std::string part(const std::string& message, std::string_view key) {
    const size_t at = message.find("; " + std::string(key));
    if (at == std::string::npos) return {};
    const size_t begin = at + 2 + key.size();
    return message.substr(begin, message.find("; ", begin) - begin);
}

std::optional<Mismatch> mismatch(const std::string& message) {
    if (message.starts_with("invalid assignment: "))
        return Mismatch{"different base types", part(message, "left side has type "),
                        part(message, "right side has type ")};
    // Not "(incompatible argument 2 (different address spaces))": a function pointer, declared without __user.
    const size_t open = message.find(" (different ");
    if (!message.starts_with("incorrect type in ") || open == std::string::npos) return std::nullopt;
    return Mismatch{message.substr(open + 2, message.find(')', open) - open - 2), part(message, "expected "),
                    part(message, "got ")};
}

// "char [noderef] __user *buf" -> "buf"; a type alone has none.
std::string declared_name(const std::string& type) {
    size_t at = type.size();
    while (at > 0 && word_char(type[at - 1])) --at;
    const std::string word = type.substr(at);
    static const std::set<std::string> kTypes = {"void",   "char", "short", "int",   "long",     "unsigned",
                                                 "signed", "bool", "float", "const", "volatile", "_Bool"};
    const bool is_name = at > 0 && (type[at - 1] == '*' || type[at - 1] == ' ') && !word.empty() &&
                         !kTypes.contains(word) && !word.starts_with("__");
    // "restricted __le32", "struct hdr"
    if (is_name && (type.substr(0, at).ends_with("struct ") || type.substr(0, at).ends_with("restricted "))) return {};
    return is_name ? word : "";
}

bool is_user(const std::string& type) { return type.find("__user") != std::string::npos; }

// "__le32" in "restricted __le32 [usertype] len"; nothing for gfp_t and other restricted types, nothing for pointers.
std::string byte_order(const std::string& type) {
    const size_t at = type.find("restricted __");
    if (at == std::string::npos || type.find('*') != std::string::npos) return {};
    const std::string word = type.substr(at + 11, type.find(' ', at + 11) - at - 11);
    return word.starts_with("__le") || word.starts_with("__be") ? word : "";
}

std::string quoted(const std::string& name, const std::string& otherwise) { return name.empty() ? otherwise : name; }

// What is wrong with this use of a number; empty: nothing.
std::string wrong_order(const std::string& message) {
    if (message.starts_with("restricted ") && message.ends_with(" degrades to integer"))
        if (const std::string order = byte_order(message); !order.empty())
            return "a number declared " + order + " is used as if it had the machine's byte order";
    const auto types = mismatch(message);
    if (!types || types->how != "different base types") return {};
    const std::string to = byte_order(types->expected), from = byte_order(types->got);
    const std::string name = declared_name(types->got);
    if (!to.empty() && !from.empty()) return quoted(name, "a number") + ", declared " + from + ", is stored as " + to;
    const bool pointers = (types->expected + types->got).find('*') != std::string::npos;
    const bool restricted = types->got.find("restricted") != std::string::npos;
    if (!to.empty() && !restricted && !pointers)
        return "a number in the machine's byte order is stored in " +
               quoted(declared_name(types->expected), "a field") + ", which is declared " + to;
    // Without a name it is cpu_to_le32(…), kept in a u32: nothing is wrong but the declaration.
    if (!from.empty() && types->expected.find("restricted") == std::string::npos && !pointers &&
        (!name.empty() || message.starts_with("invalid assignment")))
        return quoted(name, "a number") + ", declared " + from + ", is used as if it had the machine's byte order";
    return {};
}

}  // namespace

std::vector<Finding> detect_sparse(const Exercise& exercise, const Observations& observations) {
    if (!observations.built) return {};
    std::vector<const build::Diagnostic*> said;
    for (const auto& diagnostic : observations.diagnostics)
        if (diagnostic.tool == build::kSparse) said.push_back(&diagnostic);

    // Pointers that go back to user space under a name, or without one, though declared without __user.
    std::set<std::string> returned;
    for (const auto* diagnostic : said)
        if (const auto types = mismatch(diagnostic->message);
            types && types->how == "different address spaces" && is_user(types->expected) && !is_user(types->got))
            returned.insert(declared_name(types->got));

    std::vector<Finding> findings;
    std::set<std::pair<std::string, int>> lines;
    const auto report = [&](const build::Diagnostic& diagnostic, const char* finding_class, const std::string& title) {
        if (!lines.emplace(diagnostic.file + finding_class, diagnostic.line).second) return;
        findings.push_back(static_finding(exercise, finding_class, diagnostic, title));
    };
    for (const auto* diagnostic : said) {
        const std::string& message = diagnostic->message;
        if (const std::string title = wrong_order(message); !title.empty()) report(*diagnostic, "integer", title);
        if (message == "dereference of noderef expression")
            report(*diagnostic, "user-access",
                   "a pointer to user space is dereferenced: copy_from_user and its kin do that");
        else if (message.starts_with("cast removes address space '__user'") && returned.empty())
            report(*diagnostic, "user-access", "a cast makes a kernel pointer of a pointer to user space");
        const auto types = mismatch(message);
        if (!types || types->how != "different address spaces" || !is_user(types->got) || is_user(types->expected))
            continue;
        const std::string taken_as = declared_name(types->expected);
        if (!taken_as.empty() && returned.contains(taken_as)) continue;
        report(*diagnostic, "user-access",
               quoted(declared_name(types->got), "a pointer") +
                   " points to user space, and is used here as a kernel pointer");
    }
    return findings;
}

}  // namespace ferrule::grader
