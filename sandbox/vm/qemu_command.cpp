#include "sandbox/vm/qemu_command.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <cstdlib>

namespace ferrule::vm {
namespace {

constexpr const char* kInstallHint = "install qemu-system-x86, or run ./ferrule, which does";

// Without ACPI and with nothing that the lessons do not need. la57 would add a level to every page walk, and
// TCG does `rep movsb` byte by byte, so the kernel must not believe it to be fast (erms, fsrm): together they
// more than halve a boot (7.9 s against 2.9 s). SMAP and SMEP stay on.
std::vector<std::string> machine_arguments(Accelerator accelerator) {
    const bool kvm = accelerator == Accelerator::kvm;
    return {
        "-M", "q35,memory-backend=ram,sata=off,smbus=off,usb=off,vmport=off,hpet=off", "-accel",
        kvm ? "kvm" : "tcg,thread=multi,tb-size=96", "-cpu", kvm ? "max,la57=off" : "max,la57=off,erms=off,fsrm=off",
        "-smp", "2", "-m", fmt::format("{}M", kGuestMemoryMb), "-nodefaults", "-no-user-config", "-display", "none",
        "-no-reboot", "-action", "panic=none",
        // A clone runs on by itself when it has its state, though the template was stopped when it was saved.
        "-global", "migration.store-global-state=off", "-sandbox",
        "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", "-bios", "qboot.rom", "-chardev",
        fmt::format("socket,id=qmp,fd={}", passed::kQmp), "-mon", "chardev=qmp,mode=control", "-chardev",
        "file,id=console,path=/dev/fdset/1,append=on", "-add-fd", fmt::format("set=1,fd={}", passed::kConsole),
        "-serial", "chardev:console", "-device", "virtio-serial-pci,id=ports,max_ports=4", "-chardev",
        fmt::format("socket,id=shell,fd={}", passed::kShell), "-device", "virtconsole,bus=ports.0,nr=0,chardev=shell",
        "-chardev", fmt::format("socket,id=agent,fd={}", passed::kAgent), "-device",
        fmt::format("virtserialport,bus=ports.0,nr=1,chardev=agent,name={}", FERRULE_PORT_NAME), "-device",
        "pvpanic-pci",
        // QEMU's teaching device: registers, interrupts and DMA to write a driver for (docs/specs/edu of QEMU).
        "-device", "edu,addr=10"};
}

void bind_read_only(std::vector<std::string>& argv, const fs::path& path) {
    argv.insert(argv.end(), {"--ro-bind-try", path.string(), path.string()});
}

}  // namespace

const char* name(Accelerator accelerator) { return accelerator == Accelerator::kvm ? "kvm" : "tcg"; }

Result<Qemu> find_qemu() {
    const char* path = std::getenv("PATH");
    std::string_view rest = path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin";
    while (!rest.empty()) {
        const size_t colon = std::min(rest.find(':'), rest.size());
        const fs::path candidate = fs::path(rest.substr(0, colon)) / "qemu-system-x86_64";
        rest.remove_prefix(std::min(colon + 1, rest.size()));
        std::error_code error;
        const fs::path real = fs::canonical(candidate, error);
        struct stat info;
        if (error || ::stat(real.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || ::access(real.c_str(), X_OK) != 0)
            continue;
        return Qemu{real,
                    fmt::format("{} {} {}.{}", real.string(), info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec)};
    }
    return fail("qemu", "qemu-system-x86_64 is not installed (not in PATH)", kInstallHint);
}

Result<std::string> qemu_version(const Qemu& qemu) {
    RunOptions options;
    options.timeout = std::chrono::seconds(20);
    FERRULE_TRY(const RunResult result, run({.argv = {qemu.binary.string(), "--version"}}, options));
    constexpr std::string_view kBefore = "version ";
    const size_t at = result.out.find(kBefore);
    if (result.exit_code != 0 || at == std::string::npos)
        return fail("qemu", qemu.binary.string() + " --version does not work", kInstallHint);
    const size_t start = at + kBefore.size();
    return result.out.substr(start, result.out.find_first_not_of("0123456789.", start) - start);
}

std::string guest_command_line(const image::Image& image, Accelerator accelerator, uint64_t tsc_khz) {
    // panic=-1: restart at once, which ends QEMU. Expedited grace periods: an unload waits for several, 50 ms
    // each under emulation. No timer check: it counts ticks while it spins, and panics ("IO-APIC + timer doesn't
    // work!") on a host too busy to deliver them in time.
    std::string line = image.kernel.command_line +
                       " console=ttyS0,115200 acpi=off nokaslr panic=-1 rcupdate.rcu_expedited=1 no_timer_check";
    if (accelerator == Accelerator::tcg) line += fmt::format(" tsc=reliable tsc_early_khz={}", tsc_khz);
    return line;
}

std::string machine_line(Accelerator accelerator) {
    // The frequency differs by a hair from one measurement to the next: the template records its own.
    return fmt::format("{}\n{}", fmt::join(machine_arguments(accelerator), " "),
                       guest_command_line({}, accelerator, 0));
}

std::vector<std::string> jailed_qemu_argv(const Qemu& qemu, const MachinePlan& plan, uint64_t tsc_khz) {
    std::vector<std::string> argv = {"bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop",
                                     "ALL",   "--clearenv",    "--setenv",          "PATH",          "/usr/bin",
                                     "--dev", "/dev",          "--tmpfs",           "/tmp",          "--chdir",
                                     "/tmp"};
    // QEMU's libraries, its firmware, its program; on Debian and its kin the rest of the root is links into /usr.
    for (const char* path : {"/usr/lib", "/usr/lib64", "/usr/share/qemu", "/usr/share/seabios", "/etc/ld.so.cache"})
        bind_read_only(argv, path);
    for (const char* link : {"lib", "lib64"}) {
        std::error_code error;
        const fs::path at = fs::path("/") / link;
        if (fs::is_symlink(at, error))
            argv.insert(argv.end(), {"--symlink", fs::read_symlink(at, error).string(), at.string()});
        else
            bind_read_only(argv, at);
    }
    bind_read_only(argv, qemu.binary);
    if (!qemu.binary.string().starts_with("/usr/bin/")) {  // an installation of its own brings its own data
        bind_read_only(argv, qemu.binary.parent_path().parent_path() / "share");
        bind_read_only(argv, qemu.binary.parent_path().parent_path() / "lib");
    }
    if (plan.accelerator == Accelerator::kvm) argv.insert(argv.end(), {"--dev-bind", "/dev/kvm", "/dev/kvm"});
    // Under names of ours, so that no host path reaches QEMU. Before readonly=on,rom=off a private mapping, too, needs
    // a file that can be opened for writing; a template whose times changed is thrown away (template.cpp).
    const bool writable = !plan.clone || !plan.readonly_ram;
    argv.insert(argv.end(), {writable ? "--bind" : "--ro-bind", plan.ram.string(), "/machine/ram"});
    if (!plan.clone) {
        argv.insert(argv.end(), {"--ro-bind", plan.image.kernel.vmlinux.string(), "/machine/vmlinux"});
        argv.insert(argv.end(), {"--ro-bind", plan.image.initramfs.string(), "/machine/initramfs"});
    }

    argv.insert(argv.end(), {"--", qemu.binary.string(), "-name", "ferrule"});
    const auto machine = machine_arguments(plan.accelerator);
    argv.insert(argv.end(), machine.begin(), machine.end());
    std::string memory = fmt::format("memory-backend-file,id=ram,size={}M,mem-path=/machine/ram,share={}",
                                     kGuestMemoryMb, plan.clone ? "off" : "on");
    if (plan.clone && plan.readonly_ram) memory += ",readonly=on,rom=off";
    argv.insert(argv.end(), {"-object", memory});
    if (plan.clone)  // the kernel is in its memory
        argv.insert(argv.end(), {"-incoming", "defer"});
    else
        argv.insert(argv.end(), {"-kernel", "/machine/vmlinux", "-initrd", "/machine/initramfs", "-append",
                                 guest_command_line(plan.image, plan.accelerator, tsc_khz)});
    return argv;
}

}  // namespace ferrule::vm
