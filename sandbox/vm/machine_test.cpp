// With a real guest. Each test that needs one uses the template of the image "mem"; those that break one make
// their own in a cache folder of their own.
#include "sandbox/vm/machine.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstring>

#include <csignal>
#include <cstdlib>
#include <thread>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/interrupt.hpp"
#include "sandbox/vm/template_store.hpp"

using namespace ferrule;
using namespace ferrule::vm;
using namespace std::chrono_literals;

namespace {

constexpr auto kLong = 120s;  // a loaded machine is slow, not wrong

image::Image the_image() {
    auto image = image::find("mem");
    if (!image) FAIL(image.error().message);
    return *image;
}

std::shared_ptr<const Template> the_template() {
    NoProgress quiet;
    auto base = Template::ensure(the_image(), Accelerator::tcg, quiet);
    if (!base) FAIL(base.error().code + ": " + base.error().message);
    return *base;
}

std::unique_ptr<Clone> a_clone(const std::shared_ptr<const Template>& base) {
    auto clone = Clone::start(base);
    if (!clone) FAIL(clone.error().code + ": " + clone.error().message);
    return std::move(*clone);
}

std::unique_ptr<Clone> a_clone() { return a_clone(the_template()); }

Reply asked(Clone& clone, const Request& request) {
    auto reply = clone.call(request, kLong);
    if (!reply) FAIL("lost: " << static_cast<int>(reply.error()) << "\n" << clone.console());
    return *reply;
}

std::string words(std::initializer_list<std::string_view> list) {
    std::string text;
    for (const auto word : list) text.append(word).push_back('\0');
    text.pop_back();
    return text;
}

// An image in a cache of the test's own: templates there can be broken at will.
struct OwnCache {
    TempDir folder = std::move(*TempDir::make({}, "ferrule-vm-test-"));
    image::Image image = the_image();  // found in the real cache first
    std::string before = std::getenv("XDG_CACHE_HOME") ? std::getenv("XDG_CACHE_HOME") : "";

    OwnCache() { setenv("XDG_CACHE_HOME", folder.path().c_str(), 1); }
    ~OwnCache() {
        if (before.empty())
            unsetenv("XDG_CACHE_HOME");
        else
            setenv("XDG_CACHE_HOME", before.c_str(), 1);
    }
    std::shared_ptr<const Template> ensure() const {
        NoProgress quiet;
        auto base = Template::ensure(image, Accelerator::tcg, quiet);
        if (!base) FAIL(base.error().code + ": " + base.error().message);
        return *base;
    }
};

ino_t inode(const fs::path& path) {
    struct stat info;
    REQUIRE(::stat(path.c_str(), &info) == 0);
    return info.st_ino;
}

}  // namespace

TEST_CASE("a clone answers, and its neighbour knows nothing of it", "[image]") {
    const auto base = the_template();
    const auto first = a_clone(base), second = a_clone(base);
    CHECK(first->restore_seconds() > 0);
    CHECK(asked(*first, {.op = FERRULE_HELLO}).value == FERRULE_PROTOCOL_VERSION);
    CHECK(asked(*first, {.op = FERRULE_HELLO}).data == the_image().kernel.release);
    REQUIRE(first->put("/run/mine", "for the first alone", kLong));
    CHECK(asked(*first, {.op = FERRULE_READ_FILE, .worker = 1, .text = "/run/mine"}).data == "for the first alone");
    CHECK(asked(*second, {.op = FERRULE_READ_FILE, .worker = 1, .text = "/run/mine"}).error == ENOENT);
    CHECK(first->end() == End::running);
    CHECK(first->private_bytes() > (1u << 20));
    CHECK(first->private_bytes() < (200u << 20));
}

