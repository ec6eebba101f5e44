#include "lessons/reader/editor_support.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "sandbox/base/subprocess.hpp"

namespace ferrule::reader {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kModule = "ferrule";  // that the generator is asked about
constexpr auto kPatience = std::chrono::minutes(2);

// Where the jail's /usr and /build are for everybody else.
std::string on_host(const std::string& path, const image::Image& image) {
    if (path == "/usr" || path.starts_with("/usr/")) return image.toolchain.root.string() + path;
    if (path == "/build" || path.starts_with("/build/")) return image.kernel.build.string() + path.substr(6);
    return path;
}

void move_to_host(Json& json, const image::Image& image) {
    if (json.is_string())
        json = on_host(json.get<std::string>(), image);
    else if (json.is_structured())
        for (Json& one : json) move_to_host(one, image);
}

// Does it decide what the words of a source mean?
bool is_about_meaning(const std::string& word) {
    static const std::vector<std::string> words = {"-nostdinc", "-m64", "-O2", "-mcmodel=kernel"};
    if (std::find(words.begin(), words.end(), word) != words.end()) return true;
    static const std::vector<std::string> prefixes = {"-D",
                                                      "-U",
                                                      "--target=",
                                                      "-W",
                                                      "-std=",
                                                      "-fshort-wchar",
                                                      "-funsigned-char",
                                                      "-mno-",
                                                      "-fms-extensions",
                                                      "-fno-strict-aliasing"};
    // Of -Werror and of the preprocessor's own options nothing: the first ones are about the options themselves.
    if (word.starts_with("-Werror=") || word.starts_with("-Wp,") || word.starts_with("-Wframe-larger-than"))
        return false;
    return std::any_of(prefixes.begin(), prefixes.end(),
                       [&](const std::string& prefix) { return word.starts_with(prefix); });
}

Result<std::string> generate(const image::Image& image) {
    FERRULE_TRY(const TempDir folder, TempDir::make());
    FERRULE_TRY_VOID(write_file(folder.path() / "Makefile", fmt::format("obj-m += {}.o\n", kModule)));
    FERRULE_TRY_VOID(write_file(folder.path() / (std::string(kModule) + ".rs"), "#![no_std]\n"));
    SpawnRequest request;
    request.argv = image::jail_argv(image.toolchain, {{image.kernel.build, "/build"}, {folder.path(), "/work", true}},
                                    "/work", {"make", "-s", "-C", "/build", "M=/work", "rust-analyzer"});
    RunOptions options;
    options.timeout = kPatience;
    options.merge_stderr = true;
    FERRULE_TRY(const RunResult made, run(std::move(request), options));
    if (made.interrupted) return fail("cancelled", "stopped");
    auto text = read_file(folder.path() / "rust-project.json", 16u << 20);
    if (made.exit_code != 0 || !text)
        return fail(
            "build-broken",
            fmt::format("the kernel's own `make rust-analyzer` failed: {}", made.out.substr(0, made.out.find('\n'))),
            "Nothing but completion in editors depends on it.");
    return std::move(*text);
}

// Once for each kernel. Two that do it at once write the same.
Result<std::string> generated_for(const image::Image& image, Progress& progress) {
    const fs::path kept = cache_dir() / "editor" / (image.kernel.key + ".json");
    std::error_code code;
    if (fs::exists(kept, code)) return read_file(kept, 16u << 20);
    progress.begin("what rust-analyzer has to know", 8);
    auto text = generate(image);
    progress.end(text.has_value());
    if (!text) return text;
    FERRULE_TRY_VOID(make_directories(kept.parent_path()));
    FERRULE_TRY_VOID(write_file(kept, *text));
    return text;
}

Result<void> write_when_other(const fs::path& file, const std::string& text) {
    if (const auto now = read_file(file, 16u << 20); now && *now == text) return {};
    return write_file(file, text);
}

}  // namespace

