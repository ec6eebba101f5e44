// What language servers need to know about the learner's files: compile_commands.json for clangd and rust-project.json
// for rust-analyzer, both at the top of the workspace, where either looks for them from any file below. They name the
// headers, the sources and the generated bindings of the kernel that judges, in the cache.
#pragma once

#include <string>
#include <vector>

#include "lessons/reader/catalogue.hpp"
#include "lessons/reader/workspace.hpp"
#include "sandbox/build/recipe.hpp"
#include "sandbox/image/image.hpp"

namespace ferrule::reader {

// Brings both files up to date with what is started and with the image. Without an image, or with nothing started, it
// does nothing. The first time for a kernel that one has a Rust file it asks that kernel's own generator
// (`make rust-analyzer`, some seconds); what it says is kept in the cache. A file that says the same already is not
// touched: a server that runs would read it again.
Result<void> write_editor_support(const Workspace& workspace, const Catalogue& catalogue, Progress& progress);

// The parts of it. A source file of the learner's and the module it belongs to.
struct SourcePath {
    fs::path path;
    std::string module;
};
// The recorded compile of this kernel, less what decides about code alone: clangd of another version than the
// toolchain's would stumble over it.
std::string compile_commands(const build::Recipe& recipe, const image::Image& image,
                             const std::vector<SourcePath>& files);
// `generated`: what `make rust-analyzer` wrote in the jail for a module "ferrule". Error "build-broken": it has not the
// shape that is known.
Result<std::string> rust_project(const std::string& generated, const image::Image& image,
                                 const std::vector<SourcePath>& roots);

}  // namespace ferrule::reader
