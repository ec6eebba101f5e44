// The text of the guest's allocation ledger (kernel-image/kernel/overlay/drivers/ferrule/ledger.c) as data.
// The text is hostile: lengths, counts and numbers are capped, a line that does not fit makes it incomplete.
#pragma once

#include <string_view>

#include "grader/run/observations.hpp"

namespace ferrule::grader {

struct Ledger {
    std::vector<SymbolAddress> symbols;
    std::vector<LedgerEntry> live;  // `names` still empty
    bool stopped = false;           // recording had been switched off before it was read
    bool complete = false;          // header, every line and the end line fit, nothing was dropped
};

inline constexpr size_t kLedgerSymbolsCap = 16384;
inline constexpr size_t kLedgerLiveCap = 4096;
inline constexpr size_t kLedgerFramesCap = 32;

// `module`: symbols of another one are left out.
// Its symbol lines alone, as <debugfs>/ferrule/symbols has them; up to the first line that is none.
std::vector<SymbolAddress> parse_symbols(std::string_view text, std::string_view module);
Ledger parse_ledger(std::string_view text, std::string_view module);

// "kind\tname\n" lines; at most 65536 of them.
std::vector<ResourceEntry> parse_listing(std::string_view text);

// The value of " debug_locks: 1" in /proc/lockdep_stats: "0", "1", or "".
std::string parse_debug_locks(std::string_view text);

}  // namespace ferrule::grader
