#include "sandbox/build/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace ferrule::build {
namespace {

constexpr char kHint[] = "rebuild the image: ferrule image clean, then ferrule image build";

tl::unexpected<Error> broken(const fs::path& file, const std::string& what) {
    return fail("build-broken", fmt::format("the recorded module build {} {}", file.string(), what), kHint);
}

bool is_assignment(const std::string& word) {
    const size_t equals = word.find('=');
    return equals != 0 && equals != std::string::npos &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

struct Recorded {
    Command command;
    Words after;  // the second command (objtool)
};

Result<Recorded> read_command(const fs::path& file) {
    FERRULE_TRY(std::string text, read_file(file, 1u << 20));
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
    // make's own quoting in .cmd files
    for (size_t at = 0; (at = text.find("$$", at)) != std::string::npos; ++at) text.erase(at, 1);
    for (size_t at = 0; (at = text.find("$(pound)", at)) != std::string::npos; ++at) text.replace(at, 8, 1, '#');
    auto words = split_words(text);
    if (!words) return broken(file, words.error().message);
    Recorded recorded;
    auto word = words->begin();
    while (word != words->end() && is_assignment(*word)) recorded.command.environment.push_back(*word++);
    while (word != words->end() && *word != ";") recorded.command.argv.push_back(*word++);
    if (word != words->end()) recorded.after.assign(word + 1, words->end());
    if (recorded.command.argv.empty()) return broken(file, "is empty");
    if (std::find(recorded.after.begin(), recorded.after.end(), ";") != recorded.after.end())
        return broken(file, "runs more than objtool after the compiler");
    return recorded;
}

// Takes the word (and as many after it) out; false when it is not there.
bool take(Words& words, const std::string& word, size_t more = 0) {
    const auto at = std::find(words.begin(), words.end(), word);
    if (at == words.end() || static_cast<size_t>(words.end() - at) <= more) return false;
    words.erase(at, at + 1 + static_cast<std::ptrdiff_t>(more));
    return true;
}

bool take_prefixed(Words& words, const std::string& prefix) {
    return std::erase_if(words, [&](const std::string& word) { return word.starts_with(prefix); }) != 0;
}

bool names_probe(const Words& words) {
    return std::any_of(words.begin(), words.end(),
                       [](const std::string& word) { return word.find("ferrule_") != std::string::npos; });
}

Result<void> read_c(const fs::path& file, const std::string& stem, Command& command, Words& objtool) {
    FERRULE_TRY(Recorded recorded, read_command(file));
    Words& words = recorded.command.argv;
    take_prefixed(words, "-Wp,-MMD,");
    const bool known = take_prefixed(words, "-DKBUILD_BASENAME=") && take_prefixed(words, "-DKBUILD_MODNAME=") &&
                       take_prefixed(words, "-D__KBUILD_MODNAME=") && take(words, "-c") && take(words, "-o", 1) &&
                       take(words, stem + ".c");
    if (!known || names_probe(words)) return broken(file, "is no C compile of the known shape");
    if (recorded.after.empty() || recorded.after.back() != stem + ".o")
        return broken(file, "does not end with objtool");
    recorded.after.pop_back();
    command = std::move(recorded.command);
    objtool = std::move(recorded.after);
    return {};
}

Result<void> read_rust(const fs::path& file, Command& command, Words& objtool) {
    FERRULE_TRY(Recorded recorded, read_command(file));
    Words& words = recorded.command.argv;
    take_prefixed(words, "--emit=dep-info=");
    const bool known =
        take(words, "--emit=obj=ferrule_rust.o") && take(words, "--out-dir", 1) && take(words, "ferrule_rust.rs");
    std::erase_if(recorded.command.environment,
                  [](const std::string& word) { return word.starts_with("RUST_MODFILE="); });
    if (!known || names_probe(words)) return broken(file, "is no Rust compile of the known shape");
    if (recorded.after.empty() || recorded.after.back() != "ferrule_rust.o")
        return broken(file, "does not end with objtool");
    recorded.after.pop_back();
    command = std::move(recorded.command);
    objtool = std::move(recorded.after);
    return {};
}

// The names of the probe modules become $M, the shell's variable for the module's name.
Result<Command> read_link(const fs::path& file, const std::vector<std::pair<std::string, std::string>>& names) {
    FERRULE_TRY(Recorded recorded, read_command(file));
    for (const auto& [from, to] : names) {
        if (std::find(recorded.command.argv.begin(), recorded.command.argv.end(), from) == recorded.command.argv.end())
            return broken(file, "does not name " + from);
        std::replace(recorded.command.argv.begin(), recorded.command.argv.end(), from, to);
    }
    if (names_probe(recorded.command.argv) || !recorded.after.empty()) return broken(file, "has not the known shape");
    return recorded.command;
}

}  // namespace

const Words& extra_c_flags() {
    // DWARF 4: everything in one table each, which every libdw reads.
    static const Words flags{
        "-gdwarf-4", "-fno-color-diagnostics",        "-fno-crash-diagnostics", "-mllvm", "-enable-tail-merge=0",
        "-mllvm",    "-simplifycfg-sink-common=false"};
    return flags;
}

const Words& extra_rust_flags() {
    static const Words flags{"-Cdebuginfo=1", "-Cdwarf-version=4", "-Cllvm-args=-opt-disable=tailcallelim",
                             "-Cllvm-args=-enable-tail-merge=0", "-Cllvm-args=-simplifycfg-sink-common=false"};
    return flags;
}

std::string shell_word(const std::string& word) {
    const bool plain =
        !word.empty() &&
        word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+./,:=@%") ==
            std::string::npos;
    if (plain) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

Result<Words> split_words(std::string_view command) {
    Words words;
    std::string word;
    bool open = false;  // inside a word, which may be empty ('')
    char quote = 0;
    const auto end = [&] {
        if (open) words.push_back(std::move(word));
        word.clear();
        open = false;
    };
    for (size_t i = 0; i < command.size(); ++i) {
        const char c = command[i];
        if (quote == '\'') {
            if (c == '\'')
                quote = 0;
            else
                word += c;
        } else if (quote == '"') {
            if (c == '"')
                quote = 0;
            else if (c == '\\' && i + 1 < command.size() && (command[i + 1] == '"' || command[i + 1] == '\\'))
                word += command[++i];
            else if (c == '$' || c == '`')
                return fail("build-broken", "uses the shell for more than words");
            else
                word += c;
        } else if (c == '\'' || c == '"') {
            quote = c;
            open = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            end();
        } else if (c == ';') {
            end();
            words.emplace_back(";");
        } else if (c == '\\' && i + 1 < command.size()) {
            word += command[++i];
            open = true;
        } else if (std::string_view("$`|&<>(){}*?").find(c) != std::string_view::npos) {
            return fail("build-broken", "uses the shell for more than words");
        } else {
            word += c;
            open = true;
        }
    }
    if (quote != 0) return fail("build-broken", "ends inside quotes");
    end();
    return words;
}

Result<Recipe> read_recipe(const fs::path& folder) {
    for (const char* needed : {"module-common.o", "modc.pch"})
        if (std::error_code error; !fs::is_regular_file(folder / needed, error))
            return broken(folder / needed, "is missing");
    Recipe recipe;
    FERRULE_TRY_VOID(read_c(folder / "c.cmd", "ferrule_c", recipe.c, recipe.c_objtool));
    FERRULE_TRY_VOID(read_c(folder / "modc.cmd", "ferrule_c.mod", recipe.modc, recipe.modc_objtool));
    FERRULE_TRY_VOID(read_rust(folder / "rust.cmd", recipe.rust, recipe.rust_objtool));
    FERRULE_TRY(recipe.parts,
                read_link(folder / "parts.cmd", {{"ferrule_pair.o", "$M.o"}, {"@ferrule_pair.mod", "@$M.mod"}}));
    FERRULE_TRY(recipe.modpost, read_link(folder / "modpost.cmd", {}));
    FERRULE_TRY(recipe.ko, read_link(folder / "ko.cmd", {{"ferrule_c.ko", "$M.ko"},
                                                         {"ferrule_c.o", "$M.o"},
                                                         {"ferrule_c.mod.o", "$M.mod.o"},
                                                         {".module-common.o", "/recipe/module-common.o"}}));
    return recipe;
}

}  // namespace ferrule::build
