// What a wrapper's hostile clients (grader/exercise/clients.hpp) come to: one Observations each, `exercise` is the
// client's name. Those that must not compile are only compiled.
#pragma once

#include "grader/run/runner.hpp"

namespace ferrule::grader {

Result<std::vector<Observations>> observe_clients(const Exercise& exercise, const Submission& submission, uint64_t seed,
                                                  Progress& progress, const RunHooks& hooks);

// What a client that runs is run and judged by: load, unload.
Exercise client_exercise(const Exercise& exercise, const Client& client);

}  // namespace ferrule::grader
