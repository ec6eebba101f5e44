// exercise.toml, and everything that is made of its texts before a guest hears of them.
#include "grader/exercise/exercise.hpp"
#include "sandbox/base/check.hpp"

using namespace ferrule::grader;

namespace {

void make(const std::vector<Step>& steps, const Values& values) {
    for (const Step& step : steps) {
        static_cast<void>(expand(step.target, values));
        for (const auto* text : {&step.size, &step.offset, &step.count, &step.argument, &step.returns})
            static_cast<void>(evaluate(*text, values));
        static_cast<void>(ioctl_number(step.cmd));
        for (const auto& argument : step.arguments) static_cast<void>(expand(argument, values));
        static_cast<void>(make_data(step.in, values));
        if (step.out)
            if (const auto made = make_data(*step.out, values)) FERRULE_CHECK(made->bytes.size() == made->mask.size());
        for (const auto& lane : step.lanes) make(lane, values);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const auto exercise = parse_exercise({reinterpret_cast<const char*>(data), size}, "part/lesson/x/exercise.toml");
    if (!exercise) {
        FERRULE_CHECK(!exercise.error().message.empty() && exercise.error().message.find('\n') == std::string::npos);
        return 0;
    }
    for (const Scenario& scenario : exercise->scenarios)
        if (const auto values = make_values(scenario.values, size)) make(scenario.steps, *values);
    return 0;
}
