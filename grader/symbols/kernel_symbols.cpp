#include "grader/symbols/kernel_symbols.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <mutex>

namespace ferrule::grader {

KernelSymbols KernelSymbols::parse(std::string text) {
    KernelSymbols out;
    out.text_ = std::move(text);
    const std::string_view all = out.text_;
    for (size_t at = 0; at < all.size();) {
        const size_t end = std::min(all.find('\n', at), all.size());
        const std::string_view line = all.substr(at, end - at);
        // "ffffffff81000000 T _text"
        uint64_t address = 0;
        const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), address, 16);
        const size_t used = static_cast<size_t>(stop - line.data());
        if (error == std::errc() && line.size() > used + 3 && line[used] == ' ' && line[used + 2] == ' ') {
            const char type = line[used + 1];
            const std::string_view name = line.substr(used + 3);
            if (name == "_einittext" || name == "_etext") out.end_ = std::max(out.end_, address);
            if (type == 't' || type == 'T' || type == 'w' || type == 'W')
                out.symbols_.push_back(
                    {address, static_cast<uint32_t>(at + used + 3), static_cast<uint32_t>(name.size())});
        }
        at = end + 1;
    }
    std::stable_sort(out.symbols_.begin(), out.symbols_.end(),
                     [](const Symbol& a, const Symbol& b) { return a.address < b.address; });
    return out;
}

Result<std::shared_ptr<const KernelSymbols>> KernelSymbols::load(const fs::path& system_map) {
    static std::mutex mutex;
    static std::map<fs::path, std::shared_ptr<const KernelSymbols>> cache;
    const std::lock_guard lock(mutex);
    auto& entry = cache[system_map];
    if (!entry) {
        FERRULE_TRY(std::string text, read_file(system_map));
        auto parsed = std::make_shared<const KernelSymbols>(parse(std::move(text)));
        if (parsed->empty())
            return fail("image-broken", "no symbol in " + system_map.string(),
                        "Remove that kernel's folder and build the image again: ferrule image build");
        entry = std::move(parsed);
    }
    return entry;
}

std::string KernelSymbols::name(uint64_t address) const {
    const auto after = std::upper_bound(symbols_.begin(), symbols_.end(), address,
                                        [](uint64_t value, const Symbol& symbol) { return value < symbol.address; });
    if (after == symbols_.begin() || (end_ != 0 && address >= end_)) return {};
    // Several names at one address: the first in the file is the oldest habit and always the same.
    const uint64_t start = std::prev(after)->address;
    const auto first = std::lower_bound(symbols_.begin(), after, start,
                                        [](const Symbol& symbol, uint64_t value) { return symbol.address < value; });
    return text_.substr(first->offset, first->length);
}

}  // namespace ferrule::grader