TEST_CASE("two lists race in the guest, each as often as it was asked to", "[image]") {
    const auto clone = a_clone();
    REQUIRE(clone->put("/run/words", "hello", kLong));
    REQUIRE(asked(*clone, {.op = FERRULE_OPEN, .worker = 1, .slot = 3, .a = O_RDONLY, .text = "/run/words"}).error ==
            0);
    const auto program = [](uint32_t lane, ferrule_race_call call, const std::string& text, const std::string& mask) {
        ferrule_race head = {};
        head.seed = 7;
        head.lane = lane;
        head.lanes = 2;
        head.rounds = 40;
        head.calls = 1;
        call.text_len = static_cast<uint32_t>(text.size());
        call.mask_len = static_cast<uint32_t>(mask.size());
        std::string data(reinterpret_cast<const char*>(&head), sizeof head);
        data.append(reinterpret_cast<const char*>(&call), sizeof call);
        std::string behind = text + mask;
        behind.resize((behind.size() + 7) & ~size_t{7});
        return data + behind;
    };
    ferrule_race_call read = {}, open = {};
    read.op = FERRULE_READ;
    read.borrowed = 1 + 3;
    read.times = 2;
    read.a = 5;
    read.c = 16;
    open.op = FERRULE_OPEN;
    const Request first{.op = FERRULE_RACE, .worker = 2, .data = program(0, read, "", std::string(5, '\1'))};
    const Request second{.op = FERRULE_RACE, .worker = 3, .data = program(1, open, "/run/nothing", "")};
    for (int again = 0; again < 2; ++again) {  // nothing of the first race is left for the second
        const auto id = clone->send(first), other = clone->send(second);
        REQUIRE(id);
        REQUIRE(other);
        const auto reads = clone->receive(*id, kLong), opens = clone->receive(*other, kLong);
        REQUIRE(reads);
        REQUIRE(opens);
        CHECK(reads->error == 0);
        REQUIRE(reads->data.size() == sizeof(ferrule_tally) + 16);
        ferrule_tally tally;
        std::memcpy(&tally, reads->data.data(), sizeof tally);
        CHECK(tally.made == 80);
        CHECK(tally.good == 80);
        CHECK(tally.overruns == 0);
        CHECK(tally.values[0].value == 5);
        CHECK(tally.values[0].count == 80);
        CHECK(tally.outs[0].count == 80);
        CHECK(reads->data.substr(sizeof tally, 5) == "hello");
        REQUIRE(opens->data.size() == sizeof tally);
        std::memcpy(&tally, opens->data.data(), sizeof tally);
        CHECK(tally.made == 40);
        CHECK(tally.good == 0);
        CHECK(tally.errors[0].error == ENOENT);
        CHECK(tally.errors[0].count == 40);
    }
    // The main sequence's file is still open, at its beginning: the race read at an offset.
    CHECK(asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 3, .a = 5, .b = -1}).data == "hello");
    CHECK(asked(*clone, {.op = FERRULE_RACE, .worker = 2, .data = "no program"}).error == EINVAL);
    CHECK(asked(*clone, {.op = FERRULE_STOP}).data.size() == FERRULE_WORKERS * sizeof(ferrule_race_end));
}

TEST_CASE("what a race's calls share is there before any of them", "[image]") {
    const auto clone = a_clone();
    REQUIRE(clone->put("/run/late", "", kLong));
    REQUIRE(clone->put("/run/early", "", kLong));
    for (unsigned slot = 1; const char* path : {"/run/late", "/run/early"})
        REQUIRE(asked(*clone, {.op = FERRULE_OPEN, .worker = 1, .slot = slot++, .a = O_RDWR, .text = path}).error == 0);
    // One list waits and then hands over `data`; the other one writes what stands in the shared memory meanwhile.
    const auto program = [](uint32_t lane, const std::vector<ferrule_race_call>& calls, std::string data) {
        ferrule_race head = {};
        head.lane = lane;
        head.lanes = 2;
        head.rounds = 1;
        head.calls = static_cast<uint32_t>(calls.size());
        std::string out(reinterpret_cast<const char*>(&head), sizeof head);
        for (const auto& call : calls) out.append(reinterpret_cast<const char*>(&call), sizeof call);
        data.resize((data.size() + 7) & ~size_t{7});
        return out + data;
    };
    ferrule_race_call wait = {}, late = {}, early = {};
    wait.op = FERRULE_DELAY;
    wait.a = 100'000;  // microseconds
    late.op = early.op = FERRULE_WRITE;
    late.shared = early.shared = 1;
    late.slot = 1;
    late.borrowed = 1 + 1;
    late.data_len = 5;
    early.slot = 2;
    early.borrowed = 1 + 2;
    early.c = 5;
    for (const std::string data : {"hello", "again"}) {
        const auto id = clone->send({.op = FERRULE_RACE, .worker = 2, .data = program(0, {wait, late}, data)});
        const auto other = clone->send({.op = FERRULE_RACE, .worker = 3, .data = program(1, {early}, "")});
        REQUIRE(id);
        REQUIRE(other);
        const auto waited = clone->receive(*id, kLong), written = clone->receive(*other, kLong);
        REQUIRE(waited);
        REQUIRE(written);
        CHECK(waited->error == 0);
        CHECK(written->error == 0);
        CHECK(asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 2, .a = 5, .b = 0}).data == data);
    }
}

