#include "lessons/reader/style_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <regex>
#include <sstream>

#include "sandbox/base/subprocess.hpp"

namespace ferrule::reader {

namespace {

constexpr auto kPatience = std::chrono::minutes(2);
constexpr const char* kInside = "/work";

Result<std::string> say(const grader::Exercise& exercise, const image::Image& image,
                        const std::vector<std::string>& command) {
    SpawnRequest request;
    request.argv = image::jail_argv(image.toolchain, {{exercise.folder, kInside}}, kInside, command);
    RunOptions options;
    options.timeout = kPatience;
    options.merge_stderr = true;
    FERRULE_TRY(RunResult said, run(std::move(request), options));
    if (said.interrupted) return fail("cancelled", "stopped");
    // Both end with 1 when they have a remark; anything else is no remark.
    if (said.timed_out || said.signal != 0 || said.exit_code > 1)
        return fail("build-broken",
                    fmt::format("{} failed: {}", command.front(), said.out.substr(0, said.out.find('\n'))),
                    "`ferrule image status` says whether the toolchain is whole.");
    return std::move(said.out);
}

}  // namespace

Result<std::vector<std::string>> style_problems(const grader::Exercise& exercise, const image::Image& image) {
    std::vector<std::string> checkpatch = {
        "perl", "/usr/src/linux/scripts/checkpatch.pl", "--no-tree", "--strict", "--terse", "--no-summary", "--file"};
    std::vector<std::string> rustfmt = {"rustfmt", "--edition", "2021", "--config-path", "/usr/src/linux/.rustfmt.toml",
                                        "--check"};
    const size_t no_c = checkpatch.size(), no_rust = rustfmt.size();
    for (const grader::Language language : exercise.languages) {
        std::vector<fs::path> files;
        std::error_code code;
        const fs::path folder = exercise.solution(language);
        for (fs::recursive_directory_iterator it(folder, code), end; !code && it != end; it.increment(code))
            if (it->is_regular_file(code)) files.push_back(it->path().lexically_relative(exercise.folder));
        if (code) return tl::unexpected(system_error("cannot list", folder, code.value()));
        std::sort(files.begin(), files.end());
        for (const fs::path& file : files) (file.extension() == ".rs" ? rustfmt : checkpatch).push_back(file.string());
    }

    std::vector<std::string> out;
    std::string line;
    if (checkpatch.size() > no_c) {
        FERRULE_TRY(const std::string text, say(exercise, image, checkpatch));
        for (std::istringstream lines(text); std::getline(lines, line);)
            if (!line.empty()) out.push_back(line);
    }
    if (rustfmt.size() > no_rust) {
        FERRULE_TRY(const std::string text, say(exercise, image, rustfmt));
        const size_t before = out.size();
        static const std::regex place("Diff in (/work/)?([^ :]+):? ?(at line )?([0-9]+):?.*");
        std::smatch match;
        for (std::istringstream lines(text); std::getline(lines, line);)
            if (std::regex_match(line, match, place))
                out.push_back(fmt::format("{}:{}: rustfmt writes this differently", match[2].str(), match[4].str()));
        // Not even that: it does not parse.
        if (!text.empty() && out.size() == before) out.push_back(text.substr(0, text.find('\n')));
    }
    return out;
}

}  // namespace ferrule::reader
