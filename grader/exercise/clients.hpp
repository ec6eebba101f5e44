// Hostile clients of an exercise in which the learner writes a safe wrapper around unsafe code: safe Rust that misuses
// the wrapper, built as a module of the learner's own crate in which `unsafe` is forbidden.
#pragma once

#include "grader/exercise/exercise.hpp"

namespace ferrule::grader {

// <exercise>/rust/clients/<name>/{client.toml,client.rs}, by name; none: empty. Errors as load_exercise.
Result<std::vector<Client>> load_clients(const fs::path& exercise);

// The submission with the client behind the last line of its root file: every line of the learner's keeps its number.
build::SourceSet with_client(const build::SourceSet& sources, const Client& client);

size_t root_index(const build::SourceSet& sources);  // of the crate's root, in files
int lines_of(const std::string& text);

}  // namespace ferrule::grader
