#include "grader/run/programs.hpp"

#include <functional>

namespace ferrule::grader {

Result<std::map<std::string, std::string>> build_programs(const image::Image& image, const fs::path& folder,
                                                          const std::vector<Scenario>& scenarios) {
    std::map<std::string, std::string> programs;
    const std::function<Result<void>(const std::vector<Step>&)> collect =
        [&](const std::vector<Step>& steps) -> Result<void> {
        for (const Step& step : steps) {
            if (step.kind == StepKind::program && !programs.contains(step.file_name)) {
                // A scenario file for `vet` may lie anywhere; an exercise's own folder is where its file is.
                const fs::path beside = folder.empty() ? step.at.file.parent_path() : folder;
                FERRULE_TRY(std::string source, read_file(beside / step.file_name, 256u << 10));
                FERRULE_TRY(
                    const fs::path program,
                    build::build_program(image, {fs::path(step.file_name).filename().string(), std::move(source)}));
                FERRULE_TRY(programs[step.file_name], read_file(program, 16u << 20));
            }
            for (const auto& lane : step.lanes) FERRULE_TRY_VOID(collect(lane));
        }
        return {};
    };
    for (const Scenario& scenario : scenarios) FERRULE_TRY_VOID(collect(scenario.steps));
    return programs;
}

}  // namespace ferrule::grader
