// Rules of the judge, on observations made by hand: what counts, what is a consequence of what, what a hole in a run
// means.
#include "grader/verdict.hpp"

#include "grader/classes.hpp"
#include "grader/detectors/copies_out.hpp"
#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/build/static_checks.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

constexpr const char* kSource =
    "#include <linux/module.h>\n"       // 1
    "static int ring_init(void)\n"      // 2
    "{\n"                               // 3
    "\tp = kmalloc(24, GFP_KERNEL);\n"  // 4
    "\treturn misc_register(&dev);\n"   // 5
    "}\n";                              // 6

constexpr uint64_t kText = 0xffffffffa0000000, kInit = 0xffffffffa0100000;

Step step(StepKind kind) {
    Step made{};
    made.kind = kind;
    return made;
}

// ring_use is .text 0..0x40 (lines 10, 11), ring_init is .init.text 0..0x40 (lines 4, 5).
struct Case {
    Exercise exercise;
    Observations all;

    Case() {
        exercise.id = "ring";
        exercise.lesson = "ownership/leaks";
        exercise.scenarios.resize(1);
        exercise.scenarios[0].name = "load, unload";
        exercise.scenarios[0].steps = {step(StepKind::load), step(StepKind::unload)};
        all.exercise = "ring";
        all.module = "ring";
        all.built = true;
        all.source_files = {"ring.c"};
        all.sources["ring.c"] = kSource;
        all.debug["mem"].files = {"ring.c"};
        all.debug["mem"].sections = {
            {".text", 0x40, {{0, 0, 10}, {0x20, 0, 11}}, {{0, 0x40, "ring_use", 0, 0, 0}}},
            {".init.text", 0x40, {{0, 0, 4}, {0x20, 0, 5}}, {{0, 0x40, "ring_init", 0, 0, 0}}}};
        all.debug["mem"].symbols = {{".init.text", "init_module", 0, 0x40}, {".text", "ring_use", 0, 0x40}};
        all.kernel_release = "7.3.4";
        run();
    }

    Run& run() {
        Run run;
        run.scenario_name = exercise.scenarios[0].name;
        for (size_t i = 0; i < exercise.scenarios[0].steps.size(); ++i) {
            StepObservation seen;
            seen.step = static_cast<int>(i);
            seen.attempted = true;
            run.steps.push_back(seen);
        }
        run.ledger_read = run.resources_read = run.module_gone = true;
        run.debug_locks = "1";
        run.end = "running";
        run.module_symbols = {{"ring_use", kText}, {"init_module", kInit}};
        run.run_seconds = 0.5;
        all.runs.push_back(run);
        return all.runs.back();
    }
    Run& first() { return all.runs[0]; }
    Run& swept(int number) {
        Run& r = run();
        r.sweep_step = 0;
        r.fail_nth = static_cast<unsigned>(number);
        r.fault_number = number;
        r.steps[0].fault_fired = true;
        return r;
    }
    Verdict verdict() const { return judge(exercise, all); }
};

LedgerEntry leak(uint64_t bytes, uint64_t frame,
                 const std::vector<std::string>& kernel = {"ferrule_ledger_record", "__kmalloc_cache_noprof"}) {
    LedgerEntry entry;
    entry.kind = "slab";
    entry.bytes = bytes;
    for (const auto& name : kernel) {
        entry.frames.push_back(0xffffffff81000000);
        entry.names.push_back(name);
    }
    entry.frames.push_back(frame);
    entry.names.push_back("");
    entry.frames.push_back(0xffffffff81234567);
    entry.names.push_back("do_one_initcall");
    return entry;
}

std::string classes(const Verdict& verdict) {
    std::string text;
    for (const auto& finding : verdict.findings) text += (text.empty() ? "" : " ") + finding.finding_class;
    return text;
}

std::string line(int caller, const std::string& text) {
    return "[    1.000000][   T" + std::to_string(caller) + "] " + text + "\n";
}

std::string kasan(const std::string& bug, const std::string& where) {
    return line(5, "==================") + line(5, "BUG: KASAN: " + bug + " in " + where) +
           line(5, "Read of size 4 at addr ffff888005685c08 by task cat/5") + line(5, "Call Trace:") +
           line(5, " <TASK>") + line(5, " kasan_report+0x1/0x2") + line(5, " " + where) + line(5, " </TASK>") +
           line(5, "==================");
}

std::string oops(const std::string& where) {
    return line(5, "BUG: kernel NULL pointer dereference, address: 0000000000000008") +
           line(5, "Oops: Oops: 0002 [#1] SMP KASAN") + line(5, "RIP: 0010:" + where) + line(5, "Call Trace:") +
           line(5, " <TASK>") + line(5, " do_one_initcall+0x1/0x2") + line(5, " </TASK>") +
           line(5, "---[ end trace 0000000000000000 ]---");
}

std::string lock_held(const std::string& where) {
    return line(5, "WARNING: lock held when returning to user space!") +
           line(5, "cat/5 is leaving the kernel with locks still held!") +
           line(5, "locks held by cat/5: 1, last CPU#1:") +
           line(5, " #0: ffffffffa0201220 (&ring->lock){+.+.}-{4:4}, at: " + where) + line(5, "something else");
}

}  // namespace

TEST_CASE("a module that is gone is used after free, whoever notices") {
    const auto class_of = [](const std::string& console) {
        Case c;
        c.first().console = console;
        const Verdict v = c.verdict();
        REQUIRE_FALSE(v.findings.empty());
        return v.findings[0].finding_class + ": " + v.findings[0].title;
    };
    const auto seen = [](const std::string& address, const std::string& where) {
        std::string console = kasan("vmalloc-out-of-bounds", where);
        return console.replace(console.find("ffff888005685c08"), 16, address);
    };
    const auto fault = [](const std::string& what, const std::string& rip) {
        return line(5, what) + line(5, "RIP: 0010:" + rip) + line(5, "Call Trace:") + line(5, " <TASK>") +
               line(5, " __fput+0x1/0x2") + line(5, " </TASK>") + line(5, "---[ end trace 0000000000000000 ]---");
    };
    const std::string gone = "use-after-free: the module's code or data used after it was unloaded";
    CHECK(class_of(seen("ffffffffa02030d8", "vfs_read+0x17b/0x6f0")).starts_with(gone));
    CHECK(class_of(fault("BUG: unable to handle page fault for address: ffffffffa0200010", "0xffffffffa0200010")) ==
          gone);
    CHECK(class_of(fault("Oops: int3: 0000 [#1] SMP KASAN", "0xffffffffa0200010")) == gone);
    // As long as a frame has its module's name, the module is there.
    CHECK(class_of(seen("ffffffffa02030d8", "ring_use+0x10/0x40 [ring]")).starts_with("out-of-bounds: "));
    CHECK(class_of(fault("BUG: unable to handle page fault for address: ffffffffa0200010",
                         "ring_use+0x10/0x40 [ring]")) == "oops: access to an address that is not mapped");
    CHECK(class_of(seen("ffffc90000005000", "vfs_read+0x17b/0x6f0")).starts_with("out-of-bounds: "));
}

