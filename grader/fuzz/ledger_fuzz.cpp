// What the agent reads out of the guest's files: the ledger by its first word, else listings and lock statistics.
#include "grader/run/ledger.hpp"
#include "sandbox/base/check.hpp"

using namespace ferrule::grader;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (text.starts_with("ferrule-ledger")) {
        const Ledger ledger = parse_ledger(text, "probe");
        FERRULE_CHECK(ledger.live.size() <= kLedgerLiveCap && ledger.symbols.size() <= kLedgerSymbolsCap);
        for (const auto& entry : ledger.live) FERRULE_CHECK(entry.frames.size() <= kLedgerFramesCap);
        return 0;
    }
    FERRULE_CHECK(parse_listing(text).size() <= 65536);
    const std::string locks = parse_debug_locks(text);
    FERRULE_CHECK(locks.empty() || locks == "0" || locks == "1");
    return 0;
}
