// The kernel's own known-bad and known-good modules through `ferrule vet`, as a process: oracles.toml says which, what
// is done with each, and what must be said. See README.md.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"
#include "sandbox/base/toml.hpp"
#include "sandbox/image/image.hpp"

using namespace ferrule;
using Json = nlohmann::json;

namespace {

// By scenario: "CLASS FILE FUNCTION" of each finding, or "clean".
using Said = std::map<std::string, std::set<std::string>>;
constexpr const char* kLoad = "load, unload, and once more";
constexpr const char* kBuild = "";
constexpr size_t kAtOnce = 32;  // scenarios in one file; vet takes no more than 64

struct Oracle {
    std::string name;
    fs::path source;  // below the kernel's source
    std::vector<std::string> files, kbuild, edit;
    std::string module, parameters, step;
    double deadline = 10;                 // seconds, of each step
    std::optional<double> load_deadline;  // of the loads; none: vet's own
    Said expected;
};

std::vector<std::string> texts(const toml::node* node) {
    std::vector<std::string> out;
    if (!node) return out;
    if (const auto* one = node->as_string()) out.push_back(one->get());
    if (const auto* many = node->as_array())
        for (const auto& element : *many) out.push_back(element.value<std::string>().value());
    return out;
}

std::vector<Oracle> declared() {
    const auto root = toml::parse_file(FERRULE_SOURCE_ROOT "/grader/oracles/oracles.toml");
    std::vector<Oracle> out;
    for (const auto& node : *root["oracle"].as_array()) {
        const toml::table& table = *node.as_table();
        Oracle oracle;
        oracle.source = table["source"].value<std::string>().value();
        oracle.name = table["name"].value_or(oracle.source.string());
        oracle.files = texts(table.get("files"));
        oracle.kbuild = texts(table.get("kbuild"));
        oracle.edit = texts(table.get("edit"));
        oracle.module = table["module"].value_or(std::string());
        oracle.parameters = table["params"].value_or(std::string());
        oracle.step = table["step"].value_or(std::string());
        oracle.deadline = table["deadline"].value_or(10.0);
        oracle.load_deadline = table["load_deadline"].value<double>();
        oracle.expected[kLoad] = {"clean"};
        if (const auto* expect = table["expect"].as_table())
            for (const auto& [key, value] : *expect) {
                const auto words = texts(&value);
                oracle.expected[key == "load"    ? kLoad
                                : key == "build" ? kBuild
                                                 : std::string(key.str())] = {words.begin(), words.end()};
            }
        out.push_back(std::move(oracle));
    }
    return out;
}

std::vector<std::string> words_of(const Oracle& oracle) {
    std::vector<std::string> words;
    for (const auto& [name, ignored] : oracle.expected)
        if (name != kLoad && name != kBuild) words.push_back(name);
    return words;
}

// One scenario for each word: the step with the word put in for "%".
std::string scenario_file(const Oracle& oracle, std::span<const std::string> words) {
    std::string text;
    for (const std::string& name : words) {
        std::string step = oracle.step;
        for (size_t at = step.find('%'); at != std::string::npos; at = step.find('%', at)) step.replace(at, 1, name);
        text += fmt::format("[[scenario]]\nname = \"{}\"\ndeadline = {:.1f}\nsteps = [{{ load = \"{}\" }}, {}]\n", name,
                            oracle.deadline, oracle.parameters, step);
    }
    return text;
}

Json vet(const Oracle& oracle, std::span<const std::string> words, const fs::path& kernel_source) {
    auto folder = TempDir::make();
    REQUIRE(folder);
    std::error_code code;
    fs::path path = kernel_source / oracle.source;
    if (fs::is_directory(path) || !oracle.files.empty()) {
        // A copy: the folder's own Kbuild speaks of configuration, and of objects that are no module's.
        const fs::path from = fs::is_directory(path) ? path : path.parent_path();
        path = folder->path() / "driver";
        fs::create_directories(path, code);
        if (oracle.files.empty()) {
            fs::copy(from, path, fs::copy_options::recursive, code);
        } else {
            for (const auto& file : oracle.files) fs::copy_file(from / file, path / file, code);
        }
        if (!oracle.kbuild.empty())
            REQUIRE(write_file(path / "Kbuild", fmt::format("{}\n", fmt::join(oracle.kbuild, "\n"))));
    }
    if (!oracle.edit.empty()) {
        REQUIRE(oracle.edit.size() == 3);
        auto text = read_file(path / oracle.edit[0]);
        REQUIRE(text);
        const size_t at = text->find(oracle.edit[1]);
        REQUIRE(at != std::string::npos);
        REQUIRE(write_file(path / oracle.edit[0], text->replace(at, oracle.edit[1].size(), oracle.edit[2])));
    }
    std::vector<std::string> argv = {FERRULE_PROGRAM, "vet", path, "--json"};
    if (!oracle.module.empty()) argv.insert(argv.end(), {"--module", oracle.module});
    if (!oracle.parameters.empty()) argv.insert(argv.end(), {"--params", oracle.parameters});
    if (oracle.load_deadline) argv.insert(argv.end(), {"--deadline", fmt::format("{}", *oracle.load_deadline)});
    if (const std::string text = scenario_file(oracle, words); !text.empty()) {
        REQUIRE(write_file(folder->path() / "scenarios.toml", text));
        argv.insert(argv.end(), {"--scenario", folder->path() / "scenarios.toml"});
    }
    RunOptions options;
    options.timeout = std::chrono::minutes(20);
    const auto result = run({.argv = argv}, options);
    REQUIRE(result);
    INFO(oracle.name << "\n" << result->err << result->out);
    REQUIRE((result->exit_code == 0 || result->exit_code == 1));
    return Json::parse(result->out);
}

void add(Said& said, const Json& verdict) {
    for (const auto& scenario : verdict["scenarios"]) said[scenario["name"]];
    for (const auto& finding : verdict["findings"]) {
        const std::string file = finding["file"], function = finding["function"];
        said[finding["scenario"]].insert(fmt::format("{} {} {}", finding["class"].get<std::string>(),
                                                     file.empty() ? "-" : file, function.empty() ? "-" : function));
    }
    // A finding is said once, for the first scenario that shows it.
    std::map<std::string, bool> passed;
    for (const auto& scenario : verdict["scenarios"]) passed[scenario["name"]] = scenario["result"] == "pass";
    for (auto& [scenario, findings] : said)
        if (findings.empty()) findings.insert(passed[scenario] ? "clean" : "the same as another");
}

Said said_of(const Oracle& oracle, const fs::path& kernel_source) {
    Said said;
    const std::vector<std::string> all = words_of(oracle);
    std::span<const std::string> left = all;
    do {
        const auto some = left.first(std::min(kAtOnce, left.size()));
        add(said, vet(oracle, some, kernel_source));
        left = left.subspan(some.size());
    } while (!left.empty());
    return said;
}

// Where a function may be one of two ("a|b"), the one that was said.
std::set<std::string> settled(const std::set<std::string>& declared, const std::set<std::string>& said) {
    std::set<std::string> out;
    for (const std::string& words : declared) {
        const size_t function = words.rfind(' ') + 1, bar = words.find('|', function);
        const std::string head = words.substr(0, function);
        const std::string first = head + words.substr(function, bar == std::string::npos ? bar : bar - function);
        const std::string second = bar == std::string::npos ? first : head + words.substr(bar + 1);
        out.insert(said.contains(second) ? second : first);
    }
    return out;
}

}  // namespace