TEST_CASE("a clean run passes, and says so for each scenario") {
    Case c;
    Verdict v = c.verdict();
    CHECK(v.verdict == "pass");
    CHECK(v.findings.empty());
    REQUIRE(v.scenarios.size() == 1);
    CHECK(v.scenarios[0].result == "pass");
    CHECK(v.scenarios[0].seconds == Approx(0.5));
    CHECK(v.environment.ferrule == FERRULE_VERSION);
}

TEST_CASE("a leak is named by the line that allocated, through freed init text") {
    Case c;
    c.first().live = {leak(24, kInit + 0x10), leak(24, kInit + 0x10), leak(100, kText + 0x25)};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "memory-leak memory-leak");
    CHECK(v.findings[0].file == "ring.c");
    CHECK(v.findings[0].line == 4);
    CHECK(v.findings[0].function == "ring_init");
    CHECK(v.findings[0].title == "48 bytes still allocated after unload (2 objects)");
    REQUIRE(v.findings[0].related.size() == 1);
    CHECK(v.findings[0].related[0].role == "allocated");
    CHECK(v.findings[1].line == 11);
    CHECK(v.scenarios[0].result == "fail");
}

TEST_CASE("a module that belongs to no lesson is told the one about what was found") {
    Case c;
    c.exercise.lesson = "";
    c.first().live = {leak(24, kInit + 0x10)};
    CHECK(c.verdict().findings.at(0).lesson == "ownership/leaks");
    c.exercise.corpus = true;
    CHECK(c.verdict().findings.at(0).lesson.empty());
}

TEST_CASE("what a detector or an interrupt allocated is nobody's leak") {
    Case c;
    c.first().live = {
        leak(64, kText + 4, {"kmem_cache_alloc_noprof", "fill_pool", "__debug_object_init", "init_timer_key"}),
        leak(64, kText + 4, {"kmalloc", "asm_sysvec_apic_timer_interrupt"})};
    CHECK(c.verdict().verdict == "pass");
}

TEST_CASE("vmalloc counts once") {
    Case c;
    auto area = leak(12288, kInit + 4, {"alloc_vmap_area", "__vmalloc_node_range_noprof", "vmalloc_noprof"});
    area.kind = "vmap";
    auto page = leak(4096, kInit + 4, {"alloc_pages", "__vmalloc_node_range_noprof", "vmalloc_noprof"});
    page.kind = "pages";
    c.first().live = {area, page, page, leak(64, kInit + 4, {"__get_vm_area_node", "__vmalloc_node_range_noprof"})};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "memory-leak");
    CHECK(v.findings[0].title == "8192 bytes of vmalloc memory still allocated after unload");
}

TEST_CASE("a registration left behind is one resource leak with its line, never a memory leak as well") {
    Case c;
    c.first().live = {leak(64, kInit + 0x21, {"__kmalloc_noprof", "device_create_groups_vargs", "misc_register"}),
                      leak(700, kInit + 0x21, {"kmem_cache_alloc", "kernfs_new_node", "misc_register"})};
    c.first().resources_before = {{"node", "/dev/null"}};
    c.first().resources_after = {
        {"node", "/dev/null"}, {"node", "/dev/ring"}, {"misc", "125 ring"}, {"sysfs", "/sys/class/misc/ring"}};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "resource-leak");
    CHECK(v.findings[0].line == 5);
    CHECK(v.findings[0].title.find("misc device") != std::string::npos);
    CHECK(v.findings[0].title.find("ring") != std::string::npos);
}

TEST_CASE("who falls over a registration left behind is no finding of its own") {
    Case c;
    c.first().resources_after = {{"misc", "125 ring"}, {"node", "/dev/ring"}};
    c.first().live = {leak(64, kInit + 0x21, {"__kmalloc_cache_noprof", "misc_register"})};
    c.first().console = kasan("slab-use-after-free", "vsnprintf+0x5c/0xe0");
    CHECK(classes(c.verdict()) == "resource-leak");
    // In a run of its own too, and never where a line of the learner's made the access.
    c.run().console = kasan("slab-use-after-free", "vsnprintf+0x5c/0xe0");
    CHECK(classes(c.verdict()) == "resource-leak");
    c.first().console = kasan("slab-use-after-free", "ring_use+0x10/0x40 [ring]");
    CHECK(classes(c.verdict()) == "use-after-free resource-leak");
}

TEST_CASE("a registration and the box that holds it are one thing") {
    Case c;
    c.first().live = {leak(64, kInit + 0x21, {"ferrule_ledger_record", "__kmalloc_noprof", "misc_register"}),
                      leak(80, kInit + 0x24, {"ferrule_ledger_record", "krealloc", "rust_helper_krealloc"})};
    CHECK(classes(c.verdict()) == "resource-leak");
}

TEST_CASE("our own look around stumbles over what was left behind: the registration is the cause") {
    Case c;
    c.first().live = {
        leak(64, kInit + 0x21, {"ferrule_ledger_record", "__kmalloc_noprof", "device_add", "misc_register"}),
        leak(40, kInit + 0x10)};
    c.first().resources_read = c.first().module_gone = false;
    c.first().debug_locks = "";
    c.first().console = kasan("slab-use-after-free", "misc_seq_show+0x8e/0xa0") + oops("misc_seq_show+0x2a/0xa0");
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "memory-leak resource-leak");
    CHECK(v.findings[1].line == 5);
    SECTION("but a step that got no answer leaves it open whether the module is gone") {
        c.first().steps[1].lost = "deadline";
        CHECK(classes(c.verdict()).find("leak") == std::string::npos);
    }
    SECTION("and a crash in the module's own code is told") {
        c.first().console = kasan("slab-use-after-free", "ring_use+0x24/0x40 [ring]");
        CHECK(classes(c.verdict()).find("use-after-free") == 0);
    }
}

TEST_CASE("a Rust registration is seen through the kernel crate") {
    Case c;
    c.first().live = {leak(
        64, kInit + 0x21,
        {"__kmalloc_noprof", "device_create_groups_vargs", "misc_register", "_RNvMNtCs_6kernel10miscdevice8register"})};
    CHECK(classes(c.verdict()) == "resource-leak");
}

