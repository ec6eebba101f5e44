#include "lessons/reader/module_shell.hpp"

#include <fmt/format.h>

#include "lessons/reader/text_width.hpp"

namespace ferrule::reader {
namespace {

constexpr auto kDeadline = std::chrono::seconds(20);
constexpr const char* kGuestFolder = "/run";

tl::unexpected<Error> guest_trouble(const char* what) {
    return fail("guest", what, "Try again; `ferrule doctor` looks at this machine.");
}

}  // namespace

Result<ModuleShell> open_module_shell(std::shared_ptr<const vm::Template> base, const std::string& module,
                                      std::string_view ko, TerminalSize size) {
    FERRULE_TRY(auto clone, vm::Clone::start(std::move(base)));
    const std::string at = fmt::format("{}/{}.ko", kGuestFolder, module);
    if (!ko.empty() && !clone->put(at, ko, kDeadline)) return guest_trouble("the guest does not answer");
    const auto fd =
        clone->open_shell(static_cast<unsigned>(size.rows), static_cast<unsigned>(size.columns), kGuestFolder);
    if (!fd) return guest_trouble("the guest starts no shell");
    return ModuleShell{std::move(clone), *fd, at};
}

std::string diagnostic_line(const build::Diagnostic& diagnostic) {
    std::string at = diagnostic.file;
    if (!at.empty() && diagnostic.line > 0) at += fmt::format(":{}", diagnostic.line);
    return printable(fmt::format("{}{}{}: {}", at, at.empty() ? "" : ": ", diagnostic.severity, diagnostic.message));
}

}  // namespace ferrule::reader
