// Completions and man page of the real program, read by the real shells.
#include "cli/command_tree.hpp"

#include <fmt/format.h>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"
#include "sandbox/base/subprocess.hpp"

using namespace ferrule;
using Catch::Matchers::Contains;

namespace {

std::string said_by(const std::vector<std::string>& argv, const fs::path& home = "/nonexistent") {
    SpawnRequest request;
    request.argv = argv;
    const std::string program = fs::path(FERRULE_PROGRAM).parent_path();
    request.environment = {"LANG=C.UTF-8", "TERM=dumb", "HOME=" + home.string(), "PATH=/usr/bin:/bin:" + program,
                           std::string("FERRULE_ROOT=") + FERRULE_SOURCE_ROOT};
    const auto result = run(std::move(request));
    REQUIRE(result);
    INFO(result->err);
    CHECK(result->exit_code == 0);
    CHECK(result->err.empty());
    return result->out;
}

struct Script {
    Result<TempDir> folder = TempDir::make();
    fs::path path;

    explicit Script(const std::string& shell) {
        REQUIRE(folder);
        path = folder->path() / "completions";
        REQUIRE(write_file(path, said_by({FERRULE_PROGRAM, "completions", shell})));
    }
};

// What bash offers for a line; the last word is the one at the cursor.
std::string bash_offers(const Script& script, const std::string& words) {
    return said_by(
        {"/bin/bash", "-c",
         fmt::format("source {}; COMP_WORDS=({}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); compopt() {{ :; }}; "
                     "_ferrule; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
                     script.path.string(), words)},
        script.folder->path());
}

std::string fish_offers(const Script& script, const std::string& line) {
    return said_by(
        {"/usr/bin/fish", "--no-config", "-c", fmt::format("source {}; complete -C '{}'", script.path.string(), line)},
        script.folder->path());
}

}  // namespace

TEST_CASE("the tree of commands is the parser's") {
    CLI::App app("does things", "ferrule");
    std::string language, path;
    CLI::App* outer = app.add_subcommand("image", "the kernels");
    CLI::App* inner = outer->add_subcommand("build", "builds");
    inner->add_option("VARIANT", path, "which")->required();
    inner->add_option("--lang", language, "a language")->check(CLI::IsMember({"c", "rust"}));
    bool hidden = false;
    inner->add_flag("--secret", hidden, "hidden")->group("");
    const auto tree = cli::command_tree(app);
    REQUIRE(tree.commands.size() == 1);
    REQUIRE(tree.commands[0].commands.size() == 1);
    const auto& build = tree.commands[0].commands[0];
    CHECK(build.path == std::vector<std::string>{"image", "build"});
    REQUIRE(build.options.size() == 2);
    CHECK(build.options[0].positional);
    CHECK(build.options[0].argument == "VARIANT");
    CHECK(build.options[1].names == std::vector<std::string>{"--lang"});
    CHECK(build.options[1].choices == std::vector<std::string>{"c", "rust"});
}

TEST_CASE("bash completes commands, options, values, exercises and files") {
    const Script script("bash");
    CHECK(bash_offers(script, "ferrule gra") == "grade\n");
    CHECK(bash_offers(script, "ferrule image b") == "build\n");
    CHECK_THAT(bash_offers(script, "ferrule grade kee"), Contains("keeper\n"));
    CHECK(bash_offers(script, "ferrule start keeper --lang ''") == "c\nrust\n");
    CHECK_THAT(bash_offers(script, "ferrule vet --format j"), Contains("json\n") && Contains("junit\n"));
    const std::string here = script.folder->path().string();
    CHECK(bash_offers(script, fmt::format("ferrule vet {}/comp", here)) == here + "/completions\n");
    CHECK(bash_offers(script, "ferrule progress exp") == "export\n");
}

TEST_CASE("zsh reads its script, and completes by it") {
    const Script script("zsh");
    // Without a terminal there is no completion in zsh: what the script would add is written down instead.
    const std::string offered = said_by(
        {"/usr/bin/zsh", "-f", "-c",
         fmt::format("compdef() {{ :; }}; compadd() {{ shift; print -l -- \"$@\"; }}; _files() {{ print FILES; }}; "
                     "_describe() {{ print -l -- \"${{(@P)2}}\"; }}; source {}; words=(ferrule grade ''); CURRENT=3; "
                     "_ferrule; words=(ferrule start --lang ''); CURRENT=4; _ferrule",
                     script.path.string())},
        script.folder->path());
    CHECK_THAT(offered, Contains("--lang:c or rust\n") && Contains("keeper\n") && Contains("FILES\n"));
    CHECK_THAT(offered, Contains("c\nrust\n"));
}

TEST_CASE("fish completes commands, options, values and exercises") {
    const Script script("fish");
    CHECK_THAT(fish_offers(script, "ferrule gra"), Contains("grade\t"));
    CHECK_THAT(fish_offers(script, "ferrule image b"), Contains("build\t"));
    CHECK_THAT(fish_offers(script, "ferrule start kee"), Contains("keeper"));
    CHECK_THAT(fish_offers(script, "ferrule start --lang r"), Contains("rust"));
    CHECK_THAT(fish_offers(script, "ferrule vet --js"), Contains("--json"));
}

TEST_CASE("man reads the page without a complaint") {
    const auto folder = TempDir::make();
    REQUIRE(folder);
    const fs::path page = folder->path() / "ferrule.1";
    REQUIRE(write_file(page, said_by({FERRULE_PROGRAM, "man"})));
    const std::string text = said_by({"/usr/bin/groff", "-man", "-Tascii", "-P-c", "-P-b", "-P-u", "-ww", page});
    CHECK_THAT(text, Contains("ferrule image build") && Contains("--scenario FILE") && Contains("Ctrl-]"));
    CHECK_THAT(text, Contains("EXIT STATUS"));
}