TEST_CASE("what a drop that nobody wrote breaks is the only unsafe block's doing") {
    Case c;
    c.all.language = Language::rust;
    c.all.source_files = c.all.debug["mem"].files = {"ring.rs"};
    c.all.sources = {{"ring.rs",
                      "module! {\n"
                      "}\n"
                      "fn init() {\n"
                      "    // SAFETY: unsafe { }\n"
                      "    let right = unsafe { Arc::from_raw(left) };\n"
                      "}\n"
                      "unsafe impl Send for Ring {}\n"}};
    c.all.debug["mem"].sections[0] = {
        ".text", 0x40, {{0, 0, 1}}, {{0, 0x40, "cleanup_module", 0, 0, 0}, {0, 0x30, "__exit", 1, 0, 1}}};
    c.first().console = kasan("slab-use-after-free", "ring_use+0x24/0x40 [ring]");
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "use-after-free");
    CHECK(v.findings[0].line == 5);
    SECTION("of two, nobody knows which") {
        c.all.sources["ring.rs"] += "fn also() { unsafe { other() } }\n";
        CHECK(c.verdict().findings[0].line == 1);
    }
    SECTION("a line that somebody wrote is better") {
        c.all.debug["mem"].sections[0].rows[0].line = 6;
        c.all.debug["mem"].sections[0].scopes[1].function = "<Ring as Drop>::drop";
        CHECK(c.verdict().findings[0].line == 6);
    }
}

TEST_CASE("the kernel sleeps with what Rust forgot to give back: the line is where it was taken") {
    Case c;
    c.all.language = Language::rust;
    c.all.source_files = c.all.debug["mem"].files = {"ring.rs"};
    c.all.sources = {{"ring.rs",
                      "fn first() -> u8 {\n"
                      "    let reader = rcu::read_lock();\n"
                      "    core::mem::forget(reader);\n"
                      "}\n"}};
    c.first().console =
        line(5, "BUG: sleeping function called from invalid context at kernel/locking/rwsem.c:1573") +
        line(5, "in_atomic(): 0, irqs_disabled(): 0, non_block: 0, pid: 5, name: cat") +
        line(5, "RCU nest depth: 1, expected: 0") + line(5, "locks held by cat/5: 1, last CPU#0:") +
        line(5, " #0: ffffffff825d3fa0 (rcu_read_lock){....}-{1:3}, at: rust_helper_rcu_read_lock+0x10/0x80") +
        line(5, "Call Trace:") + line(5, " <TASK>") + line(5, " down_read+0x25/0x330") +
        line(5, " do_init_module+0x2b4/0x700") + line(5, " </TASK>");
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "lock-imbalance");
    CHECK(v.findings[0].title == "lock \"rcu_read_lock\" still held when the call returned");
    CHECK(v.findings[0].line == 2);
}

TEST_CASE("a reader that waits for all readers") {
    Case c;
    c.first().console = line(5, "=============================") + line(5, "WARNING: suspicious RCU usage") +
                        line(5, "-----------------------------") +
                        line(5, "kernel/rcu/tree.c:3205 Illegal synchronize_rcu() in RCU read-side critical section!") +
                        line(5, "stack backtrace:") + line(5, "Call Trace:") + line(5, " <TASK>") +
                        line(5, " lockdep_rcu_suspicious+0x20f/0x2a0") + line(5, " synchronize_rcu+0x1/0x2") +
                        line(5, " ring_use+0x24/0x40 [ring]") + line(5, " </TASK>");
    c.first().steps[1].lost = "deadline";
    c.first().module_gone = false;
    c.first().hang = {{"worker 1 (D)", {0, 0}, {"schedule+0x1/0x2", "ring_use+0x24/0x40 [ring]"}}};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "rcu");
    CHECK(v.findings[0].title == "a reader waits for the end of all readers, and so for itself");
    CHECK(v.findings[0].line == 11);
}

TEST_CASE("a listing that grew names the only line that can have done it") {
    Case c;
    c.first().resources_after = {{"misc", "125 ring"}, {"node", "/dev/ring"}};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "resource-leak");
    CHECK(v.findings[0].line == 5);
}

TEST_CASE("a module that stays is a leaked reference, and what it holds is no leak") {
    Case c;
    c.first().module_gone = false;
    c.first().module_symbols.push_back({"cleanup_module", kText + 0x20});
    c.first().steps[1].error = 11;
    c.first().live = {leak(24, kInit + 4)};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "resource-leak");
    CHECK(v.findings[0].title.find("cannot be unloaded") != std::string::npos);
}

TEST_CASE("a loop that does not end is named by its first line, wherever in it the CPU was") {
    Case c;
    c.first().steps[1].lost = "deadline";
    c.first().module_gone = false;
    const auto hangs_at = [&](const char* where, const std::string& function) {
        c.all.sources["ring.c"] = kSource + function;  // from line 7 on
        c.first().hang = {{"cpu 0", {0}, {where}}, {"cpu 0 again", {0}, {where}}};
        const Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        return v.findings[0].line;
    };
    const char *const first = "ring_use+0x4/0x40 [ring]", *const second = "ring_use+0x24/0x40 [ring]";  // lines 10, 11
    CHECK(hangs_at(second, "void ring_use(void)\n{\n\twhile (busy) {\n\t\tif (x)\n\t\t\ty();\n\t}\n}\n") == 9);
    CHECK(hangs_at(first, "void ring_use(void)\n{\n\twhile (busy) {\n\t\tif (x)\n\t\t\ty();\n\t}\n}\n") == 9);
    CHECK(hangs_at(first, "void ring_use(void)\n{\n\ty();\n\twhile (busy)\n\t\ty();\n}\n") == 10);
    CHECK(hangs_at(second, "void ring_use(void)\n{\nagain:\n\ty();\n\tgoto again;\n}\n") == 11);
    CHECK(hangs_at(second, "void ring_use(void)\n{\n\t// while\n\tforward();\n\ty();\n}\n") == 11);
}

