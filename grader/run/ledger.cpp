#include "grader/run/ledger.hpp"

#include <charconv>
#include <utility>

namespace ferrule::grader {
namespace {

constexpr size_t kNameCap = 512;

std::string_view take_line(std::string_view& text) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    return line;
}

std::string_view take_word(std::string_view& line) {
    const size_t end = line.find(' ');
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
    return word;
}

bool number(std::string_view word, int base, uint64_t& out) {
    if (word.empty() || word.size() > 20) return false;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out, base);
    return error == std::errc() && end == word.data() + word.size();
}

bool printable(std::string_view word) {
    for (const char c : word)
        if (c <= ' ' || c >= 0x7f) return false;
    return !word.empty() && word.size() <= kNameCap;
}

bool parse_symbol(std::string_view line, std::string_view module, Ledger& ledger) {
    SymbolAddress symbol;
    if (!number(take_word(line), 16, symbol.address)) return false;
    const std::string_view name = take_word(line);
    if (!printable(name) || !printable(line)) return false;
    if (line != module) return true;
    if (ledger.symbols.size() >= kLedgerSymbolsCap) return false;
    symbol.name = name;
    ledger.symbols.push_back(std::move(symbol));
    return true;
}

bool parse_live(std::string_view line, Ledger& ledger) {
    LedgerEntry entry;
    const std::string_view kind = take_word(line);
    if (kind != "slab" && kind != "pages" && kind != "vmap" && kind != "percpu") return false;
    entry.kind = kind;
    if (!number(take_word(line), 16, entry.pointer) || !number(take_word(line), 10, entry.bytes)) return false;
    if (!printable(take_word(line))) return false;  // the task's name: nobody asks for it
    while (!line.empty()) {
        uint64_t frame = 0;
        if (entry.frames.size() >= kLedgerFramesCap || !number(take_word(line), 16, frame)) return false;
        entry.frames.push_back(frame);
    }
    if (ledger.live.size() >= kLedgerLiveCap) return false;
    ledger.live.push_back(std::move(entry));
    return true;
}

}  // namespace

std::vector<SymbolAddress> parse_symbols(std::string_view text, std::string_view module) {
    Ledger ledger;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        if (take_word(line) != "symbol" || !parse_symbol(line, module, ledger)) break;
    }
    return std::move(ledger.symbols);
}

Ledger parse_ledger(std::string_view text, std::string_view module) {
    Ledger ledger;
    if (take_line(text) != "ferrule-ledger 1") return ledger;
    bool good = true, ended = false, first = true;
    uint64_t live_lines = 0;
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const std::string_view word = take_word(line);
        const bool heading = std::exchange(first, false);
        if (heading && word == "stopped" && line.empty()) {
            ledger.stopped = true;
        } else if (!ended && word == "symbol") {
            good = parse_symbol(line, module, ledger) && good;
        } else if (!ended && word == "live") {
            ++live_lines;
            good = parse_live(line, ledger) && good;
        } else if (!ended && word == "end") {
            uint64_t live = 0, dropped = 0;
            ended = number(take_word(line), 10, live) && number(line, 10, dropped);
            good = good && ended && live == live_lines && dropped == 0;
        } else {
            good = false;
        }
    }
    ledger.complete = good && ended;
    return ledger;
}

std::vector<ResourceEntry> parse_listing(std::string_view text) {
    std::vector<ResourceEntry> out;
    while (!text.empty() && out.size() < 65536) {
        const std::string_view line = take_line(text);
        const size_t tab = line.find('\t');
        if (tab == std::string_view::npos || tab == 0 || line.size() > 2 * kNameCap) continue;
        out.push_back({std::string(line.substr(0, tab)), std::string(line.substr(tab + 1))});
    }
    return out;
}

std::string parse_debug_locks(std::string_view text) {
    while (!text.empty()) {
        std::string_view line = take_line(text);
        const size_t at = line.find("debug_locks:");
        if (at == std::string_view::npos) continue;
        line.remove_prefix(at + 12);
        const size_t begin = line.find_first_not_of(" \t");
        const std::string_view value =
            begin == std::string_view::npos ? "" : line.substr(begin, line.find_last_not_of(" \t\r") - begin + 1);
        return value == "0" || value == "1" ? std::string(value) : std::string();
    }
    return {};
}

}  // namespace ferrule::grader
