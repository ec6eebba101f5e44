#include "sandbox/image/config_check.hpp"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <sstream>
#include <utility>

namespace ferrule::image {
namespace {

struct Setting {
    std::string symbol;  // with CONFIG_
    std::string value;   // "n" for off, also for what is not mentioned
};

std::optional<Setting> parse_line(std::string line) {
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t' || line.back() == '\r')) line.pop_back();
    static const std::string kOffStart = "# CONFIG_", kOffEnd = " is not set";
    if (line.rfind(kOffStart, 0) == 0 && line.size() > kOffStart.size() + kOffEnd.size() &&
        line.compare(line.size() - kOffEnd.size(), kOffEnd.size(), kOffEnd) == 0)
        return Setting{line.substr(2, line.size() - 2 - kOffEnd.size()), "n"};
    const size_t equals = line.find('=');
    if (line.rfind("CONFIG_", 0) != 0 || equals == std::string::npos) return std::nullopt;
    return Setting{line.substr(0, equals), line.substr(equals + 1)};
}

}  // namespace

Result<void> check_config(const std::vector<Fragment>& fragments, const std::string& final_config) {
    std::map<std::string, std::pair<std::string, std::string>> wanted;  // symbol: value, fragment
    for (const Fragment& fragment : fragments) {
        std::istringstream lines(fragment.text);
        for (std::string line; std::getline(lines, line);)
            if (auto setting = parse_line(line)) wanted[setting->symbol] = {setting->value, fragment.name};
    }
    std::map<std::string, std::string> got;
    std::istringstream lines(final_config);
    for (std::string line; std::getline(lines, line);)
        if (auto setting = parse_line(line)) got[setting->symbol] = setting->value;

    std::vector<std::string> broken;
    for (const auto& [symbol, ask] : wanted) {
        const auto found = got.find(symbol);
        const std::string value = found == got.end() ? "n" : found->second;
        if (value != ask.first)
            broken.push_back(fmt::format("{}={} ({}) became {}", symbol, ask.first, ask.second,
                                         found == got.end() ? "absent" : value));
    }
    if (broken.empty()) return {};
    return fail("config-not-honoured", fmt::format("the kernel does not honour {}", fmt::join(broken, ", ")),
                "its dependencies are not met or the name has changed: look it up in the kernel's Kconfig files and "
                "correct the fragment in kernel-image/config");
}

}  // namespace ferrule::image