TEST_CASE("oracles: the kernel's own modules get the verdict that is declared", "[image]") {
    const auto image = image::find("mem");
    REQUIRE(image);
    const char* only = std::getenv("FERRULE_ORACLE");  // the names to run that contain this
    for (const Oracle& oracle : declared()) {
        if (only && oracle.name.find(only) == std::string::npos) continue;
        const auto start = std::chrono::steady_clock::now();
        const Said said = said_of(oracle, image->toolchain.root / "usr/src/linux");
        std::cout << fmt::format("{} ({:.0f} s)\n", oracle.name,
                                 std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
        for (const auto& [scenario, words] : said)
            if (!oracle.expected.contains(scenario))
                FAIL_CHECK(fmt::format("{}: scenario \"{}\" says {}, and nothing is declared", oracle.name, scenario,
                                       fmt::join(words, ", ")));
        for (const auto& [scenario, words] : oracle.expected) {
            const auto found = said.find(scenario);
            const auto got = found == said.end() ? std::set<std::string>{"nothing"} : found->second;
            if (got != settled(words, got))
                FAIL_CHECK(fmt::format("{}: scenario \"{}\": {}; declared: {}", oracle.name, scenario,
                                       fmt::join(got, ", "), fmt::join(words, ", ")));
        }
    }
}
