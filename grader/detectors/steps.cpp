// Which declared step an observation belongs to, and what to call it in a finding.
#include "grader/detectors/detector.hpp"

namespace ferrule::grader {
namespace {

const char* const kCall[] = {"load", "unload",  "open",     "close",   "read",     "write", "ioctl", "lseek", "poll",
                             "mmap", "read of", "write to", "program", "parallel", "race",  "delay", "poke"};

}  // namespace

const Step* step_of(const Scenario& scenario, const StepObservation& seen) {
    if (seen.step < 0 || static_cast<size_t>(seen.step) >= scenario.steps.size()) return nullptr;
    const Step* step = &scenario.steps[seen.step];
    if (seen.lane < 0) return step;
    if (static_cast<size_t>(seen.lane) >= step->lanes.size() || seen.lane_step < 0 ||
        static_cast<size_t>(seen.lane_step) >= step->lanes[seen.lane].size())
        return nullptr;
    return &step->lanes[seen.lane][seen.lane_step];
}

std::string call_words(const Step& step) {
    std::string words = kCall[static_cast<size_t>(step.kind)];
    if (step.kind == StepKind::ioctl && !step.cmd.empty())
        words += " " + step.cmd;
    else if ((step.kind == StepKind::open || step.kind == StepKind::read_file || step.kind == StepKind::write_file ||
              step.kind == StepKind::program) &&
             !step.target.empty())
        words += " " + step.target;
    return words;
}

std::string call_words(const Evidence& evidence, const StepObservation& seen) {
    const Scenario* scenario = evidence.scenario();
    const Step* step = scenario ? step_of(*scenario, seen) : nullptr;
    return step ? call_words(*step) : "a call";
}

}  // namespace ferrule::grader
