// A guest that ended before its time: powered off, halted, restarted, panicked; a process killed in a call.
#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"

namespace ferrule::grader {
namespace {

// kernel/reboot.c, kernel/panic.c: what ends a machine, and what the kernel says then ("" : nothing that can be relied
// on). Without ACPI a guest that was powered off or halted stands still, and QEMU never hears of it.
struct Ending {
    const char* call;
    const char* word;
    const char* what;
};
constexpr Ending kEndings[] = {
    {"kernel_power_off", "reboot: Power down", "the machine was powered off"},
    {"orderly_poweroff", "reboot: Power down", "the machine was powered off"},
    {"kernel_halt", "reboot: System halted", "the machine was halted"},
    {"kernel_restart", "reboot: Restarting system", "the machine was restarted"},
    {"orderly_reboot", "reboot: Restarting system", "the machine was restarted"},
    {"emergency_restart", "", "the machine was reset"},
    {"machine_restart", "", "the machine was reset"},
};

// A line of the console may be anybody's: it only counts together with a call of the module's that makes the kernel
// say it.
const Ending* spoken_ending(const Evidence& evidence) {
    for (const Ending& ending : kEndings)
        if (*ending.word != 0 && evidence.run.console.find(ending.word) != std::string::npos &&
            !mentions(evidence.all, ending.call).empty())
            return &ending;
    return nullptr;
}

std::optional<SourcePlace> line_of(const Evidence& evidence, const char* call) {
    const auto found = mentions(evidence.all, call);
    if (found.empty()) return std::nullopt;
    SourcePlace place;
    place.file = found.front().file;
    place.line = found.front().line;
    place.learners = true;
    return place;
}

}  // namespace

bool went_down(const Evidence& evidence) {
    return (evidence.run.end != "running" && !evidence.run.end.empty()) || spoken_ending(evidence) != nullptr;
}

std::vector<Finding> detect_early_end(const Evidence& evidence) {
    const auto told = [&](const char* finding_class, const std::string& title, const std::optional<SourcePlace>& place,
                          int order) {
        auto finding = finding_of(evidence, finding_class, "deadline", title, place);
        finding.order = order;
        finding.fatal = true;
        return std::vector<Finding>{std::move(finding)};
    };
    // hw_error() of QEMU: which address and length the device was given, but not where in the driver.
    if (const std::string& error = evidence.run.hardware_error; evidence.run.end == "device-failed") {
        const bool transfer = error.starts_with("EDU: DMA range ");
        const char* what = transfer
                               ? "the device was told to transfer outside of its own buffer, and the machine ended: "
                               : "a device could not do what it was told, and the machine ended: ";
        auto found = told(transfer ? "dma" : "oops", sanitise(what + error, 300), std::nullopt, 910'000);
        found.front().raw = sanitise(error, 400);
        return found;
    }
    if (went_down(evidence)) {
        const std::string& end = evidence.run.end;
        std::string what = end == "powered-off" ? "the machine was powered off"
                           : end == "reset"     ? "the machine was reset"
                           : end == "panicked"  ? "the kernel panicked"
                                                : "the machine ended";
        std::optional<SourcePlace> place;
        if (const Ending* ending = spoken_ending(evidence)) {
            what = ending->what;
            place = line_of(evidence, ending->call);
        } else if (end == "reset" || end == "powered-off") {
            for (const Ending& ending : kEndings)
                if (!place) place = line_of(evidence, ending.call);
        }
        return told("oops", what + " in the middle of the scenario", place, 910'000);
    }
    for (const auto& step : evidence.run.steps)
        if (step.lost == "worker-died")
            return told("oops", call_words(evidence, step) + " killed the process that made the call", std::nullopt,
                        905'000);
    return {};
}

}  // namespace ferrule::grader