std::string compile_commands(const build::Recipe& recipe, const image::Image& image,
                             const std::vector<SourcePath>& files) {
    std::vector<std::string> words{"clang"};
    for (size_t i = 1; i < recipe.c.argv.size(); ++i) {
        const std::string& word = recipe.c.argv[i];
        if (word == "-include" && i + 1 < recipe.c.argv.size()) {
            words.push_back(word);
            words.push_back(on_host(recipe.c.argv[++i], image));
        } else if (word.starts_with("-I")) {
            words.push_back("-I" + on_host(word.substr(2), image));
        } else if (is_about_meaning(word)) {
            words.push_back(word);
        }
    }
    words.emplace_back("-Wno-unknown-warning-option");
    Json all = Json::array();
    for (const SourcePath& file : files) {
        std::vector<std::string> arguments = words;
        arguments.push_back(fmt::format("-DKBUILD_BASENAME=\"{}\"", file.path.stem().string()));
        arguments.push_back(fmt::format("-DKBUILD_MODNAME=\"{}\"", file.module));
        arguments.push_back("-D__KBUILD_MODNAME=" + file.module);
        arguments.insert(arguments.end(), {"-c", file.path.string()});
        all.push_back({{"directory", file.path.parent_path().string()},
                       {"file", file.path.string()},
                       {"arguments", std::move(arguments)}});
    }
    return all.dump(1) + "\n";
}

Result<std::string> rust_project(const std::string& generated, const image::Image& image,
                                 const std::vector<SourcePath>& roots) {
    Json project = Json::parse(generated, nullptr, false);
    const auto broken = [] { return fail("build-broken", "the kernel's rust-project.json has not the known shape"); };
    if (!project.is_object() || !project.contains("crates") || !project["crates"].is_array()) return broken();
    move_to_host(project, image);
    Json crates = Json::array(), ours;
    for (Json& crate : project["crates"]) {
        if (!crate.is_object() || !crate.contains("display_name")) return broken();
        if (crate["display_name"] == kModule) {
            ours = std::move(crate);
            break;  // the last: no other needs it
        }
        crate["is_workspace_member"] = false;  // to be looked things up in, not to be worked at
        crates.push_back(std::move(crate));
    }
    if (ours.is_null()) return broken();
    for (const SourcePath& root : roots) {
        ours["display_name"] = root.module;
        ours["root_module"] = root.path.string();
        crates.push_back(ours);
    }
    project["crates"] = std::move(crates);
    return project.dump(1) + "\n";
}

Result<void> write_editor_support(const Workspace& workspace, const Catalogue& catalogue, Progress& progress) {
    std::vector<SourcePath> c, rust;
    for (const grader::Exercise* exercise : catalogue.exercises())
        for (const grader::Language language : workspace.started_languages(*exercise)) {
            const fs::path folder = workspace.folder(*exercise, language);
            if (language == grader::Language::rust) {
                rust.push_back({folder / (exercise->module + ".rs"), exercise->module});
                continue;
            }
            std::error_code code;
            std::vector<fs::path> found;
            for (const auto& entry : fs::directory_iterator(folder, code))
                if (entry.path().extension() == ".c") found.push_back(entry.path());
            std::sort(found.begin(), found.end());
            for (fs::path& path : found) c.push_back({std::move(path), exercise->module});
        }
    if (c.empty() && rust.empty()) return {};
    const auto image = image::find(catalogue.kernels().front());
    if (!image) return {};
    if (!c.empty()) {
        FERRULE_TRY(const build::Recipe recipe, build::read_recipe(image->kernel.recipe));
        FERRULE_TRY_VOID(
            write_when_other(workspace.root() / "compile_commands.json", compile_commands(recipe, *image, c)));
    }
    if (rust.empty()) return {};
    FERRULE_TRY(const std::string generated, generated_for(*image, progress));
    FERRULE_TRY(const std::string project, rust_project(generated, *image, rust));
    return write_when_other(workspace.root() / "rust-project.json", project);
}

}  // namespace ferrule::reader
