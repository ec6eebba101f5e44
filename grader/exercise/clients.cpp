#include "grader/exercise/clients.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grader/exercise/toml_table.hpp"

namespace ferrule::grader {
namespace {

constexpr uint64_t kSourceCap = 64u << 10;

bool is_error_code(const std::string& word) {
    return word.size() == 5 && word[0] == 'E' &&
           std::all_of(word.begin() + 1, word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<Client> load_client(const fs::path& folder) {
    const fs::path file = folder / "client.toml";
    FERRULE_TRY(const std::string text, read_file(file, kSourceCap));
    FERRULE_TRY(const toml::table root, parse_toml(text, file));
    Problems problems(file);
    TomlTable table(problems, root, "a client", {"must", "errors", "note", "blames"});
    Client client;
    client.name = folder.filename().string();
    if (!table.has("must")) table.missing("must", "must = \"not-compile\" or must = \"run-clean\"");
    const std::string must = table.text("must");
    if (must != "not-compile" && must != "run-clean")
        problems.add(table.line("must"),
                     fmt::format("found must = \"{}\"; expected \"not-compile\" or \"run-clean\"", must.substr(0, 40)));
    client.runs = must == "run-clean";
    client.errors = table.texts("errors");
    if (client.runs == table.has("errors"))
        problems.add(table.line("errors"),
                     client.runs ? "found errors for a client that must compile; expected none"
                                 : "found no errors; expected what the compiler must say, errors = [\"E0499\"]");
    for (const std::string& code : client.errors)
        if (!is_error_code(code))
            problems.add(table.line("errors"), fmt::format("found \"{}\" in \"errors\"; expected a code of rustc's, "
                                                           "\"E0499\"",
                                                           code.substr(0, 40)));
    if (!table.has("note")) table.missing("note", "one clause: what is wrong when it does");
    client.note = table.text("note");
    client.blames = table.text("blames");
    FERRULE_TRY(client.text, read_file(folder / "client.rs", kSourceCap));
    if (client.text.empty() || client.text.back() != '\n') client.text += '\n';
    if (client.runs && client.text.find("pub fn run()") == std::string::npos)
        problems.add(1, "found no \"pub fn run()\" in client.rs; expected one, which is what runs");
    if (problems.any()) return problems.error();
    return client;
}

}  // namespace

Result<std::vector<Client>> load_clients(const fs::path& exercise) {
    std::vector<Client> clients;
    const fs::path parent = exercise / "rust" / "clients";
    std::error_code failed;
    if (!fs::exists(parent, failed)) return clients;
    std::vector<fs::path> folders;
    for (fs::directory_iterator it(parent, failed), end; !failed && it != end; it.increment(failed))
        folders.push_back(it->path());
    if (failed) return tl::unexpected(system_error("cannot list", parent, failed.value()));
    std::sort(folders.begin(), folders.end());
    for (const fs::path& folder : folders) {
        FERRULE_TRY(Client client, load_client(folder));
        clients.push_back(std::move(client));
    }
    return clients;
}

build::SourceSet with_client(const build::SourceSet& sources, const Client& client) {
    build::SourceSet out = sources;
    std::string& root = out.files[root_index(sources)].text;
    if (!root.empty() && root.back() != '\n') root += '\n';
    root += "#[forbid(unsafe_code)] mod ferrule_client {\n" + client.text + "}\n";
    // Constructors run before the module's own init, which need not know of any client (CONFIG_CONSTRUCTORS, which
    // KASAN and KCSAN select; kernel/module/main.c, do_mod_ctors).
    if (client.runs)
        root +=
            "#[used(compiler)]\n"
            "#[link_section = \".init_array\"]\n"
            "static FERRULE_CLIENT: extern \"C\" fn() = {\n"
            "    extern \"C\" fn run() { ferrule_client::run() }\n"
            "    run\n"
            "};\n";
    return out;
}

size_t root_index(const build::SourceSet& sources) {
    for (size_t i = 0; i < sources.files.size(); ++i)
        if (sources.files[i].name == sources.module + ".rs") return i;
    return 0;
}

int lines_of(const std::string& text) {
    return static_cast<int>(std::count(text.begin(), text.end(), '\n')) +
           (!text.empty() && text.back() != '\n' ? 1 : 0);
}

}  // namespace ferrule::grader
