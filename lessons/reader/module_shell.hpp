// A shell in a fresh guest with a module at hand: of `ferrule run`, and of the workbench.
#pragma once

#include <memory>

#include "lessons/reader/terminal.hpp"
#include "sandbox/build/module_builder.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::reader {

struct ModuleShell {
    std::unique_ptr<vm::Clone> clone;
    int fd;          // of Clone::open_shell
    std::string at;  // the module's path in the guest
};

// `ko`: the module's bytes; empty: the guest starts without. Errors: "guest", and those of Clone::start.
Result<ModuleShell> open_module_shell(std::shared_ptr<const vm::Template> base, const std::string& module,
                                      std::string_view ko, TerminalSize size);

// "ring.c:12: error: …", without control characters.
std::string diagnostic_line(const build::Diagnostic& diagnostic);

}  // namespace ferrule::reader
