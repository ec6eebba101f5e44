// The real program as a process, with a course and a home of its own: for tests.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "cli/ring_checkout.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"

namespace ferrule::cli {

class Program {
public:
    Program() {
        put_ring_checkout(path("root"));
        put("root/lessons/course/course.toml",
            "format_version = 1\n[[part]]\nid = \"ownership\"\ntitle = \"Who frees what\"\nlessons = [\"leaks\"]\n");
        put("root/lessons/course/ownership/leaks/lesson.md", "# Leaks\n\nA *driver* that forgets.\n");
    }

    std::vector<std::string> extra;  // more of the environment

    void put(const std::string& name, const std::string& text) { put_file(dir_->path() / name, text); }
    fs::path path(const std::string& name) const { return dir_->path() / name; }

    RunResult operator()(std::vector<std::string> arguments, const std::string& input = {},
                         const std::string& cache = {}) {
        SpawnRequest request;
        request.argv = {FERRULE_PROGRAM};
        request.argv.insert(request.argv.end(), arguments.begin(), arguments.end());
        request.environment = {"PATH=/usr/bin:/bin",
                               "LANG=C.UTF-8",
                               "TERM=xterm",
                               "HOME=" + path("home").string(),
                               "FERRULE_ROOT=" + path("root").string(),
                               "FERRULE_WORKSPACE=" + path("work").string()};
        request.environment->insert(request.environment->end(), extra.begin(), extra.end());
        if (!cache.empty()) request.environment->push_back("XDG_CACHE_HOME=" + cache);
        RunOptions options;
        options.timeout = std::chrono::seconds(cache.empty() ? 30 : 300);  // with a cache: guests
        options.input = input;
        const auto result = run(std::move(request), options);
        REQUIRE(result);
        REQUIRE_FALSE(result->timed_out);
        return *result;
    }

private:
    Result<TempDir> dir_ = TempDir::make();
};

// One line, on standard error alone, that names the program.
inline void check_one_line_error(const RunResult& result) {
    CHECK(result.exit_code == 2);
    CHECK(result.out.empty());
    CHECK_THAT(result.err, Catch::Matchers::StartsWith("ferrule: "));
    CHECK(std::count(result.err.begin(), result.err.end(), '\n') == 1);
}

}  // namespace ferrule::cli
