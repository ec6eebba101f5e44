// Names for the guest kernel's addresses, from the image's System.map. The guest boots with nokaslr, so the
// file's addresses are the running ones.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/result.hpp"

namespace ferrule::grader {

class KernelSymbols {
public:
    // Read once in a process and kept. Errors: those of read_file, "image-broken" when it holds no symbol.
    static Result<std::shared_ptr<const KernelSymbols>> load(const fs::path& system_map);
    static KernelSymbols parse(std::string text);

    // The function that holds the address; "" outside the kernel's text, and so in a module.
    std::string name(uint64_t address) const;
    bool empty() const { return symbols_.empty(); }

private:
    struct Symbol {
        uint64_t address;
        uint32_t offset, length;
    };  // of its name in text_
    std::string text_;
    std::vector<Symbol> symbols_;  // sorted
    uint64_t end_ = 0;             // of the text
};

}  // namespace ferrule::grader
