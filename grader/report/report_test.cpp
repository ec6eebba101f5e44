#include "grader/report/report.hpp"

#include <nlohmann/json.hpp>
#include <sstream>

#include "grader/classes.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Verdict sample() {
    Verdict v;
    v.verdict = "fail";
    v.exercise = "ring-buffer";
    v.language = "c";
    Finding f;
    f.finding_class = "memory-leak";
    f.detector = "ledger";
    f.title = "24 bytes still allocated after unload";
    f.scenario = "load, unload";
    f.fault = "allocation 2 failed";
    f.file = "ring.c";
    f.line = 3;
    f.function = "ring_init";
    f.related = {{"allocated", "ring.c", "ring_init", 3}, {"also", "ring.c", "ring_exit", 5}};
    f.lesson = "ownership/leaks";
    v.findings = {f};
    v.scenarios = {{"load, unload", "fail", 0.41234},
                   {"a scenario with a name that is much longer than the terminal is wide, really", "pass", 1}};
    v.timing = {0.6, 0.1, 0.9, 1.7};
    v.environment = {"7.3.4", "sha256", "tcg", "0.1.0"};
    return v;
}

size_t widest(const std::string& text) {
    size_t widest = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        size_t columns = 0;
        for (char c : line) columns += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        widest = std::max(widest, columns);
    }
    return widest;
}

}  // namespace

TEST_CASE("JSON: the contract's object, key by key") {
    auto json = nlohmann::ordered_json::parse(to_json(sample()));
    std::vector<std::string> keys;
    for (const auto& [key, value] : json.items()) keys.push_back(key);
    CHECK(keys == std::vector<std::string>{"format", "verdict", "exercise", "language", "findings", "scenarios",
                                           "timing", "environment", "error"});
    CHECK(json["format"] == 1);
    CHECK(json["error"].is_null());
    const auto& finding = json["findings"][0];
    keys.clear();
    for (const auto& [key, value] : finding.items()) keys.push_back(key);
    CHECK(keys == std::vector<std::string>{"class", "detector", "title", "scenario", "fault", "file", "line",
                                           "function", "related", "lesson"});
    CHECK(finding["class"] == "memory-leak");
    CHECK(finding["line"] == 3);
    CHECK(finding["related"][0] ==
          nlohmann::ordered_json({{"role", "allocated"}, {"file", "ring.c"}, {"line", 3}, {"function", "ring_init"}}));
    CHECK(json["scenarios"][0] ==
          nlohmann::ordered_json({{"name", "load, unload"}, {"result", "fail"}, {"seconds", 0.412}}));
    CHECK(json["timing"] ==
          nlohmann::ordered_json(
              {{"build_seconds", 0.6}, {"restore_seconds", 0.1}, {"run_seconds", 0.9}, {"total_seconds", 1.7}}));
    CHECK(json["environment"] ==
          nlohmann::ordered_json(
              {{"kernel", "7.3.4"}, {"image", "sha256"}, {"accelerator", "tcg"}, {"ferrule", "0.1.0"}}));

    Verdict plain = sample();
    plain.findings[0].fault.clear();
    plain.findings[0].related.clear();
    json = nlohmann::ordered_json::parse(to_json(plain));
    CHECK_FALSE(json["findings"][0].contains("fault"));
    CHECK_FALSE(json["findings"][0].contains("related"));
}

TEST_CASE("JSON: an error is neither a pass nor a fail") {
    auto json = nlohmann::ordered_json::parse(
        error_to_json("ring-buffer", "rust", {"disk-full", "no space left in /x", "free some"}));
    CHECK(json["verdict"] == "error");
    CHECK(json["findings"].empty());
    CHECK(json["error"] ==
          nlohmann::ordered_json({{"code", "disk-full"}, {"message", "no space left in /x"}, {"hint", "free some"}}));
    CHECK(json["timing"].is_object());
}

