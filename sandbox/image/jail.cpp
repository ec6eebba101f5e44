#include "sandbox/image/jail.hpp"

#include "sandbox/image/image.hpp"

namespace ferrule::image {

const std::vector<std::pair<std::string, std::string>>& jail_environment() {
    static const std::vector<std::pair<std::string, std::string>> environment{
        {"PATH", "/usr/bin:/usr/sbin"},
        {"HOME", "/tmp"},
        {"LC_ALL", "C"},
        {"LLVM", "-19"},
        {"ARCH", "x86"},
        {"LIBCLANG_PATH", "/usr/lib/llvm-19/lib"},
        {"KBUILD_BUILD_TIMESTAMP", "2026-01-01"},
        {"KBUILD_BUILD_USER", "ferrule"},
        {"KBUILD_BUILD_HOST", "ferrule"},
    };
    return environment;
}

// The jail's / is bubblewrap's empty tmpfs, made read-only once everything hangs in it: a bind may have any
// name outside /usr and /etc, and needs no mount point in the sealed root.
std::vector<std::string> jail_argv(const Toolchain& toolchain, const std::vector<Bind>& binds,
                                   const std::string& directory, const std::vector<std::string>& command) {
    std::vector<std::string> argv{"bwrap",
                                  "--unshare-all",
                                  "--unshare-user",
                                  "--uid",
                                  "0",
                                  "--gid",
                                  "0",
                                  "--hostname",
                                  "ferrule",
                                  "--cap-drop",
                                  "ALL",
                                  "--new-session",
                                  "--die-with-parent",
                                  "--ro-bind",
                                  toolchain.root / "usr",
                                  "/usr",
                                  "--ro-bind",
                                  toolchain.root / "etc",
                                  "/etc"};
    const auto add = [&argv](std::initializer_list<std::string> words) { argv.insert(argv.end(), words); };
    for (const char* folder : {"bin", "lib", "lib64", "sbin"})
        add({"--symlink", std::string("usr/") + folder, std::string("/") + folder});
    add({"--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"});
    for (const Bind& bind : binds) add({bind.writable ? "--bind" : "--ro-bind", bind.host.string(), bind.inside});
    add({"--remount-ro", "/", "--clearenv"});
    for (const auto& [name, value] : jail_environment()) add({"--setenv", name, value});
    add({"--chdir", directory, "--"});
    argv.insert(argv.end(), command.begin(), command.end());
    return argv;
}

}  // namespace ferrule::image
