#include "sandbox/image/mirror.hpp"

#include <cstdlib>
#include <sstream>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"

namespace ferrule::image {
namespace {

std::string os_release_field(const std::string& text, const std::string& key) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.rfind(key + "=", 0) != 0) continue;
        std::string value = line.substr(key.size() + 1);
        if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
        return value;
    }
    return "";
}

bool plain(const std::string& uri) {
    for (const char c : uri)  // it ends up in a line of sources.list
        if (c <= ' ' || c > '~' || c == '"' || c == '[') return false;
    return uri.rfind("http://", 0) == 0 || uri.rfind("https://", 0) == 0;
}

}  // namespace

const char* const kIndexTargetsFormat = "$(CREATED_BY)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)|$(REPO_URI)";

std::string mirror_of_host(const std::string& index_targets, const std::string& os_release) {
    if (os_release_field(os_release, "ID") != "debian") return "";
    const std::string codename = os_release_field(os_release, "VERSION_CODENAME");
    std::istringstream lines(index_targets);
    for (std::string line; std::getline(lines, line);) {
        std::vector<std::string> fields;
        std::istringstream row(line);
        for (std::string field; std::getline(row, field, '|');) fields.push_back(field);
        if (fields.size() != 5 || fields[0] != "Packages" || fields[2] != "main") continue;
        // Only the archive itself, by code name or by role: security and backports have folders of their own elsewhere.
        const std::string& release = fields[1];
        if (release != codename && release != "stable" && release != "oldstable" && release != "testing" &&
            release != "unstable" && release != "sid")
            continue;
        if (!fields[3].empty() && fields[3] != "Debian") continue;  // empty: no package list fetched yet
        std::string uri = fields[4];
        while (!uri.empty() && uri.back() == '/') uri.pop_back();
        if (plain(uri)) return uri;
    }
    return "";
}

std::string find_mirror() {
    if (const char* named = std::getenv("FERRULE_MIRROR"); named != nullptr && named[0] != '\0') return named;
    const auto os_release = read_file("/etc/os-release");
    if (!os_release) return "";
    SpawnRequest request;
    request.argv = {"apt-get", "indextargets", "--format", kIndexTargetsFormat};
    RunOptions options;
    options.timeout = std::chrono::seconds(20);
    const auto result = run(std::move(request), options);
    if (!result || result->exit_code != 0) return "";
    return mirror_of_host(result->out, *os_release);
}

}  // namespace ferrule::image