TEST_CASE("JSON: bytes that are no text are replaced") {
    Verdict v = sample();
    v.findings[0].title = "\xff\xfe\x1b[31m";
    CHECK_NOTHROW(nlohmann::json::parse(to_json(v)));
}

TEST_CASE("text: what, where, the line itself") {
    TextOptions options;
    options.sources["ring.c"] = "int a;\nint b;\n\tp = kmalloc(24, GFP_KERNEL); // here\nint d;\n\tkfree(q);\n";
    options.hint_command = "ferrule hint ring-buffer";
    std::string text = to_text(sample(), options);
    CHECK(text.find("memory-leak: 24 bytes still allocated after unload\n") == 0);
    CHECK(text.find("--> ring.c:3 in ring_init\n") != std::string::npos);
    CHECK(text.find(" > 3 |     p = kmalloc(24, GFP_KERNEL); // here\n     |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n") !=
          std::string::npos);
    CHECK(text.find("also at ring.c:5 in ring_exit") != std::string::npos);
    CHECK(text.find("kfree(q);") != std::string::npos);
    CHECK(text.find("when allocation 2 failed") != std::string::npos);
    CHECK(text.find("FAIL ring-buffer (c), 1 finding") != std::string::npos);
    CHECK(text.find("ferrule hint ring-buffer") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
    options.colour = true;
    CHECK(to_text(sample(), options).find("\x1b[1;31m") != std::string::npos);
}

TEST_CASE("text: what a finding led to stands under it") {
    Verdict v = sample();
    v.findings[0].led_to = {"oops: NULL pointer dereferenced (ring.c:40)"};
    CHECK(to_text(v).find("  = led to oops: NULL pointer dereferenced (ring.c:40)\n") != std::string::npos);
}

TEST_CASE("every class has words, and no other word has") {
    for (const auto& name : finding_classes()) CHECK(std::string(class_words(name)).ends_with("."));
    CHECK(std::string(class_words("warning")).empty());
    CHECK_FALSE(is_finding_class(""));
}

TEST_CASE("text: no wider than asked for") {
    Verdict v = sample();
    v.findings[0].led_to = {"oops: " + std::string(90, 'w') + " and more words behind it"};
    v.findings[0].title =
        "a title that goes on and on, with words of all lengths, until it does not fit into any terminal that one "
        "could think of";
    v.findings[0].function = "<RingDevice as MiscDevice>::a_function_with_quite_a_long_name_indeed";
    TextOptions options;
    options.sources["ring.c"] = "x\ny\n" + std::string(300, 'z') + "\n";
    for (unsigned width : {60u, 80u, 132u}) {
        options.width = width;
        CHECK(widest(to_text(v, options)) <= width);
    }
}

TEST_CASE("text: what the guest wrote cannot drive the terminal") {
    Verdict v = sample();
    v.findings[0].title = v.findings[0].function = v.scenarios[0].name = v.exercise =
        "\x1b[2J\x1b]0;owned\x07"
        "evil\r\nline";
    TextOptions options;
    options.sources["ring.c"] = "\x1b[2J\n\x1b[2J\n\x1b[2J x\n";
    std::string text = to_text(v, options);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\r') == std::string::npos);
    CHECK(text.find('\x07') == std::string::npos);
}

TEST_CASE("text: a pass is a table") {
    Verdict v = sample();
    v.verdict = "pass";
    v.findings.clear();
    v.scenarios[0].result = "pass";
    std::string text = to_text(v);
    CHECK(text.find("pass  load, unload") != std::string::npos);
    CHECK(text.find("PASS ring-buffer (c)") != std::string::npos);
}

namespace {

// A build error beside it, and what no format may be broken by.
Verdict hostile() {
    Verdict v = sample();
    Finding f;
    f.finding_class = "build-error";
    f.title = "expected ';' <&\"> ]]> \x1b[31m \xff \xef\xbf\xbf";
    f.file = "a&b.c";
    v.findings.push_back(f);
    return v;
}

}  // namespace

TEST_CASE("JUnit: a test case for the build and for each scenario") {
    const std::string text = to_junit(hostile());
    CHECK(text.find("tests=\"3\" failures=\"2\"") != std::string::npos);
    CHECK(text.find("<testcase classname=\"ring-buffer.c\" name=\"load, unload\" time=\"0.412\">\n"
                    "      <failure type=\"memory-leak\" message=\"24 bytes still allocated after unload\">ring.c:3: "
                    "memory-leak: ") != std::string::npos);
    CHECK(text.find("is wide, really\" time=\"1.000\"/>") != std::string::npos);
    CHECK(text.find("expected ';' &lt;&amp;&quot;&gt; ]]&gt;") != std::string::npos);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find('\xff') == std::string::npos);
    CHECK(text.find('\xef') == std::string::npos);  // U+FFFF is no character of XML

    Verdict pass = sample();
    pass.findings.clear();
    pass.verdict = pass.scenarios[0].result = "pass";
    CHECK(to_junit(pass).find("failures=\"0\"") != std::string::npos);
    CHECK(to_junit(pass).find("<failure") == std::string::npos);
}