TEST_CASE("whoever waits for a lock of a task that has ended falls over that task") {
    Case c;
    const std::string dead_owner =
        line(5, "==================") + line(5, "BUG: KASAN: slab-use-after-free in mutex_spin_on_owner+0x1/0x2") +
        line(5, "Read of size 1 at addr ffff888005685c34 by task cat/5") + line(5, "Call Trace:") + line(5, " <TASK>") +
        line(5, " kasan_report+0x1/0x2") + line(5, " mutex_spin_on_owner+0x1/0x2") + line(5, " __mutex_lock+0x1/0x2") +
        line(5, " ring_use+0x24/0x40 [ring]") + line(5, " </TASK>") +
        line(5, "The buggy address belongs to the object at ffff888005685c00") +
        line(5, " which belongs to the cache task_struct of size 6400") + line(5, "==================");
    c.first().console = dead_owner;
    const Verdict v = c.verdict();
    REQUIRE(classes(v) == "lock-imbalance");
    CHECK(v.findings[0].line == 11);
    c.first().console = oops("ring_use+0x4/0x40 [ring]") + dead_owner;
    CHECK(classes(c.verdict()) == "oops");
}

TEST_CASE("who sleeps in a timer's function is told so, in one finding") {
    Case c;
    const std::string frames = line(5, " msleep+0xb5/0x110") + line(5, " ring_use+0x24/0x40 [ring]") +
                               line(5, " call_timer_fn+0x114/0x240") + line(5, " handle_softirqs+0x22d/0x810") +
                               line(5, " asm_sysvec_apic_timer_interrupt+0x1b/0x20") + line(5, " </TASK>");
    const std::string wrong_state =
        line(5, "------------[ cut here ]------------") + line(5, "DEBUG_LOCKS_WARN_ON(!current->softirqs_enabled)") +
        line(5, "WARNING: kernel/locking/lockdep.c:5795 at check_flags+0x1/0x2, CPU#1: a/5") + line(5, "Call Trace:") +
        line(5, " <TASK>") + frames + line(5, "---[ end trace 0000000000000000 ]---");
    const std::string sleeps = line(5, "BUG: scheduling while atomic: swapper/1/0/0x00000102") +
                               line(5, "locks held by swapper/1/0: 1, on CPU#1:") +
                               line(5, " #0: ffffc90000190c80 (ring.c:10){+.-.}-{0:0}, at: call_timer_fn+0xad/0x240") +
                               line(5, "Call Trace:") + line(5, " <TASK>") + frames;
    c.first().console = wrong_state + sleeps;
    const Verdict v = c.verdict();
    REQUIRE(classes(v) == "sleep-in-atomic");
    CHECK(v.findings[0].title.find("it is made in a timer's function") != std::string::npos);
    CHECK(v.findings[0].line == 11);
    c.first().console = wrong_state;
    CHECK(classes(c.verdict()) == "lock-imbalance");
}

TEST_CASE("a module without an exit can never be unloaded, and it is no news that it cannot be loaded again") {
    Case c;
    c.all.sources["ring.c"] += "module_init(ring_init);\n";
    c.exercise.scenarios[0].steps.push_back(step(StepKind::load));
    c.first().steps.push_back(c.first().steps[0]);
    c.first().steps[2].step = 2;
    c.first().steps[2].error = 17;
    c.first().steps[1].error = 16;
    c.first().module_gone = false;
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "resource-leak");
    CHECK(v.findings[0].title.find("no exit function") != std::string::npos);
    CHECK(v.findings[0].line == 7);
    c.first().steps[1].error = 0;
    c.first().module_gone = true;
    CHECK(classes(c.verdict()) == "load-failed");
}

TEST_CASE("load that fails") {
    Case c;
    c.first().steps[0].error = 22;
    CHECK(classes(c.verdict()) == "load-failed");
    CHECK(c.verdict().findings[0].title.find("EINVAL") != std::string::npos);
    SECTION("as the scenario wants it") {
        c.exercise.scenarios[0].steps[0].errors = {"EINVAL"};
        CHECK(c.verdict().verdict == "pass");
    }
    SECTION("otherwise than the scenario wants it") {
        c.exercise.scenarios[0].steps[0].errors = {"EBUSY"};
        CHECK(classes(c.verdict()) == "wrong-result");
    }
}

TEST_CASE("answers are compared with what the host worked out") {
    Case c;
    Step ioctl = step(StepKind::ioctl);
    ioctl.cmd = "_IOR('r', 1, 8)";
    ioctl.returns = "$n * 2";
    ioctl.out = DataRule{{DataPiece::u32, "$n", "", {}}, {DataPiece::any, "4", "", {}}};
    ioctl.why = "RING_GET returns the count";
    c.exercise.scenarios[0].steps.insert(c.exercise.scenarios[0].steps.begin() + 1, ioctl);
    c.all.runs.clear();
    Run& run = c.run();
    run.values["n"] = int64_t{7};
    StepObservation& seen = run.steps[1];
    seen.value = 14;
    seen.data = std::string("\x07\0\0\0abcd", 8);
    CHECK(c.verdict().verdict == "pass");
    auto title = [&] {
        auto v = c.verdict();
        REQUIRE(v.findings.size() == 1);
        return v.findings[0].finding_class + ": " + v.findings[0].title;
    };
    SECTION("value") {
        seen.value = 15;
        CHECK(title().find(
                  "wrong-result: ioctl _IOR('r', 1, 8) returned 15, expected 14 (RING_GET returns the count)") == 0);
    }
    SECTION("bytes") {
        seen.data[1] = 1;
        CHECK(title().find("wrong data from byte 1: 010000, expected 000000") != std::string::npos);
    }
    SECTION("too short") {
        seen.data.resize(3);
        CHECK(title().find("3 bytes of data, expected 8") != std::string::npos);
    }
    SECTION("error") {
        seen.error = 14;
        CHECK(title().find("failed with EFAULT") != std::string::npos);
    }
    SECTION("what nobody filled in") {
        c.exercise.scenarios[0].steps[1].out->push_back({DataPiece::padding, "3", "", {}});
        seen.data += std::string("\0\x5a\0", 3);
        CHECK(title().find(
                  "user-access: ioctl _IOR('r', 1, 8) gave the program memory of the kernel's: bytes 9 to 10") == 0);
        seen.data.replace(8, 3, std::string(3, '\0'));
        CHECK(c.verdict().verdict == "pass");
    }
    SECTION("behind the user's buffer") {
        seen.overrun = 4;
        CHECK(title().find("user-access: ") == 0);
    }
    SECTION("must fail, does not") {
        c.exercise.scenarios[0].steps[1].errors = {"EINVAL", "EFAULT"};
        CHECK(title().find("expected it to fail with EINVAL or EFAULT") != std::string::npos);
    }
}

