// The toolchain root and the kernels: build, look, clean.
#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/progress_view.hpp"
#include "sandbox/image/image.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::cli {

namespace {

std::string size_text(uint64_t bytes) {
    if (bytes >= 1u << 30) return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1u << 30));
    return fmt::format("{:.0f} MiB", static_cast<double>(bytes) / (1u << 20));
}

Result<int> build(const std::string& variant) {
    ProgressView view;
    for (const std::string& one : variant.empty() ? image::known_variants() : std::vector<std::string>{variant}) {
        FERRULE_TRY(const auto image, image::ensure(one, view));
        view.clear();
        std::cout << fmt::format("Image {} is ready: kernel {}, {}\n", one, image.kernel.release,
                                 image.kernel.folder.string());
    }
    FERRULE_TRY(const auto parts, image::status());
    for (const image::Part& part : parts)
        for (const std::string& note : part.notes) std::cout << fmt::format("{}: {}\n", part.name, note);
    return 0;
}

Result<int> status(bool json) {
    FERRULE_TRY(const auto parts, image::status());
    uint64_t total = 0;
    bool complete = true;
    auto list = nlohmann::ordered_json::array();
    for (const image::Part& part : parts) {
        total += part.bytes;
        complete = complete && part.present;
        list.push_back({{"name", part.name},
                        {"key", part.key},
                        {"present", part.present},
                        {"bytes", part.bytes},
                        {"folder", part.folder.string()},
                        {"notes", part.notes}});
        if (!json)
            std::cout << fmt::format("[{}] {:<14} {:<12.12} {:>9}  {}\n", part.present ? "ok" : "--", part.name,
                                     part.key, part.present ? size_text(part.bytes) : "not built",
                                     part.folder.string());
        for (const std::string& note : part.notes)
            if (!json) std::cout << fmt::format("     {}\n", note);
    }
    if (json)
        std::cout << nlohmann::ordered_json{{"format", 1}, {"complete", complete}, {"parts", list}}.dump(2) << "\n";
    else
        std::cout << fmt::format("{} in {}. {}\n", size_text(total), cache_dir().string(),
                                 complete ? "Complete." : "Build what is missing: ferrule image build");
    return 0;
}

Result<int> clean(bool all) {
    FERRULE_TRY(uint64_t freed, image::clean(all));
    std::vector<image::Image> current;
    for (const std::string& variant : image::known_variants())
        if (auto found = image::find(variant)) current.push_back(std::move(*found));
    FERRULE_TRY(const uint64_t templates, vm::remove_templates(current));
    freed += templates;
    std::cout << fmt::format("{} freed\n", size_text(freed));
    return 0;
}

}  // namespace

void add_image(CLI::App& app, Invocation& invocation) {
    struct Options {
        std::string variant;
        bool json = false, all = false;
    };
    auto options = std::make_shared<Options>();
    CLI::App* command = app.add_subcommand("image", "the toolchain root and the kernels that are booted");
    command->require_subcommand(1);
    CLI::App* build_command =
        command->add_subcommand("build", "build what is missing (about 15 minutes the first time)");
    build_command->add_option("VARIANT", options->variant, "one kernel variant; all when left out")
        ->check(CLI::IsMember(image::known_variants()));
    build_command->callback(
        [options, &invocation] { invocation.action = [options] { return build(options->variant); }; });
    CLI::App* status_command = command->add_subcommand("status", "what is built, where, how large");
    status_command->add_flag("--json", options->json, "one JSON object");
    status_command->callback([options, &invocation] {
        invocation.action = [options] { return status(options->json); };
        if (options->json) invocation.error_json = error_object;
    });
    CLI::App* clean_command = command->add_subcommand("clean", "remove what is not in use any more");
    clean_command->add_flag("--all", options->all, "remove everything that `image build` makes");
    clean_command->callback([options, &invocation] { invocation.action = [options] { return clean(options->all); }; });
}

}  // namespace ferrule::cli