TEST_CASE("SARIF: a result for each finding, at its line") {
    const auto json = nlohmann::json::parse(to_sarif(hostile()));
    CHECK(json["version"] == "2.1.0");
    const auto& run = json["runs"][0];
    CHECK(run["tool"]["driver"]["name"] == "ferrule");
    CHECK(run["tool"]["driver"]["rules"].size() == 2);
    REQUIRE(run["results"].size() == 2);
    const auto& leak = run["results"][0];
    CHECK(leak["ruleId"] == "memory-leak");
    CHECK(leak["message"]["text"] ==
          "24 bytes still allocated after unload (scenario: load, unload, when allocation 2 failed)");
    const auto& place = leak["locations"][0]["physicalLocation"];
    CHECK(place["artifactLocation"]["uri"] == "ring.c");
    CHECK(place["region"]["startLine"] == 3);
    CHECK(leak["relatedLocations"][1]["message"]["text"] == "also");
    CHECK_FALSE(run["results"][1]["locations"][0]["physicalLocation"].contains("region"));
    CHECK(run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%26b.c");
    for (const auto& rule : run["tool"]["driver"]["rules"])
        for (const char* needed : {"shortDescription", "fullDescription", "help"})
            CHECK_FALSE(rule[needed]["text"].get<std::string>().empty());

    Verdict placeless = sample();
    placeless.findings[0].file.clear();
    placeless.findings[0].line = 0;
    const auto whole = nlohmann::json::parse(to_sarif(placeless))["runs"][0]["results"][0]["locations"][0];
    CHECK(whole["physicalLocation"]["artifactLocation"]["uri"] == "ring-buffer");

    Verdict pass = sample();
    pass.findings.clear();
    CHECK(nlohmann::json::parse(to_sarif(pass))["runs"][0]["results"].empty());
}

TEST_CASE("Gradescope: a point for each scenario that passed") {
    const auto json = nlohmann::json::parse(to_gradescope(sample()));
    REQUIRE(json["tests"].size() == 2);
    CHECK(json["tests"][0]["score"] == 0);
    CHECK(json["tests"][0]["status"] == "failed");
    CHECK(json["tests"][0]["output"].get<std::string>().starts_with("ring.c:3: memory-leak: "));
    CHECK(json["tests"][1]["score"] == 1);
    CHECK(json["tests"][1]["max_score"] == 1);

    Verdict unbuilt = hostile();
    unbuilt.scenarios.clear();
    unbuilt.findings.erase(unbuilt.findings.begin());
    const auto none = nlohmann::json::parse(to_gradescope(unbuilt));
    REQUIRE(none["tests"].size() == 1);
    CHECK(none["tests"][0]["name"] == "build");
    CHECK(none["tests"][0]["score"] == 0);
}