TEST_CASE("the call that copied to a program, where there is just one that can have") {
    Observations all;
    all.language = Language::c;
    all.sources["ring.c"] =
        "static ssize_t ring_read(struct file *f)\n"                     // 1
        "{\n"                                                            // 2
        "\treturn copy_to_user(to, ring, 4) ? -EFAULT : 4;\n"            // 3
        "}\n"                                                            // 4
        "static long ring_get(void __user *to)\n"                        // 5
        "{\n"                                                            // 6
        "\t/* copy_to_user() */\n"                                       // 7
        "\treturn copy_to_user(to, ring, 8);\n"                          // 8
        "}\n"                                                            // 9
        "static long ring_ioctl(struct file *f, unsigned cmd)\n"         // 10
        "{\n"                                                            // 11
        "\treturn ring_get(NULL);\n"                                     // 12
        "}\n"                                                            // 13
        "static const struct file_operations fops = {\n"                 // 14
        "\t.read = ring_read,\n\t.unlocked_ioctl\t= ring_ioctl,\n};\n";  // 15
    REQUIRE(copy_out(all, StepKind::read));
    CHECK(copy_out(all, StepKind::read)->line == 3);
    REQUIRE(copy_out(all, StepKind::ioctl));
    CHECK(copy_out(all, StepKind::ioctl)->line == 8);
    all.sources["ring.c"] += "static int more(void)\n{\n\treturn put_user(1, p);\n}\n";
    CHECK_FALSE(copy_out(all, StepKind::ioctl));
    CHECK(copy_out(all, StepKind::read)->line == 3);
    all.language = Language::rust;
    all.sources = {{"ring.rs",
                    "fn get(&self) -> Result {\n    writer.write(&answer)\n}\n"
                    "fn read_iter() -> Result<usize> {\n    iov.copy_to_iter(&bytes)\n}\n"}};
    CHECK(copy_out(all, StepKind::ioctl)->line == 2);
    CHECK(copy_out(all, StepKind::read)->line == 5);
    CHECK_FALSE(copy_out({}, StepKind::read));
}

TEST_CASE("fault sweep: what is right") {
    Case c;
    Run& run = c.swept(2);
    run.steps[0].error = 12;
    StepObservation retry = run.steps[0];
    retry.retry = true;
    retry.error = 0;
    retry.fault_fired = false;
    run.steps.insert(run.steps.begin() + 1, retry);
    CHECK(c.verdict().verdict == "pass");
    SECTION("success is fine too") {
        run.steps.erase(run.steps.begin() + 1);
        run.steps[0].error = 0;
        CHECK(c.verdict().verdict == "pass");
    }
    SECTION("another errno is not") {
        run.steps[0].error = 5;
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "error-path");
        CHECK(v.findings[0].fault == "allocation 2 failed");
        CHECK(v.findings[0].title.find("EIO") != std::string::npos);
        c.exercise.scenarios[0].steps[0].fault_errors = {"EIO"};
        CHECK(c.verdict().verdict == "pass");
    }
    SECTION("the second try must work") {
        run.steps[1].error = 17;
        CHECK(classes(c.verdict()) == "error-path");
    }
    SECTION("a leak on the error path is a leak, and says which call failed") {
        run.live = {leak(24, kInit + 4)};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "memory-leak");
        CHECK(v.findings[0].fault == "allocation 2 failed");
    }
    SECTION("the same leak without a fault is the better witness") {
        run.live = {leak(24, kInit + 4)};
        c.first().live = {leak(24, kInit + 4)};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "memory-leak");
        CHECK(v.findings[0].fault.empty());
    }
    SECTION("the failed call's line, from the injector's own report") {
        run.steps[0].error = 5;
        run.console = line(5, "FAULT_INJECTION: forcing a failure.") + line(5, "name failslab, interval 1") +
                      line(5, "Call Trace:") + line(5, " <TASK>") + line(5, " should_fail_ex+0x1/0x2") +
                      line(5, " init_module+0x10/0x40 [ring]") + line(5, " </TASK>");
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "error-path");
        CHECK(v.findings[0].line == 4);
    }
}

TEST_CASE("what fails in a work item may change answers, and must break nothing") {
    Case c;
    Step read = step(StepKind::read);
    read.returns = "4";
    read.out = DataRule{{DataPiece::padding, "4", "", {}}};
    c.exercise.scenarios[0].steps.insert(c.exercise.scenarios[0].steps.begin() + 1, read);
    c.first().steps.insert(c.first().steps.begin() + 1, StepObservation{1, -1, -1, true});
    c.first().steps[1].value = 4;
    c.first().steps[1].data = std::string(4, '\0');
    c.first().steps[2].step = 2;
    REQUIRE(c.verdict().verdict == "pass");
    Run run = c.first();
    run.background = "failslab";
    run.fail_nth = run.fault_number = 1;
    run.background_fired = true;
    run.console = line(5, "FAULT_INJECTION: forcing a failure.") + line(5, "name failslab, interval 1") +
                  line(5, "Call Trace:") + line(5, " <TASK>") + line(5, " should_fail_ex+0x1/0x2") +
                  line(5, " ring_use+0x10/0x40 [ring]") + line(5, " process_one_work+0x1/0x2") +
                  line(5, " worker_thread+0x1/0x2") + line(5, " kthread+0x1/0x2") + line(5, " </TASK>");
    c.all.runs.push_back(run);
    Run& failed = c.all.runs[1];
    CHECK(c.verdict().verdict == "pass");
    SECTION("answers") {
        failed.steps[1].value = 3;
        failed.steps[1].data.clear();
        CHECK(c.verdict().verdict == "pass");
        failed.steps[1].error = 5;
        CHECK(c.verdict().verdict == "pass");
        failed.steps[0].error = 12;
        CHECK(c.verdict().verdict == "pass");
    }
    SECTION("the kernel's memory in an answer") {
        failed.steps[1].data = "\xcc\xcc\xcc\xcc";
        CHECK(classes(c.verdict()) == "user-access");
    }
    SECTION("a leak, and what had failed where") {
        failed.live = {leak(24, kText + 0x24)};
        const Verdict v = c.verdict();
        REQUIRE(classes(v) == "memory-leak");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].fault == "allocation 1 in a work item failed");
        REQUIRE_FALSE(v.findings[0].related.empty());
        CHECK(v.findings[0].related[0].role == "failed");
        CHECK(v.findings[0].related[0].line == 10);
    }
    SECTION("a caller whom nobody wakes") {
        failed.steps[1].lost = "deadline";
        failed.module_gone = false;
        const Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        CHECK(v.findings[0].fault == "allocation 1 in a work item failed");
    }
}

