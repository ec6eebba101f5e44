#include "grader/run/ledger.hpp"

#include "grader/exercise/prng.hpp"
#include "grader/symbols/kernel_symbols.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

TEST_CASE("a ledger is read") {
    const Ledger ledger = parse_ledger(
        "ferrule-ledger 1\n"
        "symbol ffffffffa0000000 slots_open slots\n"
        "symbol ffffffffa0010000 init_module slots\n"
        "symbol ffffffffa0020000 other other\n"
        "live slab ffff888001234500 24 insmod ffffffff81234567 ffffffffa0000042\n"
        "live pages ffff888001235000 8192 _ ffffffffa0000050\n"
        "end 2 0\n",
        "slots");
    CHECK(ledger.complete);
    REQUIRE(ledger.symbols.size() == 2);
    CHECK(ledger.symbols[1].name == "init_module");
    CHECK(ledger.symbols[1].address == 0xffffffffa0010000u);
    REQUIRE(ledger.live.size() == 2);
    CHECK(ledger.live[0].bytes == 24);
    CHECK(ledger.live[0].pointer == 0xffff888001234500u);
    CHECK(ledger.live[0].frames == std::vector<uint64_t>{0xffffffff81234567u, 0xffffffffa0000042u});
    CHECK(parse_ledger("ferrule-ledger 1\nend 0 0\n", "slots").complete);
    CHECK_FALSE(ledger.stopped);
}

TEST_CASE("a ledger says when recording had been switched off") {
    const Ledger stopped = parse_ledger("ferrule-ledger 1\nstopped\nend 0 0\n", "slots");
    CHECK(stopped.complete);
    CHECK(stopped.stopped);
    CHECK_FALSE(parse_ledger("ferrule-ledger 1\nend 0 0\nstopped\n", "slots").complete);
    CHECK_FALSE(parse_ledger("ferrule-ledger 1\nsymbol 1 a slots\nstopped\nend 0 0\n", "slots").complete);
}

TEST_CASE("a hostile ledger is never complete, and never more than the caps") {
    const char* bad[] = {
        "",
        "end 0 0\n",
        "ferrule-ledger 2\nend 0 0\n",
        "ferrule-ledger 1\n",
        "ferrule-ledger 1\nend 1 0\n",
        "ferrule-ledger 1\nend 0 3\n",
        "ferrule-ledger 1\nend 0\n",
        "ferrule-ledger 1\nend 0 0 0\n",
        "ferrule-ledger 1\nend 0 0\nend 0 0\n",
        "ferrule-ledger 1\nend 0 0\nlive slab 1 1 x 1\n",
        "ferrule-ledger 1\nlive heap 1 1 x 1\nend 1 0\n",
        "ferrule-ledger 1\nlive slab xyz 1 x 1\nend 1 0\n",
        "ferrule-ledger 1\nlive slab 1 99999999999999999999999 x 1\nend 1 0\n",
        "ferrule-ledger 1\nlive slab 1 1  1\nend 1 0\n",
        "ferrule-ledger 1\nlive slab 1 1 x -1\nend 1 0\n",
        "ferrule-ledger 1\nsymbol 1 a\nend 0 0\n",
        "ferrule-ledger 1\nsymbol 1 \x1b[31m slots\nend 0 0\n",
        "ferrule-ledger 1\nwhat\nend 0 0\n",
    };
    for (const char* text : bad) {
        INFO(text);
        CHECK_FALSE(parse_ledger(text, "slots").complete);
    }
    std::string flood = "ferrule-ledger 1\n", frames = "ferrule-ledger 1\nlive slab 1 1 x";
    for (int i = 0; i < 20000; ++i) flood += "symbol 1 a slots\nlive slab 1 1 x 1\n";
    for (int i = 0; i < 40; ++i) frames += " 1";
    const Ledger ledger = parse_ledger(flood + "end 20000 0\n", "slots");
    CHECK_FALSE(ledger.complete);
    CHECK(ledger.symbols.size() == kLedgerSymbolsCap);
    CHECK(ledger.live.size() == kLedgerLiveCap);
    CHECK_FALSE(parse_ledger(frames + "\nend 1 0\n", "slots").complete);
}

TEST_CASE("a damaged ledger is read without harm") {
    const std::string whole =
        "ferrule-ledger 1\nsymbol ffffffffa0000000 slots_open slots\nlive slab ffff888001234500 24 insmod "
        "ffffffff81234567\nend 1 0\n";
    REQUIRE(parse_ledger(whole, "slots").complete);
    Prng random(3);
    for (int i = 0; i < 20000; ++i) {
        std::string text = whole;
        const size_t at = random.below(text.size());
        if (random.below(2) == 0)
            text[at] = static_cast<char>(random.below(256));
        else
            text.erase(at, 1 + random.below(20));
        const Ledger ledger = parse_ledger(text, "slots");
        CHECK(ledger.live.size() <= 1);
        // What it lost of its frame is not to be called whole.
        if (ledger.complete) CHECK(ledger.live.size() == 1);
        parse_listing(text);
        parse_debug_locks(text);
    }
}

TEST_CASE("listings and lockdep's state") {
    const auto listing = parse_listing("node\t/dev/slots\nirq\t5 slots\nno tab\n\tnothing\nmodule\tslots");
    REQUIRE(listing.size() == 3);
    CHECK(listing[1].kind == "irq");
    CHECK(listing[1].name == "5 slots");
    CHECK(listing[2].name == "slots");
    CHECK(parse_debug_locks(" lock-classes: 1 [max: 8192]\n debug_locks:                            1\n") == "1");
    CHECK(parse_debug_locks(" debug_locks: 0") == "0");
    CHECK(parse_debug_locks(" debug_locks: yes\n").empty());
    CHECK(parse_debug_locks("").empty());
}

TEST_CASE("kernel addresses have names, the module's have none") {
    const auto symbols = KernelSymbols::parse(
        "0000000000000510 A phys_startup_64\n"
        "ffffffff81000000 T _text\nffffffff81000000 T startup_64\nffffffff81000100 t do_thing\nffffffff81000180 D "
        "data\n"
        "ffffffff81000200 T kmalloc\nffffffff81000300 T _etext\nnonsense\n");
    CHECK(symbols.name(0xffffffff81000000u) == "_text");
    CHECK(symbols.name(0xffffffff810001ffu) == "do_thing");
    CHECK(symbols.name(0xffffffff81000201u) == "kmalloc");
    CHECK(symbols.name(0xffffffffa0000000u).empty());
    CHECK(symbols.name(0x42).empty());
    CHECK(KernelSymbols::parse("").empty());
}
