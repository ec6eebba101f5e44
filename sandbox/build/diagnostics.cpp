#include "sandbox/build/diagnostics.hpp"

#include <fmt/format.h>

#include <csignal>
#include <cstring>

#include "sandbox/build/tool_output.hpp"

namespace ferrule::build {
namespace {

// A tool that a limit stopped says so by how it ended, not in words.
std::optional<std::string> limit_message(const StageLog& log, const Limits& limits) {
    const std::string what = log.stage.source >= 0 ? "compiling this" : "the " + log.stage.name + " step";
    const bool killed = log.status > 128;
    if (log.status == 128 + SIGXCPU || log.status == 128 + SIGKILL)
        return fmt::format("{} took more than {} s of processor time and was stopped", what, limits.cpu_seconds);
    if (log.status == 128 + SIGXFSZ)
        return fmt::format("{} wrote more than {} MiB and was stopped", what, limits.file_bytes >> 20);
    for (const char* words :
         {"memory allocation of", "out of memory", "Out of memory", "bad_alloc", "Cannot allocate memory"})
        if (log.status != 0 && log.text.find(words) != std::string::npos &&
            (killed || log.status == 101 || log.status == 1))
            return fmt::format("{} needed more than {} MiB of memory and was stopped", what, limits.memory >> 20);
    if (killed)
        return fmt::format("{} crashed {} (signal {}: {})", what, log.stage.tool, log.status - 128,
                           strsignal(log.status - 128));
    return std::nullopt;
}

std::string first_words(std::string_view text) {
    std::string_view line;
    while (take_line(text, line))
        if (line.find_first_not_of(" \t") != std::string_view::npos) return clean_text(line, kMaxMessage);
    return {};
}

}  // namespace

std::string clean_text(std::string_view text, size_t cap) {
    std::string out;
    for (size_t i = 0; i < text.size() && out.size() < cap;) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            out += byte >= ' ' && byte != 0x7f    ? static_cast<char>(byte)
                   : byte == '\n' || byte == '\t' ? static_cast<char>(byte)
                                                  : '?';
            ++i;
            continue;
        }
        const size_t length = byte >= 0xc2 && byte < 0xe0   ? 2
                              : byte >= 0xe0 && byte < 0xf0 ? 3
                              : byte >= 0xf0 && byte < 0xf5 ? 4
                                                            : 0;
        bool good = length != 0 && i + length <= text.size();
        uint32_t code = length == 0 ? 0 : byte & (0xffu >> (length + 1));
        for (size_t k = 1; good && k < length; ++k) {
            good = (static_cast<unsigned char>(text[i + k]) & 0xc0) == 0x80;
            code = code << 6 | (static_cast<unsigned char>(text[i + k]) & 0x3f);
        }
        good = good && !(length == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) &&
               !(length == 4 && (code < 0x10000 || code > 0x10ffff));
        // C1 controls, and what turns text around on a terminal.
        const bool hidden =
            (code >= 0x80 && code < 0xa0) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
        if (good && !hidden)
            out += text.substr(i, length);
        else
            out += '?';
        i += good ? length : 1;
    }
    return out;
}

void add_diagnostic(std::vector<Diagnostic>& found, Diagnostic diagnostic) {
    size_t alike = 0;
    for (const Diagnostic& d : found) {
        if (d.severity != diagnostic.severity) continue;
        ++alike;
        if (d.file == diagnostic.file && d.line == diagnostic.line && d.message == diagnostic.message) return;
    }
    if (alike < kMaxDiagnostics) found.push_back(std::move(diagnostic));
}

std::string own_name(const SourceSet& sources, std::string_view file) {
    if (file.size() > 400) return {};
    if (file.starts_with("/work/")) file.remove_prefix(6);
    const std::string name = fs::path(file).lexically_normal().string();
    for (const SourceFile& own : sources.files)
        if (own.name == name) return name;
    return {};
}

std::vector<Diagnostic> read_diagnostics(const SourceSet& sources, const StageLog& log, const Limits& limits) {
    std::vector<Diagnostic> found;
    const std::string& tool = log.stage.tool;
    if (tool == "clang") found = read_clang(sources, log.text);
    if (tool == "rustc") found = read_rustc(sources, log.text);
    if (tool == "modpost") found = read_modpost(sources, log.text);
    if (tool == "objtool") found = read_objtool(sources, log.stage, log.text);
    if (tool == "ld") found = read_ld(sources, log.text);
    const std::string source = log.stage.source >= 0 ? sources.files[static_cast<size_t>(log.stage.source)].name : "";
    for (Diagnostic& diagnostic : found)
        if (diagnostic.file.empty()) diagnostic.file = source;
    if (log.status == 0) return found;
    bool error = false;
    for (const Diagnostic& diagnostic : found) error = error || diagnostic.severity == "error";
    if (const auto limit = limit_message(log, limits); limit && !(error && log.status < 128)) {
        std::erase_if(found, [](const Diagnostic& d) {
            return d.message.starts_with("clang frontend command failed") ||
                   d.message.starts_with("unable to execute command");
        });
        found.push_back({"error", source, 0, 0, *limit, "ferrule"});
    } else if (!error) {
        const std::string words = first_words(log.text);
        found.push_back({"error", source, 0, 0,
                         words.empty() ? fmt::format("{} failed with status {}", tool, log.status) : words, tool});
    }
    return found;
}

std::string readable_log(const StageLog& log) {
    return log.stage.tool == "rustc" ? rendered_rustc(log.text) : log.text;
}

}  // namespace ferrule::build