TEST_CASE("success reported, later answers wrong: the error path's fault, unless they are wrong anyway") {
    Case c;
    Step read = step(StepKind::read);
    read.returns = "4";
    c.exercise.scenarios[0].steps.insert(c.exercise.scenarios[0].steps.begin() + 1, read);
    c.all.runs.clear();
    c.run().steps[1].value = 4;
    c.swept(1).steps[1].value = 0;
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "error-path");
    CHECK(v.findings[0].title.find("reported success though an allocation failed") != std::string::npos);
    SECTION("in the same scenario") {
        c.first().steps[1].value = 0;
        CHECK(classes(c.verdict()) == "wrong-result");
    }
    SECTION("in another, for the same reason") {
        c.exercise.scenarios[0].steps[1].why = "four bytes are read";
        c.exercise.scenarios.push_back(c.exercise.scenarios[0]);
        Run& other = c.run();
        other.scenario = 1;
        other.steps[1].value = 0;
        CHECK(classes(c.verdict()) == "wrong-result");
        c.exercise.scenarios[1].steps[1].why = "another reason";
        CHECK(classes(c.verdict()) == "error-path wrong-result");
    }
}

TEST_CASE("the first cause comes first, its consequences go") {
    Case c;
    SECTION("KASAN, then the oops it led to") {
        c.first().console =
            kasan("slab-use-after-free", "ring_use+0x24/0x40 [ring]") + oops("ring_use+0x4/0x40 [ring]");
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "use-after-free");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].led_to == std::vector<std::string>{"oops: NULL pointer dereferenced (ring.c:10)"});
    }
    SECTION("an oops: nothing that was left behind counts") {
        c.first().console = oops("ring_use+0x4/0x40 [ring]");
        c.first().steps[1].lost = "worker-died";
        c.first().module_gone = false;
        c.first().debug_locks = "0";
        c.first().live = {leak(24, kInit + 4)};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "oops");
        CHECK(v.findings[0].title == "NULL pointer dereferenced");
        CHECK(v.findings[0].line == 10);
    }
    SECTION("who slept with a spinlock gives it back on another CPU") {
        c.first().console = line(5, "BUG: scheduling while atomic: cat/5/0x00000002") + line(5, "Call Trace:") +
                            line(5, " <TASK>") + line(5, " msleep+0x1/0x2") + line(5, " ring_use+0x4/0x40 [ring]") +
                            line(5, " </TASK>") + line(5, "BUG: spinlock wrong CPU on CPU#0, cat/5") +
                            line(5, "Call Trace:") + line(5, " <TASK>") + line(5, " ring_use+0x24/0x40 [ring]") +
                            line(5, " </TASK>");
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "sleep-in-atomic");
        CHECK(v.findings[0].line == 10);
    }
    SECTION("freed on one CPU, while another one says that it does not know the object any more") {
        const auto report = [](int caller, const std::string& what, const std::string& where) {
            return line(caller, "------------[ cut here ]------------") +
                   line(caller, "ODEBUG: " + what + " (active state 0) object: 0000000037aa5218 object type: " +
                                    "timer_list hint: ring_use+0x0/0x80 [ring]") +
                   line(caller, "WARNING: lib/debugobjects.c:632 at debug_print_object+0xea/0x230, CPU#1: cat/5") +
                   line(caller, "Call Trace:") + line(caller, " <TASK>") + line(caller, " " + where) +
                   line(caller, " </TASK>") + line(caller, "---[ end trace 0000000000000000 ]---");
        };
        c.first().console = report(6, "assert_init not available", "ring_use+0x4/0x40 [ring]") +
                            report(5, "free active", "ring_use+0x24/0x40 [ring]");
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "object-lifetime");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].title.find("freed") != std::string::npos);
    }
    SECTION("a lock held, then the next call that waits for it") {
        c.first().console = lock_held("ring_use+0x24/0x40 [ring]");
        c.first().steps[1].lost = "deadline";
        c.first().module_gone = false;
        c.first().hang = {{"worker 1 (D (disk sleep))", {0, 0}, {"__mutex_lock+0x1/0x2", "ring_use+0x4/0x40 [ring]"}}};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "lock-imbalance");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].title.find("&ring->lock") != std::string::npos);
    }
    SECTION("an object that was moved: its lock, then the list beside it") {
        const auto warning = [](const std::string& what, const std::string& at, const std::string& where) {
            return line(5, "------------[ cut here ]------------") + line(5, what) +
                   line(5, "WARNING: " + at + ", CPU#1: cat/5") + line(5, "Call Trace:") + line(5, " <TASK>") +
                   line(5, " " + where) + line(5, " </TASK>") + line(5, "---[ end trace 0000000000000000 ]---");
        };
        const std::string list =
            warning("list_add corruption. prev->next should be next (ffff8880056866d0), but was dffffc0000000000.",
                    "lib/list_debug.c:34 at __list_add_valid_or_report+0xec/0x150", "ring_use+0x24/0x40 [ring]");
        c.first().console = list;
        CHECK(classes(c.verdict()) == "object-lifetime");
        c.first().console =
            warning("DEBUG_LOCKS_WARN_ON(lock->magic != lock)",
                    "kernel/locking/mutex.c:625 at __mutex_lock+0x1713/0x1a60", "ring_use+0x4/0x40 [ring]") +
            list;
        CHECK(classes(c.verdict()) == "lock-imbalance");
    }
    SECTION("an oops, and what the kernel does with the leftovers of its task") {
        c.first().console =
            oops("ring_use+0x4/0x40 [ring]") + kasan("slab-use-after-free", "__mutex_lock+0x1980/0x1a60");
        CHECK(classes(c.verdict()) == "oops");
    }
    SECTION("one line, KASAN in one run and an oops in another") {
        c.first().console = oops("ring_use+0x24/0x40 [ring]");
        c.swept(1).console = kasan("slab-out-of-bounds", "ring_use+0x24/0x40 [ring]");
        CHECK(classes(c.verdict()) == "out-of-bounds");
    }
    SECTION("the same cause in many runs is one finding") {
        for (int i = 1; i < 5; ++i) c.swept(i).console = kasan("slab-use-after-free", "ring_use+0x24/0x40 [ring]");
        c.first().console = kasan("slab-use-after-free", "ring_use+0x24/0x40 [ring]");
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "use-after-free");
        CHECK(v.findings[0].fault.empty());
    }
}