TEST_CASE("files, with their errors", "[image]") {
    const auto clone = a_clone();
    const std::string large = std::string(700'000, 'a') + std::string(700'000, 'b');  // in several pieces
    REQUIRE(clone->put("/run/large", large, kLong));
    const auto read = asked(*clone, {.op = FERRULE_READ_FILE, .worker = 1, .text = "/run/large"});
    CHECK(read.data == large.substr(0, FERRULE_DATA_MAX));
    CHECK((read.flags & FERRULE_TRUNCATED) != 0);
    CHECK_FALSE(clone->put("/etc/passwd", "x", kLong));
    CHECK_FALSE(clone->put("/run/../etc/passwd", "x", kLong));

    CHECK(asked(*clone, {.op = FERRULE_OPEN, .worker = 1, .slot = 2, .a = O_RDWR, .text = "/run/nothing"}).error ==
          ENOENT);
    CHECK(asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 2, .a = 1, .b = -1}).error == EBADF);
    CHECK(asked(*clone,
                {.op = FERRULE_OPEN, .worker = 1, .slot = 2, .a = O_RDWR | O_CREAT, .b = 0600, .text = "/run/file"})
              .error == 0);
    CHECK(asked(*clone, {.op = FERRULE_WRITE, .worker = 1, .slot = 2, .b = -1, .data = "hello"}).value == 5);
    CHECK(asked(*clone, {.op = FERRULE_WRITE, .worker = 1, .slot = 2, .b = 5, .c = 3, .data = "!"}).value == 3);
    CHECK(asked(*clone, {.op = FERRULE_LSEEK, .worker = 1, .slot = 2, .a = 1, .b = SEEK_SET}).value == 1);
    const auto rest = asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 2, .a = 100, .b = -1});
    CHECK(rest.value == 7);
    CHECK(rest.data == std::string("ello!\0\0", 7));
    // The bytes behind the buffer come back as they were.
    CHECK(asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 2, .a = 2, .b = 0, .c = 2}).data == "he\xa5\xa5");
    CHECK(asked(*clone, {.op = FERRULE_READ, .worker = 1, .slot = 2, .a = 2 << 20, .b = 0}).error == EINVAL);
    CHECK(asked(*clone, {.op = FERRULE_POLL, .worker = 1, .slot = 2, .a = 1 /* POLLIN */, .b = 0}).value == 1);
    CHECK(asked(*clone, {.op = FERRULE_MMAP, .worker = 1, .slot = 2, .a = 5, .b = 1 /* PROT_READ */}).data == "hello");
    // A page that the file does not have: a bus fault is an answer, and the worker lives.
    CHECK(asked(*clone, {.op = FERRULE_MMAP, .worker = 1, .slot = 2, .a = 5, .b = 1, .c = 4096}).error == EFAULT);
    CHECK(asked(*clone, {.op = FERRULE_IOCTL, .worker = 1, .slot = 2, .a = 0x5401, .c = 4, .data = "buffer"}).error ==
          ENOTTY);
    // Another worker has its own slots.
    CHECK(asked(*clone, {.op = FERRULE_CLOSE, .worker = 2, .slot = 2}).error == EBADF);
    CHECK(asked(*clone, {.op = FERRULE_CLOSE, .worker = 1, .slot = 2}).error == 0);
    CHECK(asked(*clone, {.op = FERRULE_CLOSE, .worker = 1, .slot = 2}).error == EBADF);
    CHECK(asked(*clone, {.op = FERRULE_LOAD, .worker = 1, .text = words({"/run/large", ""})}).error == ENOEXEC);
    CHECK(asked(*clone, {.op = FERRULE_UNLOAD, .worker = 1, .text = "no_such_module"}).error == ENOENT);
}

