// Is KVM good for anything here? /dev/kvm can exist, open and answer, and a guest under it stall for ever. So
// the only proof is a real boot of this very kernel, and a restored clone of it, under a deadline; the answer is
// remembered for as long as the host runs. A kernel that changes is tried again, for hosts have been seen that run one
// and not another.
#include <fcntl.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/template_store.hpp"

namespace ferrule::vm {
namespace {

constexpr BootLimits kTrial = {std::chrono::seconds(15), std::chrono::seconds(4)};  // under KVM a boot takes 2 s

bool kvm_opens() { return static_cast<bool>(UniqueFd(open("/dev/kvm", O_RDWR | O_CLOEXEC))); }

// The first line says which boot of the host, each further one "key verdict".
std::string verdicts_of_this_boot(const fs::path& file, const std::string& boot) {
    const auto text = read_file(file, 64u << 10);
    return text && text->starts_with(boot) ? *text : boot;
}

std::optional<Accelerator> remembered(const std::string& verdicts, const std::string& key) {
    const size_t at = verdicts.find("\n" + key + " ");
    if (at == std::string::npos) return std::nullopt;
    const std::string_view verdict = std::string_view(verdicts).substr(at + 1 + key.size() + 1, 3);
    if (verdict == "kvm") return Accelerator::kvm;
    if (verdict == "tcg") return Accelerator::tcg;
    return std::nullopt;
}

}  // namespace

Accelerator best_accelerator(const image::Image& image, Progress& progress) {
    if (const char* wanted = std::getenv("FERRULE_ACCEL")) {
        if (std::strcmp(wanted, "tcg") == 0) return Accelerator::tcg;
        if (std::strcmp(wanted, "kvm") == 0) return Accelerator::kvm;
    }
    if (!kvm_opens()) return Accelerator::tcg;
    const auto qemu = find_qemu();
    const auto boot_id = read_file("/proc/sys/kernel/random/boot_id", 4096);
    if (!qemu || !boot_id) return Accelerator::tcg;
    const std::string key = template_key(image, *qemu, Accelerator::kvm);
    const fs::path file = cache_dir() / "accelerator";
    if (const auto known = remembered(verdicts_of_this_boot(file, *boot_id), key)) return *known;
    // One process tries, the others wait for what it finds.
    if (!make_directories(cache_dir() / "locks")) return Accelerator::tcg;
    const auto lock = FileLock::acquire(cache_dir() / "locks" / "accelerator", FileLock::Mode::exclusive);
    if (!lock) return Accelerator::tcg;
    const std::string verdicts = verdicts_of_this_boot(file, *boot_id);
    if (const auto known = remembered(verdicts, key)) return *known;
    progress.begin("trying KVM", 4);
    NoProgress quiet;
    const auto base = ensure_template(image, Accelerator::kvm, kTrial, quiet);
    const Accelerator best =
        base && Clone::works(**base, std::chrono::seconds(5)) ? Accelerator::kvm : Accelerator::tcg;
    progress.end(true);
    if (!interrupted())
        (void)write_file(file, verdicts + key + " " + name(best) + "\n");  // else it is tried again next time
    return best;
}

}  // namespace ferrule::vm