TEST_CASE("hangs") {
    Case c;
    c.first().steps[1].lost = "deadline";
    c.first().module_gone = false;
    CHECK(classes(c.verdict()) == "hang");
    SECTION("on a lock, by the task's stack") {
        c.first().hang = {
            {"cpu 0", {0xffffffff81000000}, {"default_idle"}},
            {"worker 1 (D)", {0, 0, 0}, {"__schedule+0x1/0x2", "__mutex_lock+0x1/0x2", "ring_use+0x24/0x40 [ring]"}}};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "deadlock");
        CHECK(v.findings[0].line == 11);
    }
    SECTION("asleep, by the task's state") {
        c.first().hang = {{"worker 1 (D (disk sleep))", {0}, {"ring_use+0x24/0x40 [ring]"}}};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].title.find("it sleeps") != std::string::npos);
    }
    SECTION("in a loop, by the CPU's") {
        c.first().hang = {{"cpu 0", {kText + 0x24, 0xffffffff81000000}, {"", "do_one_initcall"}}};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].title.find("loop") != std::string::npos);
    }
    SECTION("a lock that a cpu takes just now, and one that it waits for") {
        const HangStack lock = {
            "cpu 0", {1, 1, kText + 0x24}, {"native_queued_spin_lock_slowpath", "_raw_spin_lock", ""}};
        HangStack again = lock;
        again.who = "cpu 0 again";
        c.first().hang = {lock, again};
        CHECK(classes(c.verdict()) == "deadlock");
        again.names = {"", "_raw_spin_lock", ""};
        c.first().hang = {lock, again};
        CHECK(classes(c.verdict()) == "hang");
        c.first().hang = {again, again};
        CHECK(classes(c.verdict()) == "hang");
    }
    SECTION("in a loop whose frame an interrupt that just begins does not show") {
        const HangStack early = {"cpu 0", {1, kText + 0x4}, {"asm_sysvec_apic_timer_interrupt", ""}};
        const HangStack again = {"cpu 0 again", {kText + 0x24, kText + 0x4}, {"", ""}};
        c.first().hang = {early, again};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        CHECK(v.findings[0].line == 11);
    }
    SECTION("in a loop that an interrupt has just come to") {
        c.first().hang = {
            {"cpu 0",
             {1, 1, 1, kText + 0x24, 0xffffffff81000000},
             {"_raw_spin_lock", "tick_nohz_handler", "asm_sysvec_apic_timer_interrupt", "", "do_one_initcall"}}};
        Verdict v = c.verdict();
        REQUIRE(classes(v) == "hang");
        CHECK(v.findings[0].line == 11);
        CHECK(v.findings[0].title.find("loop") != std::string::npos);
    }
}

TEST_CASE("a slow host's stall reports prove nothing") {
    Case c;
    c.first().console = line(5, "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/0:1:9]") +
                        line(5, "RIP: 0010:memset+0x1/0x2") + line(5, "Call Trace:") + line(5, " <TASK>") +
                        line(5, " worker_thread+0x1/0x2") + line(5, " </TASK>");
    CHECK(c.verdict().verdict == "pass");
}

TEST_CASE("the guest ends early") {
    Case c;
    c.first().steps[1].lost = "guest-ended";
    c.first().module_gone = c.first().ledger_read = c.first().resources_read = false;
    c.first().debug_locks = "";
    for (const char* end : {"powered-off", "reset", "panicked", "something new"}) {
        c.first().end = end;
        CHECK(classes(c.verdict()) == "oops");
    }
    c.first().end = "device-failed";
    c.first().hardware_error = "EDU: DMA range 0x40000-0x41fff out of bounds (0x40000-0x40fff)!";
    REQUIRE(classes(c.verdict()) == "dma");
    CHECK(c.verdict().findings[0].title.ends_with("the machine ended: " + c.first().hardware_error));
    c.first().hardware_error = "something else";
    CHECK(classes(c.verdict()) == "oops");
}

TEST_CASE("a detector that does not report a known bug after the run was silenced") {
    Case c;
    c.all.canaries = {{0, "load, unload", "mem", {{"kasan", "reported"}, {"lockdep", "reported"}}, ""}};
    CHECK(c.verdict().verdict == "pass");
    c.all.canaries.push_back(
        {0, "load, unload", "mem", {{"kasan", "silent"}, {"lockdep", "EINVAL"}, {"sleep", "reported"}}, "said"});
    const Verdict v = c.verdict();
    REQUIRE(classes(v) == "tampering");
    CHECK(v.verdict == "fail");
    CHECK(v.findings[0].detector == "canary");
    CHECK(v.findings[0].title == "the detectors did not report a known bad access after the run: kasan, lockdep");
    CHECK(v.findings[0].scenario == "load, unload");
    CHECK(v.findings[0].raw == "said");
}

TEST_CASE("what the module shows without any client is not the client's") {
    Case c;
    c.exercise.clients = {{"keeps-it", "pub fn run() {}\n", true, {}, "keeps it for ever", ""}};
    Observations seen = c.all;
    seen.exercise = "keeps-it";
    seen.runs[0].live.push_back({"slab", 0xffff888000000000, 24, {kText + 0x24}, {""}});
    c.all.clients = {seen};
    CHECK(classes(c.verdict()) == "unsafe-audit");
    Case swept = c;
    swept.swept(1).live = seen.runs[0].live;  // what a failed allocation shows says nothing of the client's run
    CHECK(classes(swept.verdict()).starts_with("unsafe-audit"));
    c.first().live = seen.runs[0].live;
    CHECK(classes(c.verdict()) == "memory-leak");
}

TEST_CASE("a clone whose detectors were not asked grants no pass, and adds nothing to a finding") {
    Case c;
    c.all.canaries = {{0, "load, unload", "mem", {}, ""}};
    CHECK(classes(c.verdict()) == "tampering");
    c.first().live.push_back({"slab", 0xffff888000000000, 24, {kText + 0x24}, {""}});
    CHECK(classes(c.verdict()) == "memory-leak");
}

TEST_CASE("a machine that was powered off stands still; the line is the call") {
    Case c;
    c.first().steps[0].lost = "deadline";
    c.first().steps.pop_back();
    c.first().module_gone = c.first().ledger_read = c.first().resources_read = false;
    c.first().debug_locks = "";
    c.first().console = line(5, "reboot: Power down");
    CHECK(classes(c.verdict()) == "hang");  // anybody can print that
    c.all.sources["ring.c"] = "// kernel_power_off()\nint f(void)\n{\n\tkernel_power_off();\n}\n";
    const Verdict v = c.verdict();
    REQUIRE(classes(v) == "oops");
    CHECK(v.findings[0].title == "the machine was powered off in the middle of the scenario");
    CHECK(v.findings[0].file == "ring.c");
    CHECK(v.findings[0].line == 4);
}