TEST_CASE("two listings of an idle guest are the same", "[image]") {
    const auto clone = a_clone();
    const auto first = asked(*clone, {.op = FERRULE_LISTING}), second = asked(*clone, {.op = FERRULE_LISTING});
    CHECK(first.data == second.data);
    CHECK(first.data == the_template()->listing());
    CHECK(first.flags == 0);
    for (const char* line : {"node\t/dev/null\n", "chrdev\t10 misc\n", "kthread\tkthreadd\n", "proc\t/proc/modules\n",
                             "sysfs\t/sys/class/misc\n", "debugfs\t/sys/kernel/debug/failslab\n", "irq\t4 ttyS0\n"})
        CHECK(first.data.find(line) != std::string::npos);
    CHECK(first.data.find("ferrule-worker") == std::string::npos);
    // What has come shows.
    asked(
        *clone,
        {.op = FERRULE_RUN, .worker = 1, .text = words({"/bin/busybox", "mknod", "/dev/left_behind", "c", "1", "3"})});
    CHECK(asked(*clone, {.op = FERRULE_LISTING}).data.find("node\t/dev/left_behind\n") != std::string::npos);
}

TEST_CASE("programs: output, status, deadline", "[image]") {
    const auto clone = a_clone();
    const auto echo =
        asked(*clone, {.op = FERRULE_RUN, .worker = 1, .text = words({"/bin/busybox", "echo", "two words"})});
    CHECK(echo.data == "two words\n");
    CHECK(echo.value == 0);
    const auto status = asked(*clone, {.op = FERRULE_RUN,
                                       .worker = 1,
                                       .text = words({"/bin/busybox", "sh", "-c", "echo out; echo err >&2; exit 3"})});
    CHECK(status.data == "out\nerr\n");
    CHECK(WEXITSTATUS(static_cast<int>(status.value)) == 3);
    const auto endless =
        asked(*clone, {.op = FERRULE_RUN, .worker = 1, .a = 200, .text = words({"/bin/busybox", "sleep", "1000"})});
    CHECK(endless.error == ETIMEDOUT);
    const auto flood = asked(*clone, {.op = FERRULE_RUN,
                                      .worker = 1,
                                      .a = 60'000,
                                      .text = words({"/bin/busybox", "dd", "if=/dev/zero", "bs=65536", "count=20"})});
    CHECK(flood.data.size() == FERRULE_DATA_MAX);
    CHECK((flood.flags & FERRULE_TRUNCATED) != 0);
    CHECK(asked(*clone, {.op = FERRULE_RUN, .worker = 1, .text = "/no/such/program"}).value != 0);
}

TEST_CASE("workers run at once; one that hangs or dies leaves the others alone", "[image]") {
    const auto clone = a_clone();
    const auto sleeping = clone->send({.op = FERRULE_POLL, .worker = 2, .slot = 0, .b = 1'000'000});
    REQUIRE(sleeping);
    CHECK(asked(*clone, {.op = FERRULE_READ_FILE, .worker = 1, .text = "/proc/version"}).error == 0);
    CHECK(asked(*clone, {.op = FERRULE_POLL, .worker = 2, .slot = 0, .b = 0}).error == EBUSY);
    const auto late = clone->receive(*sleeping, 50ms);
    REQUIRE_FALSE(late);
    CHECK(late.error() == Lost::deadline);
    const auto stack = asked(*clone, {.op = FERRULE_STACK, .text = "2"});
    CHECK(stack.error == 0);
    CHECK(stack.data.find("State:\tS") != std::string::npos);
    CHECK(stack.data.find("do_sys_poll") != std::string::npos);
    CHECK(asked(*clone, {.op = FERRULE_KILL, .text = "2"}).error == 0);
    // Its next use is a new one.
    CHECK(asked(*clone, {.op = FERRULE_READ_FILE, .worker = 2, .text = "/proc/version"}).error == 0);

    const auto doomed = clone->send({.op = FERRULE_POLL, .worker = 3, .slot = 0, .b = 1'000'000});
    REQUIRE(doomed);
    CHECK(asked(*clone, {.op = FERRULE_KILL, .text = "3"}).error == 0);
    const auto died = clone->receive(*doomed, kLong);
    REQUIRE(died);
    CHECK((died->flags & FERRULE_WORKER_DIED) != 0);
    CHECK(died->value == SIGKILL);
    CHECK(asked(*clone, {.op = FERRULE_KILL, .text = "3"}).error == ESRCH);
    CHECK(asked(*clone, {.op = FERRULE_STACK, .text = "77"}).error == ESRCH);
}

