// How long from sources to a verdict, against doing it by hand; on one machine, in one run, so that the ratios
// mean something. Prints Markdown. bench/README.md says how to read it.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <thread>

#include "bench/by_hand.hpp"
#include "bench/measure.hpp"
#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/grading.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::bench {

namespace {

constexpr int kRounds = 5;
constexpr int kRestores = 15;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A cache of its own with the same image and no template in it: what is cold can be measured without harm to others.
class ColdCache {
public:
    static Result<ColdCache> make() {
        const fs::path real = cache_dir();
        FERRULE_TRY(TempDir folder, TempDir::make(real.parent_path()));
        FERRULE_TRY_VOID(make_directories(folder.path() / "ferrule"));
        std::error_code code;
        for (const char* part : {"toolchain", "kernel", "initramfs"})
            fs::create_directory_symlink(real / part, folder.path() / "ferrule" / part, code);
        if (code) return tl::unexpected(system_error("link the image into", folder.path(), code.value()));
        const char* before = std::getenv("XDG_CACHE_HOME");
        ColdCache cold(std::move(folder), before ? std::optional<std::string>(before) : std::nullopt);
        ::setenv("XDG_CACHE_HOME", cold.folder_.path().c_str(), 1);
        cold.active_ = true;
        return cold;
    }
    ColdCache(ColdCache&& other) noexcept
        : folder_(std::move(other.folder_)),
          before_(std::move(other.before_)),
          active_(std::exchange(other.active_, false)) {}
    ~ColdCache() {
        if (!active_) return;
        if (before_)
            ::setenv("XDG_CACHE_HOME", before_->c_str(), 1);
        else
            ::unsetenv("XDG_CACHE_HOME");
    }

private:
    ColdCache(TempDir folder, std::optional<std::string> before)
        : folder_(std::move(folder)), before_(std::move(before)) {}
    TempDir folder_;
    std::optional<std::string> before_;
    bool active_ = false;
};

struct Bench {
    const grader::Exercise& exercise;
    grader::Language language;
    build::SourceSet sources;
    NoProgress progress;
    std::random_device random;

    // Sources that nobody has built before: the build is in the time.
    build::SourceSet fresh() {
        build::SourceSet changed = sources;
        for (build::SourceFile& file : changed.files) file.text += fmt::format("// {:08x}{:08x}\n", random(), random());
        return changed;
    }

    unsigned faults = 0;     // of the last verdict: how often a call was made to fail
    double run_seconds = 0;  // and how long all its runs took

