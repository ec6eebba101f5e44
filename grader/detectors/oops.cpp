// What stops a task or the machine: NULL and wild pointers, BUG, panics of both languages; and WARN.
#include "grader/detectors/detector.hpp"
#include "grader/detectors/gone_module.hpp"

namespace ferrule::grader {
namespace {

struct Said {
    std::string finding_class, title;
};

// "BUG: unable to handle page fault for address: 0000000000400008" -> the address
std::optional<uint64_t> fault_address(const std::string& title) {
    size_t at = title.find("address: ");
    // All of its digits: the beginning of one that was broken off is another address.
    constexpr size_t kDigits = 16;
    if (at == std::string::npos || title.find_first_not_of("0123456789abcdef", at + 9) < at + 9 + kDigits ||
        title.size() < at + 9 + kDigits)
        return std::nullopt;
    return std::strtoull(title.c_str() + at + 9, nullptr, 16);
}

Said oops(const Splat& splat) {
    const std::string all = splat.title + " " + splat.access;
    if (all.find("null-ptr-deref") != std::string::npos || all.find("NULL pointer dereference") != std::string::npos) {
        if (all.find("instruction fetch") != std::string::npos) return {"oops", "a NULL function pointer was called"};
        return {"oops", "NULL pointer dereferenced"};
    }
    if (all.find("user-memory-access") != std::string::npos)
        return {"user-access", "a user-space pointer dereferenced directly"};
    if (auto address = fault_address(splat.title)) {
        if (*address >= 0xfffffffffffff000u) return {"oops", "an error pointer (ERR_PTR) dereferenced"};
        if (*address < 0x0000800000000000u) return {"user-access", "a user-space pointer dereferenced directly"};
        if (in_module_area(*address) && no_module_on_stack(splat)) return {"use-after-free", kGoneModule};
        return {"oops", "access to an address that is not mapped"};
    }
    if (all.find("stack guard page") != std::string::npos || all.find("double fault") != std::string::npos)
        return {"oops", "kernel stack overflow"};
    // Freed code is filled with breakpoints (execmem, arch/x86/mm/init.c).
    if (all.find("int3: ") != std::string::npos && no_module_on_stack(splat)) return {"use-after-free", kGoneModule};
    if (all.find("divide error") != std::string::npos) return {"oops", "division by zero"};
    if (all.find("dead000000000") != std::string::npos)
        return {"oops", "a list entry used after list_del (poisoned pointer)"};
    if (all.find("wild-memory-access") != std::string::npos ||
        all.find("general protection fault") != std::string::npos)
        return {"oops", "wild pointer dereferenced"};
    return {"oops", splat.title};
}

}  // namespace

std::vector<Finding> detect_oops(const Evidence& evidence) {
    std::vector<Finding> findings;
    for (const auto& splat : evidence.splats) {
        Said said;
        bool fatal = true;
        if (splat.kind == "oops") {
            said = oops(splat);
        } else if (splat.kind == "bug") {
            said = {"oops", splat.title.starts_with("kernel BUG") ? "BUG() was reached" : splat.title};
        } else if (splat.kind == "panic") {
            constexpr std::string_view kSays = "Kernel panic - not syncing: ";
            said = {"oops", "kernel panic: " +
                                (splat.title.starts_with(kSays) ? splat.title.substr(kSays.size()) : splat.title)};
        } else if (splat.kind == "rust-panic") {
            // core/src/panicking.rs: what CONFIG_RUST_OVERFLOW_CHECKS finds; a division by zero says nothing of
            // overflow.
            const bool arithmetic = splat.detail.starts_with("attempt to ") && splat.detail.ends_with(" with overflow");
            said = {arithmetic ? "integer" : "oops", "Rust panic: " + splat.detail};
        } else if (splat.kind == "warn") {
            said = {"oops", splat.title.starts_with("WARNING: ") ? "WARN_ON() was hit" : "WARN: " + splat.title};
            fatal = false;
        } else {
            continue;
        }
        auto finding = finding_of(evidence, said.finding_class, splat.kind == "rust-panic" ? "rust-panic" : "oops",
                                  said.title, blame(evidence, splat));
        keep_report(finding, splat);
        finding.fatal = fatal;
        findings.push_back(std::move(finding));
    }
    return findings;
}

}  // namespace ferrule::grader