TEST_CASE("a fault is armed for one call and no other", "[image]") {
    const auto clone = a_clone();
    // No module code is on the stack here, so nothing may fail.
    const auto reply = asked(*clone, {.op = FERRULE_READ_FILE, .worker = 1, .fail_nth = 1, .text = "/proc/version"});
    CHECK(reply.error == 0);
    CHECK((reply.flags & FERRULE_FAULT_FIRED) == 0);
    const auto filter =
        asked(*clone, {.op = FERRULE_READ_FILE, .worker = 1, .text = "/sys/kernel/debug/failslab/require-start"});
    CHECK(filter.data.find("ffffffffa0000000") != std::string::npos);
    // Without the filter the very first allocation of an open fails, and the next call has none armed.
    asked(*clone,
          {.op = FERRULE_WRITE_FILE, .worker = 1, .text = "/sys/kernel/debug/failslab/require-start", .data = "0"});
    asked(*clone, {.op = FERRULE_WRITE_FILE,
                   .worker = 1,
                   .text = "/sys/kernel/debug/failslab/require-end",
                   .data = "0xffffffffffffffff"});
    const auto failed = asked(*clone, {.op = FERRULE_OPEN, .worker = 1, .fail_nth = 1, .text = "/proc/version"});
    CHECK(failed.error == ENOMEM);
    CHECK((failed.flags & FERRULE_FAULT_FIRED) != 0);
    CHECK(asked(*clone, {.op = FERRULE_OPEN, .worker = 1, .text = "/proc/version"}).error == 0);
    clone->drain_console(200ms, 10s);
    CHECK(clone->console().find("FAULT_INJECTION: forcing a failure") != std::string::npos);
}