    Result<double> verdict_seconds() {
        build::SourceSet changed = fresh();
        const auto start = Clock::now();
        FERRULE_TRY(const auto graded, reader::grade_sources(exercise, language, std::move(changed), progress));
        const double seconds = since(start);
        faults = 0;
        for (const grader::Run& run : graded.observations.runs)
            for (const grader::StepObservation& step : run.steps) faults += step.fault_fired ? 1 : 0;
        run_seconds = graded.observations.run_seconds;
        if (graded.verdict.verdict != "pass")
            return fail("bench",
                        fmt::format("the solution of \"{}\" in {} does not pass", exercise.id, grader::name(language)),
                        "Run `ferrule check` on it.");
        return seconds;
    }
};

struct Figures {
    double warm = 0, cold = 0, hand_build = 0, hand_boot = 0;
    unsigned faults = 0;
    double sweep_rate = 0;  // faults in a second of the runs
    uint64_t memory = 0;
};

Result<Figures> measure(Bench& bench, const image::Image& image, vm::Accelerator accelerator) {
    Figures figures;
    std::vector<double> warm, rate, build, boot;
    FERRULE_TRY_VOID(bench.verdict_seconds());  // the template is there from now on
    {
        const MemoryWatch memory;
        for (int i = 0; i < kRounds; ++i) {
            FERRULE_TRY(const double seconds, bench.verdict_seconds());
            warm.push_back(seconds);
            rate.push_back(bench.run_seconds > 0 ? bench.faults / bench.run_seconds : 0);
        }
        figures.memory = memory.most_bytes();
    }
    for (int i = 0; i < kRounds; ++i) {
        FERRULE_TRY(const ByHand hand, by_hand(image, accelerator, bench.fresh()));
        build.push_back(hand.build_seconds);
        boot.push_back(hand.boot_seconds);
    }
    {
        FERRULE_TRY(const ColdCache cold, ColdCache::make());
        FERRULE_TRY(figures.cold, bench.verdict_seconds());
    }
    figures.faults = bench.faults;
    figures.sweep_rate = median(rate);
    figures.warm = median(warm);
    figures.hand_build = median(build);
    figures.hand_boot = median(boot);
    return figures;
}

Result<std::vector<double>> restores(const image::Image& image, vm::Accelerator accelerator) {
    NoProgress progress;
    FERRULE_TRY(const auto base, vm::Template::ensure(image, accelerator, progress));
    std::vector<double> seconds;
    for (int i = 0; i < kRestores; ++i) {
        FERRULE_TRY(const auto clone, vm::Clone::start(base));
        seconds.push_back(clone->restore_seconds());
    }
    return seconds;
}

void print(const grader::Exercise& exercise, grader::Language language, const Figures& f) {
    const double hand = f.hand_build + f.hand_boot;
    std::cout << fmt::format(
                     "| {} ({}) | {:.2f} s | {:.2f} s | {:.2f} s ({:.2f} + {:.2f}) | {:.2f} | {:.2f} | {} MB | {} | "
                     "{:.0f} /s |\n",
                     exercise.id, grader::name(language), f.warm, f.cold, hand, f.hand_build, f.hand_boot,
                     f.warm / hand, f.cold / hand, f.memory >> 20, f.faults, f.sweep_rate)
              << std::flush;
}

Result<void> run(const std::vector<std::string>& ids) {
    FERRULE_TRY(const auto image, image::find("mem"));
    FERRULE_TRY(const fs::path folder, reader::default_course());
    FERRULE_TRY(const auto catalogue, reader::load_catalogue(folder));
    std::vector<const grader::Exercise*> chosen;
    for (const std::string& id : ids) {
        FERRULE_TRY(const auto* exercise, catalogue.find(id));
        chosen.push_back(exercise);
    }
    if (ids.empty()) chosen = catalogue.exercises();
    NoProgress progress;
    const vm::Accelerator accelerator = vm::best_accelerator(image, progress);
    std::cout << fmt::format("{} cores, {}, kernel {}, clones at once: {}, medians of {}\n\n",
                             std::thread::hardware_concurrency(), vm::name(accelerator), image.kernel.release,
                             vm::clone_limit(), kRounds);
    FERRULE_TRY(auto seconds, restores(image, accelerator));
    std::sort(seconds.begin(), seconds.end());
    std::cout << fmt::format("Restore to the first answer: {:.2f} s (median of {}; {:.2f} to {:.2f} s)\n\n",
                             median(seconds), seconds.size(), seconds.front(), seconds.back());
    std::cout << "| exercise | warm | cold | by hand (make + boot) | warm / by hand | cold / by hand | memory of a "
                 "clone | failures | failures a second |\n|---|---|---|---|---|---|---|---|---|\n"
              << std::flush;
    for (const auto* exercise : chosen)
        for (const auto language : exercise->languages) {
            FERRULE_TRY(auto sources, build::read_sources(exercise->solution(language), language, exercise->module));
            Bench bench{*exercise, language, std::move(sources), {}, {}};
            FERRULE_TRY(const Figures figures, measure(bench, image, accelerator));
            print(*exercise, language, figures);
        }
    return {};
}

}  // namespace

}  // namespace ferrule::bench

int main(int argc, char** argv) {
    ferrule::install_interrupt_handlers();
    const std::vector<std::string> ids(argv + 1, argv + argc);
    if (const auto done = ferrule::bench::run(ids); !done) {
        std::cerr << "ferrule_bench: " << done.error().message << ". " << done.error().hint << "\n";
        return 2;
    }
    return 0;
}