TEST_CASE("a run with a hole in it never passes") {
    Case c;
    auto tampered = [&] {
        CHECK(classes(c.verdict()) == "tampering");
        CHECK(c.verdict().verdict == "fail");
        CHECK(c.verdict().scenarios[0].result == "fail");
    };
    SECTION("no ledger") {
        c.first().ledger_read = false;
        tampered();
    }
    SECTION("incomplete ledger") {
        c.first().ledger_complete = false;
        tampered();
    }
    SECTION("messages that the kernel had to drop") {
        c.first().console = "** 12 printk messages dropped **\n";
        tampered();
    }
    SECTION("a ledger that somebody stopped") {
        c.first().ledger_stopped = true;
        tampered();
    }
    SECTION("a ledger that does not know the module") {
        c.first().module_symbols.clear();
        tampered();
    }
    SECTION("no listing") {
        c.first().resources_read = false;
        tampered();
    }
    SECTION("lockdep off without a word") {
        c.first().debug_locks = "0";
        tampered();
    }
    SECTION("lockdep's state unknown") {
        c.first().debug_locks = "";
        tampered();
    }
    SECTION("flooded console") {
        c.first().console_truncated = true;
        tampered();
    }
    SECTION("no steps") {
        c.first().steps.clear();
        tampered();
    }
    SECTION("bytes that are no reply") {
        c.first().steps[1].lost = "protocol";
        tampered();
    }
    SECTION("an unknown way to be lost") {
        c.first().steps[1].lost = "abducted";
        tampered();
    }
    SECTION("a scenario that was not run") {
        c.exercise.scenarios.push_back(c.exercise.scenarios[0]);
        CHECK(c.verdict().verdict == "fail");
        CHECK(c.verdict().scenarios[1].result == "fail");
    }
    SECTION("nothing was run") {
        c.all.runs.clear();
        CHECK(c.verdict().verdict == "fail");
    }
}

TEST_CASE("what the module says never passes it") {
    Case c;
    c.first().console = line(5, "PASS: everything is fine") + lock_held("ring_use+0x24/0x40 [ring]") + line(5, "PASS");
    CHECK(c.verdict().verdict == "fail");
}

TEST_CASE("build errors, forbidden imports, the unsafe budget") {
    Case c;
    c.all.built = false;
    c.all.runs.clear();
    c.all.diagnostics = {{"warning", "ring.c", 3, 1, "unused", "clang"},
                         {"error", "ring.c", 4, 2, "use of undeclared identifier 'p'", "clang"}};
    Verdict v = c.verdict();
    REQUIRE(classes(v) == "build-error");
    CHECK(v.findings[0].line == 4);
    CHECK(v.findings[0].detector == "clang");
    CHECK(v.scenarios.empty());
    c.all.diagnostics.clear();
    CHECK(classes(c.verdict()) == "build-error");

    Case imports;
    imports.all.imports = {"__kmalloc_noprof", "misc_register"};
    imports.exercise.forbidden_imports = {{"__kmalloc*", "Use the pool."}};
    v = imports.verdict();
    REQUIRE(classes(v) == "build-error");
    CHECK(v.findings[0].line == 4);
    CHECK(v.findings[0].title.find("Use the pool.") != std::string::npos);

    Case rust;
    rust.all.language = Language::rust;
    rust.all.sources = {{"ring.rs", "unsafe impl Send for R {}\nfn a() {\n    unsafe { b() }\n}\n"}};
    rust.all.diagnostics = {{"note", "ring.rs", 1, 1, "implementation of an `unsafe` trait", build::kUnsafe},
                            {"note", "ring.rs", 3, 5, "usage of an `unsafe` block", build::kUnsafe}};
    rust.exercise.unsafe_budget = 2;
    CHECK(rust.verdict().verdict == "pass");
    rust.exercise.unsafe_budget = 1;
    v = rust.verdict();
    REQUIRE(classes(v) == "unsafe-audit");
    CHECK(v.findings[0].line == 3);
    CHECK(v.audit == "unsafe: 1 block, 1 impl, 0 functions; 1 of 4 lines of code (25 %); budget 1");

    // What a tool read in the source and a run showed, on one line: the run is the witness.
    Case both;
    both.all.diagnostics = {{"warning", "ring.c", 4, 1, "dereference of noderef expression", build::kSparse}};
    v = both.verdict();
    REQUIRE(classes(v) == "user-access");
    CHECK(v.findings[0].detector == "sparse");
    CHECK(v.findings[0].scenario.empty());
    both.all.runs[0].console = kasan("user-memory-access", "init_module+0x4/0x40 [ring]");
    v = both.verdict();
    REQUIRE(classes(v) == "user-access");
    CHECK(v.findings[0].line == 4);
    CHECK(v.findings[0].detector == "kasan");

    // Rules name a symbol, what stands for it in the source, or a function of Rust.
    Case words;
    words.all.imports = {"_printk", "_RNvNtCs43vyB533jt3_6kernel5print11call_printk"};
    words.exercise.forbidden_imports = {{"printk", "Be silent."}, {"call_printk", "Be silent, too."}};
    v = words.verdict();
    REQUIRE(v.findings.size() == 2);
    CHECK(v.findings[0].title == "_printk is not allowed here: Be silent.");
    CHECK(v.findings[1].title == "call_printk is not allowed here: Be silent, too.");
}

TEST_CASE("the sources without comments and strings") {
    CHECK(code_only("a /* b */ c // d\ne \"f\\\"g\" 'h' i", Language::c) == "a         c     \ne            i");
    CHECK(code_only("r#\"x \"y\" \"# z 'a 'b' /* /* */ q */ w", Language::rust).find_first_of("xybq") ==
          std::string::npos);
    CHECK(code_only("\"open", Language::c) == "     ");
    CHECK(code_only("/* open", Language::rust) == "       ");
}

TEST_CASE("the same observations give the same verdict, and only classes of the closed list") {
    Case c;
    for (int i = 1; i < 6; ++i) {
        Run& run = c.swept(i);
        run.live = {leak(static_cast<uint64_t>(i), kInit + 4), leak(8, kText + static_cast<uint64_t>(i) * 8)};
        run.console = kasan("slab-out-of-bounds", "ring_use+0x" + std::to_string(i) + "/0x40 [ring]") +
                      oops("init_module+0x4/0x40 [ring]");
    }
    Verdict a = c.verdict(), b = c.verdict();
    REQUIRE(a.findings.size() == b.findings.size());
    for (size_t i = 0; i < a.findings.size(); ++i) {
        CHECK(a.findings[i].title == b.findings[i].title);
        CHECK(a.findings[i].line == b.findings[i].line);
        CHECK(is_finding_class(a.findings[i].finding_class));
    }
}