TEST_CASE("the console is heard and never blocks the guest", "[image]") {
    const auto clone = a_clone();
    asked(*clone, {.op = FERRULE_WRITE_FILE, .worker = 1, .text = "/dev/kmsg", .data = "<1>a word from the test\n"});
    clone->drain_console(300ms, 20s);
    CHECK(clone->console().find("a word from the test") != std::string::npos);
    CHECK_FALSE(clone->console_truncated());
    // More than any buffer on the way holds; the reply comes although nobody asks for the console meanwhile.
    asked(*clone, {.op = FERRULE_WRITE_FILE, .worker = 1, .text = "/proc/sys/kernel/printk_devkmsg", .data = "on"});
    const std::string line = "<1>" + std::string(900, 'x') + "\n";
    asked(*clone, {.op = FERRULE_WRITE_FILE, .worker = 1, .repeat = 1000, .text = "/dev/kmsg", .data = line});
    asked(*clone, {.op = FERRULE_WRITE_FILE, .worker = 1, .text = "/dev/kmsg", .data = "<1>the last word\n"});
    for (int i = 0; i < 60 && clone->console().find("the last word") == std::string::npos; ++i)
        clone->drain_console(500ms, 2s);
    CHECK(clone->console().find("a word from the test") != std::string::npos);
    CHECK(clone->console().find("the last word") != std::string::npos);
    CHECK(clone->console().size() > 200'000);
    CHECK(asked(*clone, {.op = FERRULE_HELLO}).error == 0);
}

TEST_CASE("no byte of the console is lost while the host is busy elsewhere", "[image]") {
    const auto clone = a_clone();
    asked(*clone, {.op = FERRULE_WRITE_FILE, .worker = 1, .text = "/proc/sys/kernel/printk_devkmsg", .data = "on"});
    // 30 kB, as much as four reports of a detector, all of it printed while nobody reads.
    const std::string loop = "i=100; while [ $i -lt 400 ]; do echo \"<1>line $i " + std::string(90, 'x') +
                             " end\" >/dev/kmsg; i=$((i+1)); done";
    clone->send({.op = FERRULE_RUN, .worker = 1, .text = words({"/bin/busybox", "sh", "-c", loop})});
    clone->serve(50ms);
    std::this_thread::sleep_for(4s);
    clone->drain_console(500ms, 20s);
    for (int i = 100; i < 400; ++i) {
        INFO("line " << i << " in " << clone->console().size() << " bytes");
        REQUIRE(clone->console().find(fmt::format("line {} {} end", i, std::string(90, 'x'))) != std::string::npos);
    }
}

TEST_CASE("how a guest ends is seen from outside", "[image]") {
    const auto clone = a_clone();
    const auto end = [&](const Request& request) {
        const auto reply = clone->call(request, kLong);
        for (int i = 0; i < 600 && clone->end() == End::running; ++i) clone->serve(100ms);
        return reply;
    };
    SECTION("reset") {
        const auto reply = end({.op = FERRULE_RUN, .worker = 1, .text = words({"/bin/busybox", "reboot", "-f"})});
        REQUIRE_FALSE(reply);
        CHECK(reply.error() == Lost::guest_ended);
        CHECK(clone->end() == End::reset);
    }
    SECTION("panic") {
        // Process 1 is the agent: without its stack it dies, and that is a panic.
        (void)end({.op = FERRULE_RUN,
                   .worker = 1,
                   .text = words(
                       {"/bin/busybox", "sh", "-c",
                        "r=$(grep stack /proc/1/maps); r=${r%% *}; s=$((0x${r%-*}/4096)); "
                        "dd if=/dev/zero of=/proc/1/mem bs=4096 seek=$s count=$((0x${r#*-}/4096-s)) conv=notrunc"})});
        CHECK(clone->end() == End::panicked);
        CHECK(clone->console().find("Kernel panic") != std::string::npos);
    }
    SECTION("power off as the host asked") {
        (void)end({.op = FERRULE_POWEROFF});
        CHECK(clone->end() != End::running);
    }
    const auto after = clone->call({.op = FERRULE_HELLO}, 1s);
    REQUIRE_FALSE(after);
    CHECK(after.error() == Lost::guest_ended);
    CHECK_FALSE(clone->send({.op = FERRULE_HELLO}));
    CHECK_FALSE(clone->put("/run/x", "x", 1s));
    CHECK(clone->inspect().empty());
}

TEST_CASE("QEMU killed half-way is an observation, not an error", "[image]") {
    const auto clone = a_clone();
    REQUIRE(clone->send({.op = FERRULE_POLL, .worker = 1, .b = 1'000'000}));
    // The one QEMU below us: found by walking down from this process, so that no other test's is hit.
    const auto killed = run({.argv = {"sh", "-c",
                                      fmt::format("ps -eo pid=,ppid=,comm= | awk -v top={} '{{p[$1]=$2; c[$1]=$3}} END "
                                                  "{{for (i in p) {{j=i; while (j>1 && j!=top) j=p[j]; "
                                                  "if (j==top && c[i] ~ /qemu/) print i}}}}' | xargs -r kill -9",
                                                  getpid())}});
    REQUIRE(killed);
    REQUIRE(killed->exit_code == 0);
    const auto reply = clone->call({.op = FERRULE_HELLO}, kLong);
    REQUIRE_FALSE(reply);
    CHECK(reply.error() == Lost::guest_ended);
    CHECK(clone->end() == End::killed);
}

TEST_CASE("the host sees what the processors do", "[image]") {
    const auto clone = a_clone();
    const auto idle = clone->inspect();
    REQUIRE(idle.size() == 2);
    for (const VcpuState& cpu : idle) CHECK(cpu.rip != 0);
    const auto busy =
        clone->send({.op = FERRULE_RUN,
                     .worker = 1,
                     .a = 20'000,
                     .text = words({"/bin/busybox", "sh", "-c", "while :; do cat /proc/kallsyms >/dev/null; done"})});
    REQUIRE(busy);
    size_t deepest = 0;
    for (int i = 0; i < 40 && deepest < 5; ++i) {
        clone->serve(50ms);
        for (const VcpuState& cpu : clone->inspect()) {
            deepest = std::max(deepest, cpu.stack.size());
            for (const uint64_t address : cpu.stack) CHECK(address >= 0xffff800000000000);
        }
    }
    CHECK(deepest >= 5);
    CHECK(asked(*clone, {.op = FERRULE_HELLO}).error == 0);  // it runs on
}

TEST_CASE("the shell of `ferrule run`", "[image]") {
    const auto clone = a_clone();
    const auto fd = clone->open_shell(25, 80, "/run");
    REQUIRE(fd);
    std::string seen;
    const auto type = [&](const std::string& typed, const std::string& until) {
        REQUIRE(write(*fd, typed.data(), typed.size()) == static_cast<ssize_t>(typed.size()));
        for (int i = 0; i < 600 && seen.find(until) == std::string::npos; ++i) {
            clone->serve(100ms, {*fd});
            char bytes[4096];
            const ssize_t n = recv(*fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (n > 0) seen.append(bytes, static_cast<size_t>(n));
        }
    };
    type("stty size; pwd; echo $((6*7)) done\n", "42 done");
    clone->resize_shell(40, 132);
    type("stty size; echo $((7*7)) done\n", "49 done");
    CHECK(seen.find("40 132") != std::string::npos);
    CHECK(seen.find("25 80") != std::string::npos);
    CHECK(seen.find("/run") != std::string::npos);
    CHECK(seen.find("42 done") != std::string::npos);
    REQUIRE(write(*fd, "exit\n", 5) == 5);
    for (int i = 0; i < 600 && clone->end() == End::running; ++i) clone->serve(100ms);
    CHECK(clone->end() != End::running);  // the guest ends with its shell
}

TEST_CASE("an interrupt ends every wait", "[image]") {
    const auto clone = a_clone();
    interrupt_now();
    const auto start = Clock::now();
    const auto lost = clone->call({.op = FERRULE_POLL, .worker = 1, .b = 1'000'000}, kLong);
    clone->drain_console(10s, 60s);
    const auto refused = Clone::start(the_template());
    clear_interrupt();
    REQUIRE_FALSE(lost);
    CHECK(Clock::now() - start < 20s);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "cancelled");
}

TEST_CASE("a template that was damaged is made anew", "[image]") {
    const OwnCache cache;
    auto base = cache.ensure();
    const ino_t made = inode(base->folder() / "sealed");
    CHECK(inode(cache.ensure()->folder() / "sealed") == made);  // found again
    const std::pair<const char*, std::function<bool()>> damages[] = {
        {"ram cut short", [&] { return truncate((base->folder() / "ram").c_str(), 100 << 20) == 0; }},
        {"state cut short", [&] { return truncate((base->folder() / "state").c_str(), 1000) == 0; }},
        {"no seal", [&] { return write_file(base->folder() / "sealed", "not a seal").has_value(); }},
        {"no state", [&] { return fs::remove(base->folder() / "state"); }},
    };
    for (const auto& [what, damage] : damages) {
        INFO(what);
        REQUIRE(damage());
        base = cache.ensure();
        CHECK(fs::file_size(base->folder() / "ram") == 256u << 20);
        CHECK(asked(*a_clone(base), {.op = FERRULE_HELLO}).error == 0);
    }
}

TEST_CASE("a template that breaks after it was looked at is made anew by the clone that finds out", "[image]") {
    const OwnCache cache;
    const auto base = cache.ensure();
    REQUIRE(truncate((base->folder() / "state").c_str(), 5000) == 0);
    CHECK(asked(*a_clone(base), {.op = FERRULE_HELLO}).error == 0);
    REQUIRE(remove_tree(base->folder()));
    CHECK(asked(*a_clone(base), {.op = FERRULE_HELLO}).error == 0);
}

TEST_CASE("templates of images that are gone are removed, the current one stays", "[image]") {
    const OwnCache cache;
    const auto base = cache.ensure();
    const fs::path old = base->folder().parent_path() / std::string(64, 'a');
    REQUIRE(make_directories(old));
    REQUIRE(write_file(old / "ram", std::string(100'000, 'x')));
    const auto freed = remove_templates({cache.image});
    REQUIRE(freed);
    CHECK(*freed >= 100'000);
    CHECK_FALSE(fs::exists(old));
    CHECK(fs::exists(base->folder() / "sealed"));
    CHECK(remove_templates({cache.image}).value() == 0);
    CHECK(remove_templates({}).value() > 1'000'000);
    CHECK_FALSE(fs::exists(base->folder()));
    CHECK(asked(*a_clone(base), {.op = FERRULE_HELLO}).error == 0);
}

TEST_CASE("two processes make one template", "[image]") {
    const OwnCache cache;
    std::array<Result<std::shared_ptr<const Template>>, 2> made = {fail("none", ""), fail("none", "")};
    // flock locks the open file, not the process: two threads meet as two processes do.
    std::vector<std::thread> threads;
    for (auto& result : made)
        threads.emplace_back([&] {
            NoProgress quiet;
            result = Template::ensure(cache.image, Accelerator::tcg, quiet);
        });
    for (auto& thread : threads) thread.join();
    for (const auto& result : made) REQUIRE(result);
    CHECK((*made[0])->folder() == (*made[1])->folder());
    size_t count = 0;
    for (const auto& entry : fs::directory_iterator((*made[0])->folder().parent_path()))
        count += entry.is_directory() ? 1 : 0;
    CHECK(count == 1);
}

TEST_CASE("a kernel that does not boot is an error with its last words", "[image]") {
    OwnCache cache;
    NoProgress quiet;
    SECTION("no init") {
        const fs::path empty = cache.folder.path() / "empty.cpio";
        REQUIRE(write_file(empty, ""));
        cache.image.initramfs = empty;
        const auto base = ensure_template(cache.image, Accelerator::tcg, {}, quiet);
        REQUIRE_FALSE(base);
        CHECK(base.error().code == "guest-boot");
        CHECK(base.error().message.find("anic") != std::string::npos);
    }
    SECTION("no time") {
        const auto base = ensure_template(cache.image, Accelerator::tcg, {1s, 1s}, quiet);
        REQUIRE_FALSE(base);
        CHECK(base.error().code == "guest-boot");
    }
    SECTION("no kernel") {
        cache.image.kernel.vmlinux = cache.folder.path() / "vmlinux";
        REQUIRE(write_file(cache.image.kernel.vmlinux, "no kernel at all"));
        const auto base = ensure_template(cache.image, Accelerator::tcg, {20s, 10s}, quiet);
        REQUIRE_FALSE(base);
        CHECK((base.error().code == "qemu" || base.error().code == "guest-boot"));
        CHECK(base.error().message.find('\n') == std::string::npos);
    }
    // Nothing half-made is left.
    for (const auto& entry : fs::recursive_directory_iterator(cache_dir() / "templates")) FAIL(entry.path());
}

TEST_CASE("FERRULE_ACCEL decides, else KVM has to prove itself and the verdict is remembered", "[image]") {
    const auto image = the_image();
    NoProgress quiet;
    setenv("FERRULE_ACCEL", "tcg", 1);
    CHECK(best_accelerator(image, quiet) == Accelerator::tcg);
    setenv("FERRULE_ACCEL", "kvm", 1);
    CHECK(best_accelerator(image, quiet) == Accelerator::kvm);
    unsetenv("FERRULE_ACCEL");
    const auto found = best_accelerator(image, quiet);
    const auto start = Clock::now();
    CHECK(best_accelerator(image, quiet) == found);
    CHECK(Clock::now() - start < 1s);
}
