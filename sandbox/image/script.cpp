#include "sandbox/image/script.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "sandbox/base/interrupt.hpp"
#include "sandbox/base/subprocess.hpp"

namespace ferrule::image {
namespace {

constexpr size_t kLineCap = 64u << 10;

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

bool any_of(std::string_view text, std::initializer_list<std::string_view> parts) {
    return std::any_of(parts.begin(), parts.end(), [text](std::string_view part) { return contains(text, part); });
}

// "  CC [M]  mm/slub.o", "  RUSTC L rust/core.o"
bool is_make_line(std::string_view text) {
    return text.size() > 4 && text[0] == ' ' && text[1] == ' ' && std::isupper(static_cast<unsigned char>(text[2])) &&
           std::isupper(static_cast<unsigned char>(text[3]));
}

std::string squeezed(std::string_view text) {
    std::string result;
    for (const char c : text)
        if (c != ' ' || (!result.empty() && result.back() != ' ')) result += c;
    if (result.size() > 300) result.resize(300);
    return result;
}

// "0.42 rest": the number, and what follows it.
double take_number(std::string_view& text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return 0;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    return std::clamp(value, 0.0, 1.0);
}

bool take_word(std::string_view& text, std::string_view word) {
    if (text.substr(0, word.size()) != word) return false;
    text.remove_prefix(word.size());
    return true;
}

void keep_first(std::string& kept, std::string_view text) {
    if (kept.empty()) kept = squeezed(text);
}

}  // namespace

void ScriptOutput::feed(std::string_view bytes) {
    while (!bytes.empty()) {
        const size_t end = bytes.find('\n');
        rest_.append(bytes.substr(0, end));
        if (end == std::string_view::npos) {
            if (rest_.size() > kLineCap) rest_.resize(kLineCap);
            return;
        }
        line(rest_);
        rest_.clear();
        bytes.remove_prefix(end + 1);
    }
}

void ScriptOutput::finish() {
    if (!rest_.empty()) line(rest_);
    rest_.clear();
}

void ScriptOutput::line(std::string_view text) {
    if (take_word(text, "@progress ")) {
        fraction_ = take_number(text);
        progress_.update(fraction_, text);
    } else if (take_word(text, "@when ")) {
        const double fraction = take_number(text);
        marks_.emplace_back(text, fraction);
    } else if (take_word(text, "@note ")) {
        notes_.push_back(squeezed(text));
    } else if (take_word(text, "@failed ")) {
        keep_first(failed_, text);
    } else if (is_make_line(text)) {
        ++lines_;
        // Never quite there: a build may print more lines than the last one did.
        if (expected_lines_ > 0) fraction_ = from_ + (to_ - from_) * std::min(0.99, lines_ / expected_lines_);
        progress_.update(fraction_, squeezed(text));
    } else {
        for (const auto& [start, fraction] : marks_) {
            if (text.substr(0, start.size()) != start) continue;
            fraction_ = fraction;
            progress_.update(fraction, squeezed(text.substr(text.rfind("I: ", 0) == 0 ? 3 : 0)));
        }
        if (any_of(text, {"No space left on device", "Disk quota exceeded", "You don't have enough free space"}))
            keep_first(disk_full_, text);
        if (any_of(text, {"NO_PUBKEY", "EXPKEYSIG", "is not signed.", "signatures couldn't be verified",
                          "signatures were invalid"}))
            keep_first(keyring_, text);
        if (any_of(text, {"Could not resolve", "Temporary failure resolving", "Could not connect", "Unable to connect",
                          "Connection failed", "Connection timed out", "connection timed out", "Network is unreachable",
                          "Cannot initiate the connection", "Connection refused", "Could not handshake",
                          "Failed to fetch", "No route to host", "does not have a Release file"}))
            keep_first(unreachable_, text);
        if (any_of(text, {"error:", "Error ", "E: ", "*** ", "error["}) && !contains(text, "Waiting for"))
            keep_first(first_error_, text);
        if (text.find_first_not_of(" \t") != std::string_view::npos) last_ = squeezed(text);
    }
}

Error ScriptOutput::error(const std::string& what, const fs::path& log) const {
    if (!disk_full_.empty())
        return {"disk-full", fmt::format("the disk is full while building the {}: {}", what, disk_full_),
                "make room there, or set XDG_CACHE_HOME to a folder on a larger disk; then start it again"};
    if (!failed_.empty())
        return {"image-build-failed", fmt::format("cannot build the {}: {}; log: {}", what, failed_, log.string()), ""};
    if (!keyring_.empty())
        return {"unsupported-host", fmt::format("the packages of the {} cannot be verified: {}", what, keyring_),
                "bring the package debian-archive-keyring up to date"};
    if (!unreachable_.empty())
        return {"mirror-unreachable", fmt::format("the Debian mirror does not answer: {}", unreachable_),
                "check the network and start it again; FERRULE_MIRROR=URL names another mirror"};
    const std::string& why = first_error_.empty() ? last_ : first_error_;
    return {"image-build-failed",
            fmt::format("cannot build the {}: {}; log: {}", what, why.empty() ? "it said nothing" : why, log.string()),
            "start it again; if it fails the same way, report it with the log"};
}

Result<void> run_script(PartBuild& build, const std::string& what, const std::vector<std::string>& argv, double from,
                        double to, std::vector<std::string> environment) {
    UniqueFd log(open(build.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666));
    if (!log) return tl::unexpected(system_error("cannot write", build.log, errno));
    ScriptOutput output(build.progress, from, to, build.expected_lines);
    SpawnRequest request;
    request.argv = argv;
    if (!environment.empty()) {
        for (const char* name : {"PATH", "HOME", "http_proxy", "https_proxy", "no_proxy"})
            if (const char* value = std::getenv(name)) environment.push_back(fmt::format("{}={}", name, value));
        request.environment = std::move(environment);
    }
    RunOptions options;
    options.timeout = std::chrono::hours(4);
    options.output_cap = 0;  // it is in the log
    options.merge_stderr = true;
    options.on_output = [&](std::string_view bytes) {
        output.feed(bytes);
        while (!bytes.empty()) {  // a log that cannot be written is no reason to stop
            const ssize_t put = write(log.get(), bytes.data(), bytes.size());
            if (put < 0 && errno == EINTR) continue;
            if (put <= 0) break;
            bytes.remove_prefix(static_cast<size_t>(put));
        }
    };
    FERRULE_TRY(const RunResult result, run(std::move(request), options));
    output.finish();
    build.lines += output.lines();
    build.notes.insert(build.notes.end(), output.notes().begin(), output.notes().end());
    if (result.interrupted || interrupted()) return tl::unexpected(interrupted_error());
    if (result.exit_code == 0) return {};
    if (result.timed_out)
        return fail("image-build-failed",
                    fmt::format("building the {} took more than 4 hours; log: {}", what, build.log.string()));
    return tl::unexpected(output.error(what, build.log));
}

}  // namespace ferrule::image
