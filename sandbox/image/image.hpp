// What is booted and what builds modules: the toolchain root, the kernels, the initramfs. Each is
// content-addressed: its folder in the cache is named by the SHA-256 of everything that went in,
// appears by one rename when complete, and is never changed afterwards.
//
//   <cache>/toolchain/<key>/           the sealed root (Debian), kernel source in usr/src/linux
//   <cache>/kernel/<variant>-<key>/    vmlinux, System.map, config, build/ (what `M=` needs), recipe/ (recorded module
//   build) <cache>/initramfs/<key>/initramfs.cpio <cache>/downloads/                 Debian packages, kept
//   <cache>/locks/  <cache>/logs/
#pragma once

#include <string>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/progress.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::image {

struct Toolchain {
    fs::path root;  // read-only for everybody from now on
    std::string key;
};

struct Kernel {
    std::string variant;  // "mem"
    std::string release;  // "7.3.4"
    fs::path folder;
    fs::path vmlinux, system_map, build, recipe;
    std::string command_line;  // the guest's, without per-machine additions
    std::string key;
};

struct Image {
    Toolchain toolchain;
    Kernel kernel;
    fs::path initramfs;
    std::string key;  // decides a verdict: toolchain, kernel, initramfs
};

struct Part {
    std::string name;  // "toolchain", "kernel mem", "initramfs"
    std::string key;
    bool present = false;
    uint64_t bytes = 0;
    fs::path folder;
    std::vector<std::string> notes;  // what its build wants a person to know ("took linux-source-7.4")
};

std::vector<std::string> known_variants();  // from kernel-image/variants

// Builds what is missing (exclusive lock per part; a second process waits and then finds it).
// Errors: "mirror-unreachable", "disk-full", "config-not-honoured" (names the options),
// "image-build-failed" (names the log file), "unsupported-host".
Result<Image> ensure(const std::string& variant, Progress& progress);
// Only looks: code "image-missing" with the command that builds it.
Result<Image> find(const std::string& variant);
Result<std::vector<Part>> status();
// Removes every part that is not the current one (all = also the current ones and the kept packages), but
// nothing that is being built right now. Returns bytes freed.
Result<uint64_t> clean(bool all);

// The argv of a command inside the toolchain root: bubblewrap, no network, nothing of the host. A fixed
// environment (LLVM=-19, ARCH=x86, …), /tmp private, everything else read-only but what `binds` says.
// `inside` may be any name outside /usr and /etc.
struct Bind {
    fs::path host;
    std::string inside;
    bool writable = false;
};
std::vector<std::string> jail_argv(const Toolchain& toolchain, const std::vector<Bind>& binds,
                                   const std::string& directory, const std::vector<std::string>& command);

}  // namespace ferrule::image
