#include "grader/console/console.hpp"

#include <chrono>
#include <random>

#include "grader/console/frames.hpp"
#include "grader/console/lines.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

std::string recorded(const std::string& name) {
    auto text = read_file(fs::path(FERRULE_SOURCE_ROOT) / "grader/detectors/testdata" / (name + ".log"));
    REQUIRE(text);
    return *text;
}

double seconds(auto&& work) {
    auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

TEST_CASE("console lines: prefix, caller, cut lines") {
    auto lines = split_console(
        "[    1.234567][   T45] hello\r\n[    1.3][    C1] irq\nraw\n[    2.0][    T1] half a li[    2.0][   T45] "
        "who\n"
        "** replaying previous printk message **\n** 12 printk messages dropped **\n");
    REQUIRE(lines.size() == 6);
    CHECK(lines[0].caller == "T45");
    CHECK(lines[0].text == "hello");
    CHECK(lines[1].caller == "C1");
    CHECK(lines[2].text == "raw");
    CHECK(lines[3].text == "half a li");
    CHECK(lines[3].cut);
    CHECK(lines[4].text == "who");  // not said again: it was no part of what is replayed
    CHECK(lines[5].dropped);
}

TEST_CASE("console lines: what is left of one is none") {
    // The console was capped in the middle; and it ends in the middle of a line.
    auto lines = split_console(
        "[    1.0][   T45] one\n[    1.0][   T4\n[ferrule: 99 bytes of console output left out here]\nthe end of\n"
        "[    2.0][   T45] two\n[    2.0][   T45] thre");
    REQUIRE(lines.size() == 4);
    CHECK(lines[0].text == "one");
    CHECK(lines[1].dropped);
    CHECK(lines[2].text == "two");
    CHECK(lines[3].dropped);
    CHECK(split_console("one piece").at(0).dropped);
}

TEST_CASE("frames") {
    auto frame = parse_stack_line("  ring_open+0x1a/0x40 [ring]");
    REQUIRE(frame);
    CHECK(frame->function == "ring_open");
    CHECK(frame->offset == 0x1a);
    CHECK(frame->size == 0x40);
    CHECK(frame->module == "ring");
    CHECK_FALSE(frame->unreliable);
    frame = parse_stack_line(" ? kfree+0x1/0x2");
    REQUIRE(frame);
    CHECK(frame->unreliable);
    frame = parse_stack_line("[<ffffffffa0000670>] do_unlock+0x10/0x20 [probe 0123456789abcdef]");
    REQUIRE(frame);
    CHECK(frame->module == "probe");
    frame = parse_stack_line(" 0xffffffffa0005123");
    REQUIRE(frame);
    CHECK(frame->function.empty());
    CHECK(frame->address == 0xffffffffa0005123);
    for (const char* no : {"", "RSP: 0018:ffffc900002df640 EFLAGS: 00000202", "foo+0x1", "foo+0x1/", "+0x1/0x2",
                           "foo+0x1/0x2 bar", "<TASK>", "0x", "0xzz"})
        CHECK_FALSE(parse_stack_line(no));
    CHECK(parse_symbol_after("BUG: KASAN: double-free in do_df+0x55/0x60 [probe]", " in ")->function == "do_df");
}

TEST_CASE("a KASAN report in full") {
    auto splats = parse_console(recorded("uaf"));
    REQUIRE(splats.size() == 1);
    const Splat& s = splats[0];
    CHECK(s.kind == "kasan");
    CHECK(s.title == "BUG: KASAN: slab-use-after-free in read_node+0x3b/0x40 [probe]");
    CHECK(s.access.starts_with("Read of size 4 at addr"));
    CHECK(s.task == "insmod");
    CHECK(s.detail.find("8 bytes inside of freed 512-byte region") != std::string::npos);
    REQUIRE(s.allocated.size() > 4);
    CHECK(s.allocated[4].function == "do_uaf");
    CHECK(s.freed[4].offset == 0x4d);
    CHECK_FALSE(s.truncated);
}

TEST_CASE("two CPUs at once: each report keeps its own lines") {
    std::string a = recorded("uaf"), b = recorded("df");
    // The second one as another task's, line by line between those of the first.
    for (size_t at = b.find("T45]"); at != std::string::npos; at = b.find("T45]", at)) b.replace(at, 4, "T99]");
    std::string mixed;
    size_t ia = 0, ib = 0;
    while (ia < a.size() || ib < b.size()) {
        auto take = [&](const std::string& from, size_t& at) {
            size_t end = std::min(from.find('\n', at), from.size() - 1);
            if (at < from.size()) mixed += from.substr(at, end + 1 - at);
            at = end + 1;
        };
        if (ia < a.size()) take(a, ia);
        if (ib < b.size()) take(b, ib);
    }
    auto splats = parse_console(mixed);
    REQUIRE(splats.size() == 2);
    for (const auto& splat : splats) {
        bool first = splat.title.find("slab-use-after-free") != std::string::npos;
        CHECK(splat.allocated.at(4).function == (first ? "do_uaf" : "do_df"));
        for (const auto& frame : splat.stack)
            if (frame.module == "probe" && frame.function.starts_with("do_"))
                CHECK(frame.function == (first ? "do_uaf" : "do_df"));
    }
}

TEST_CASE("a report that breaks off is kept and marked by what is there") {
    std::string text = recorded("uaf");
    for (size_t length : {size_t(200), size_t(900), text.size() / 2, text.size() - 100}) {
        auto splats = parse_console(std::string_view(text).substr(0, length));
        INFO(length);
        REQUIRE(splats.size() <= 1);
        if (length > 400) {
            REQUIRE(splats.size() == 1);
            CHECK(splats[0].kind == "kasan");
        }
    }
}

TEST_CASE("text that only looks like a report is none") {
    CHECK(parse_console("[    1.0][   T45] ------------[ cut here ]------------\n").empty());
    CHECK(parse_console("[    1.0][   T45] my driver: WARNING: everything is fine\n[    1.0][   T45] INFO: task done\n")
              .empty());
    CHECK(parse_console("").empty());
    CHECK(parse_console(std::string_view("\0\0\0\n\0", 5)).empty());
}

TEST_CASE("sanitise takes out what a terminal would obey") {
    CHECK(sanitise("plain text", 100) == "plain text");
    CHECK(sanitise("\x1b[31mred\x1b[0m", 100) == "red");
    CHECK(sanitise("\x1b]0;title\x07ok", 100) == "ok");
    CHECK(sanitise("\x1b]52;c;aGFjaw==\x1b\\ok", 100) == "ok");
    CHECK(sanitise("a\x08\x7f\rb\tc", 100) == "ab c");
    CHECK(sanitise("\xc3\xa4\xff\xc0\x80", 100) == "\xc3\xa4???");
    CHECK(sanitise("\xc2\x9b"
                   "31m",
                   100) == "??31m");  // C1 CSI
    CHECK(sanitise("\xe2\x80\xae"
                   "abc",
                   100) == "???abc");  // right-to-left override
    CHECK(sanitise("0123456789", 4) == "0123");
    CHECK(sanitise("abc\xc3\xa4", 4) == "abc");
    CHECK(sanitise("\x1b", 10).empty());
    CHECK(sanitise("\x1b[", 10).empty());
}

TEST_CASE("hostile consoles end in bounded time") {
    constexpr size_t kTwo = 2u << 20;
    std::vector<std::string> floods;
    floods.push_back(std::string(kTwo, 'A'));
    floods.push_back(std::string(kTwo, '\n'));
    floods.push_back(std::string(kTwo, '\0'));
    auto repeat = [](std::string_view unit) {
        std::string text;
        while (text.size() < kTwo) text += unit;
        return text;
    };
    floods.push_back(repeat("["));
    floods.push_back(repeat("]["));
    floods.push_back(repeat("[1.0][T1] "));
    floods.push_back(repeat("\x1b[31m"));
    floods.push_back(repeat("[    1.0][   T45] BUG: KASAN: slab-use-after-free in f+0x1/0x2 [m]\n"));
    floods.push_back("[    1.0][   T45] BUG: KASAN: x in f+0x1/0x2 [m]\n[    1.0][   T45] Call Trace:\n" +
                     repeat("[    1.0][   T45]  f+0x1/0x2 [m]\n"));
    floods.push_back(repeat("[    1.0][   T45] ------------[ cut here ]------------\n"));
    floods.push_back(
        repeat("[    1.0][   T45] WARNING: possible circular locking dependency detected\n[    1.0][   T45] -> #1 "
               "(x){+.+.}-{4:4}:\n"));
    std::string many;
    for (int i = 0; many.size() < kTwo; ++i)
        many += "[    1.0][ T" + std::to_string(i) + "] BUG: KASAN: x in f+0x1/0x2\n";
    floods.push_back(many);
    for (size_t i = 0; i < floods.size(); ++i) {
        INFO(i);
        std::vector<Splat> splats;
        double took = seconds([&] { splats = parse_console(floods[i]); });
        CHECK(took < 5.0);  // far above what is needed; far below what anything but linear would take
        CHECK(splats.size() <= kMaxSplats);
        size_t bytes = 0;
        for (const auto& splat : splats) bytes += splat.text.size() + splat.title.size() + splat.detail.size();
        CHECK(bytes < 4u << 20);
        CHECK(seconds([&] { sanitise(floods[i], 1 << 20); }) < 5.0);
    }
}

TEST_CASE("damaged logs never harm the parser") {
    std::mt19937 random(20260101);
    std::vector<std::string> corpus;
    for (const char* name : {"uaf", "abba", "held", "ubsan", "null", "r-3", "irqunsafe", "fortify", "hung", "wqleak"})
        corpus.push_back(recorded(name));
    for (int round = 0; round < 400; ++round) {
        std::string text = corpus[random() % corpus.size()];
        for (int change = 0; change < 1 + round % 20 && !text.empty(); ++change) {
            size_t at = random() % text.size();
            switch (random() % 6) {
                case 0: text[at] = static_cast<char>(random()); break;
                case 1: text.erase(at, random() % 200); break;
                case 2: text.insert(at, corpus[random() % corpus.size()].substr(0, random() % 3000)); break;
                case 3: text.resize(at + 1); break;
                case 4: text.insert(at, "\n"); break;
                default: text.insert(at, std::string(random() % 50, static_cast<char>(random()))); break;
            }
        }
        auto splats = parse_console(text);
        CHECK(splats.size() <= kMaxSplats);
        auto again = parse_console(text);
        REQUIRE(again.size() == splats.size());
        for (const auto& splat : splats) {
            CHECK(splat.stack.size() <= 64);
            CHECK_FALSE(splat.kind.empty());
            std::string clean = sanitise(splat.text, 16384);
            for (char c : clean) CHECK((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
        }
    }
}
