#include "grader/detectors/detector.hpp"

namespace ferrule::grader {

const std::vector<DetectorEntry>& run_detectors() {
    static const std::vector<DetectorEntry> detectors = {
        {"kasan", detect_kasan},
        {"objects", detect_objects},
        {"ubsan", detect_ubsan},
        {"kcsan", detect_kcsan},
        {"dma", detect_dma},
        {"lockdep", detect_lockdep},
        {"atomic-sleep", detect_atomic_sleep},
        {"oops", detect_oops},
        {"hang", detect_hang},
        {"early-end", detect_early_end},
        {"load", detect_load},
        {"result", detect_result},
        {"ledger", detect_ledger},
        {"kmemleak", detect_kmemleak},
        {"resources", detect_resources},
        {"tampering", detect_tampering},
    };
    return detectors;
}

const std::vector<BuildDetector>& build_detectors() {
    static const std::vector<BuildDetector> detectors = {detect_build,     detect_imports,       detect_unsafe,
                                                         detect_sparse,    detect_lock_analysis, detect_clients,
                                                         detect_silencing, detect_canaries};
    return detectors;
}

}  // namespace ferrule::grader
