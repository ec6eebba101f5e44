// A submission on one kernel: the module built for it, and its scenarios run in clones of that kernel's template.
#pragma once

#include <future>

#include "grader/run/pool.hpp"
#include "grader/run/runner.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::grader {

class KernelRun {
public:
    // Everything outlives it.
    KernelRun(const Exercise& exercise, const Submission& submission, uint64_t seed, Progress& progress,
              const RunHooks& hooks, std::function<bool()> cancelled);

    Result<void> find(const std::string& variant);        // first of all; "image-missing"
    Result<build::BuildOutcome> build() const;            // may run beside prepare()
    void prepare();                                       // begins to find the template and to start clones
    void give_up();                                       // waits for that, when there is nothing to run
    Result<Made> runs(const build::BuildOutcome& built);  // after prepare(), once
    Result<ModuleDebug> debug() { return debug_.get(); }  // after runs()

    const image::Image& image() const { return image_; }
    const std::string& variant() const { return common_.variant; }
    double waited_seconds() const { return waited_seconds_; }  // for its turn (RunHooks::before_run)
    const std::string& accelerator() const { return accelerator_; }

private:
    struct Prepared {
        std::shared_ptr<const vm::Template> base;
        std::vector<std::unique_ptr<Guest>> guests;
    };
    static Result<Prepared> prepare_guests(const image::Image& image, size_t wanted, Progress& progress);

    const Exercise& exercise_;
    const Submission& submission_;
    const uint64_t seed_;
    Progress& progress_;
    const RunHooks& hooks_;
    const std::function<bool()> cancelled_;
    image::Image image_;
    RunCommon common_;
    unsigned chains_ = 1;
    std::string accelerator_;
    double waited_seconds_ = 0;
    std::future<Result<Prepared>> guests_;
    std::shared_future<Result<ModuleDebug>> debug_;
};

}  // namespace ferrule::grader
