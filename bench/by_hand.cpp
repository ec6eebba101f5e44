#include "bench/by_hand.hpp"

#include <fmt/format.h>

#include "sandbox/base/subprocess.hpp"
#include "sandbox/build/kbuild_reference.hpp"

namespace ferrule::bench {

namespace {

constexpr const char* kDone = "by-hand: done";

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// One entry of the kernel's "newc" archive; the kernel unpacks several archives one after the other.
void add_entry(std::string& archive, const std::string& name, unsigned mode, const std::string& content) {
    const auto pad = [&] { archive.resize((archive.size() + 3) & ~size_t{3}, '\0'); };
    archive += fmt::format("070701{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}{:08x}", 0,
                           mode, 0, 0, 1, 0, content.size(), 0, 0, 0, 0, name.size() + 1, 0);
    archive += name;
    archive += '\0';
    pad();
    archive += content;
    pad();
}

Result<std::string> initramfs_with(const image::Image& image, const std::string& module_name,
                                   const std::string& module) {
    FERRULE_TRY(std::string archive, read_file(image.initramfs));
    archive.resize((archive.size() + 511) & ~size_t{511}, '\0');
    add_entry(archive, "module.ko", 0100644, module);
    add_entry(archive, "by-hand", 0100755,
              fmt::format("#!/bin/busybox sh\n"
                          "b=/bin/busybox\n"
                          "$b mount -t proc proc /proc\n"
                          "$b insmod /module.ko && $b rmmod {} && echo '{}'\n"
                          "$b reboot -f\n",
                          module_name, kDone));
    add_entry(archive, "TRAILER!!!", 0, "");
    return archive;
}

}  // namespace

Result<ByHand> by_hand(const image::Image& image, vm::Accelerator accelerator, const build::SourceSet& sources) {
    ByHand result;
    const auto building = Clock::now();
    FERRULE_TRY(const build::ReferenceBuild built, build::build_by_kbuild(image, sources));
    result.build_seconds = since(building);
    FERRULE_TRY(const std::string module, read_file(built.ko));
    FERRULE_TRY(const std::string archive, initramfs_with(image, sources.module, module));
    FERRULE_TRY(const TempDir folder, TempDir::make());
    FERRULE_TRY_VOID(write_file(folder.path() / "initramfs", archive));

    // The quickest machine that is known for this kernel, the one that Ferrule boots its template on, so that the
    // comparison does not flatter (sandbox/vm/qemu_command.cpp).
    const bool kvm = accelerator == vm::Accelerator::kvm;
    SpawnRequest qemu;
    qemu.argv = {"qemu-system-x86_64",
                 "-M",
                 "q35,sata=off,smbus=off,usb=off,vmport=off,hpet=off",
                 "-accel",
                 kvm ? "kvm" : "tcg,thread=multi",
                 "-cpu",
                 kvm ? "max,la57=off" : "max,la57=off,erms=off,fsrm=off",
                 "-smp",
                 "2",
                 "-m",
                 "256M",
                 "-nodefaults",
                 "-display",
                 "none",
                 "-no-reboot",
                 "-bios",
                 "qboot.rom",
                 "-kernel",
                 image.kernel.vmlinux.string(),
                 "-initrd",
                 (folder.path() / "initramfs").string(),
                 "-append",
                 image.kernel.command_line + " console=ttyS0,115200 acpi=off nokaslr panic=-1 rdinit=/by-hand",
                 "-serial",
                 "stdio"};
    RunOptions options;
    options.timeout = std::chrono::minutes(5);
    options.merge_stderr = true;
    const auto booting = Clock::now();
    FERRULE_TRY(const RunResult run_result, run(std::move(qemu), options));
    result.boot_seconds = since(booting);
    if (run_result.timed_out || run_result.out.find(kDone) == std::string::npos)
        return fail("by-hand",
                    "insmod and rmmod by hand did not work: " +
                        run_result.out.substr(run_result.out.size() - std::min<size_t>(run_result.out.size(), 600)));
    return result;
}

}  // namespace ferrule::bench
