// The runner with real guests: what a scripted one cannot show, that the agent, the kernel and the runner mean the
// same.
#include "grader/run/runner.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "grader/exercise/deep.hpp"
#include "grader/run/leak_scan.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

// A device that echoes, leaks, hangs and oopses on request.
const char kModule[] = R"(
#include <linux/delay.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

static int limit = 1;
module_param(limit, int, 0444);
static char *kept;
static char echo[64];
static DECLARE_WAIT_QUEUE_HEAD(never);
static DECLARE_WAIT_QUEUE_HEAD(written);
static bool has_written;

static ssize_t probe_write(struct file *file, const char __user *data, size_t count, loff_t *offset)
{
	if (count > sizeof(echo))
		return -EMSGSIZE;
	if (copy_from_user(echo, data, count))
		return -EFAULT;
	has_written = true;
	wake_up(&written);
	return count;
}

static ssize_t probe_read(struct file *file, char __user *data, size_t count, loff_t *offset)
{
	count = min(count, sizeof(echo));
	if (wait_event_interruptible(written, has_written))
		return -ERESTARTSYS;
	return copy_to_user(data, echo, count) ? -EFAULT : count;
}

static long probe_ioctl(struct file *file, unsigned int cmd, unsigned long argument)
{
	switch (_IOC_NR(cmd)) {
	case 1: /* writes four bytes more than its size */
		return copy_to_user((void __user *)argument, "0123456789ab", 12) ? -EFAULT : 0;
	case 2:
		wait_event(never, false);
		return 0;
	case 3:
		*(volatile int *)0x10 = 1;
		return 0;
	case 4: {
		char *one = kmalloc(100, GFP_KERNEL), *two;

		if (!one)
			return -ENOMEM;
		two = kmalloc(200, GFP_KERNEL);
		kfree(two);
		if (!two)
			return -ENOMEM; /* and forgets the first */
		kfree(one);
		return 7;
	}
	}
	return -ENOTTY;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE, .write = probe_write, .read = probe_read, .unlocked_ioctl = probe_ioctl,
};
static struct miscdevice device = { .minor = MISC_DYNAMIC_MINOR, .name = "probe", .fops = &operations };

static int __init probe_init(void)
{
	if (limit < 0)
		return -EINVAL;
	kept = kmalloc(24, GFP_KERNEL);
	return kept ? misc_register(&device) : -ENOMEM;
}

static void __exit probe_exit(void)
{
	misc_deregister(&device);
	if (limit != 5)
		kfree(kept);
}

module_init(probe_init);
module_exit(probe_exit);
MODULE_DESCRIPTION("probe");
MODULE_LICENSE("GPL");
)";

const char kProgram[] = R"(
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int fd = open("/dev/probe", O_RDWR);
	printf("%d %s\n", argc, argv[1]);
	return fd >= 0 && write(fd, "x", 1) == 1 ? 5 : 1;
}
)";

build::SourceSet probe() { return {Language::c, "probe", {{"probe.c", kModule}}}; }

Observations observed(const std::string& scenarios, bool deep = false) {
    const auto temp = TempDir::make();
    REQUIRE(temp);
    const fs::path folder = temp->path() / "part" / "lesson" / "probe";
    for (const char* sub : {"c/starter", "c/solution", "tests"}) REQUIRE(make_directories(folder / sub));
    REQUIRE(
        write_file(folder / "exercise.toml",
                   "format = 1\nid = \"probe\"\ntitle = \"t\"\nlanguages = [\"c\"]\nminutes = 1\nmodule = \"probe\"\n" +
                       scenarios));
    REQUIRE(write_file(folder / "tests" / "t.c", kProgram));
    const auto exercise = load_exercise(folder);
    INFO((exercise ? "" : exercise.error().message));
    REQUIRE(exercise);
    NoProgress progress;
    for (const std::string& variant : deep ? deepened(*exercise).kernels : exercise->kernels)
        REQUIRE(image::ensure(variant, progress));
    auto result = observe(deep ? deepened(*exercise) : *exercise, {"probe", Language::c, probe()}, 1, progress);
    INFO((result ? "" : result.error().message));
    REQUIRE(result);
    for (const auto& diagnostic : result->diagnostics) UNSCOPED_INFO(diagnostic.message);
    REQUIRE(result->built);
    return *result;
}

}  // namespace

TEST_CASE("calls, lists in parallel, a test program, writes behind a buffer", "[image]") {
    const Observations seen = observed(R"toml(
[[scenario]]
name = "all well"
values = { n = "random 1..64", msg = "bytes $n" }
steps = [
  { load = "limit=$n" },
  { read_file = "/sys/module/probe/parameters/limit", out = "text $n\n" },
  { open = "/dev/probe", as = "f" },
  { write = "f", in = "bytes $msg", returns = "$n" },
  { write = "f", in = "bytes $msg", count = 65, errors = "EMSGSIZE" },
  { read = "f", size = 64, out = ["bytes $msg", "any 64 - $n"], returns = 64 },
  { ioctl = "f", cmd = "_IOR('p', 1, 8)", out = "text 01234567" },
  { ioctl = "f", cmd = "_IOR('p', 1, 8)", argument = 0, errors = "EFAULT" },
  { parallel = [[{ open = "/dev/probe", as = "a" }, { read = "a", size = 2, times = 50 }], [{ open = "/dev/probe", as = "b" }, { write = "b", in = "text hi", times = 50 }]] },
  { program = "tests/t.c", arguments = ["v$n"], out = "text 2 v$n\n", returns = 5 },
]
[[scenario]]
name = "a list that waits for the other"
steps = [
  { load = "" },
  { parallel = [[{ open = "/dev/probe", as = "a" }, { read = "a", size = 2 }], [{ open = "/dev/probe", as = "b" }, { read_file = "/proc/version" }, { write = "b", in = "text hi" }]] },
]
[[scenario]]
name = "refused"
steps = [{ load = "limit=-1", errors = "EINVAL" }]
)toml");
    REQUIRE(seen.runs.size() == 3);
    for (const Run& run : seen.runs) {
        INFO(run.scenario_name << "\n" << run.console);
        CHECK(run.ledger_read);
        CHECK(run.ledger_complete);
        for (const LedgerEntry& entry : run.live)
            FAIL_CHECK(fmt::format("{}: {}", entry.kind, fmt::join(entry.names, " ")));
        CHECK(run.resources_read);
        CHECK(run.module_gone);
        CHECK(run.debug_locks == "1");
        CHECK(run.end == "running");
        for (const auto& step : run.steps) {
            INFO("step " << step.step << " error " << step.error);
            CHECK(step.attempted);
            CHECK(step.lost.empty());
        }
    }
    const auto& steps = seen.runs[0].steps;
    const int64_t n = std::get<int64_t>(seen.runs[0].values.at("n"));
    CHECK(steps[1].data == std::to_string(n) + "\n");
    CHECK(steps[3].value == n);
    CHECK(steps[4].error == EMSGSIZE);
    CHECK(steps[5].data.substr(0, static_cast<size_t>(n)) == std::get<std::string>(seen.runs[0].values.at("msg")));
    CHECK(steps[6].data == "01234567");
    CHECK(steps[6].overrun == 4);
    CHECK(steps[7].error == EFAULT);
    const StepObservation* program = nullptr;
    for (const auto& step : steps)
        if (step.step == 9) program = &step;
    REQUIRE(program);
    CHECK(program->data == "2 v" + std::to_string(n) + "\n");
    CHECK(program->value == 5);
    CHECK(seen.runs[2].steps.at(0).error == EINVAL);
    CHECK(seen.runs[0].module_symbols.size() > 3);
}

TEST_CASE("leaks, hangs and oopses are seen, each in its clone", "[image]") {
    const Observations seen = observed(R"toml(
[[scenario]]
name = "leak"
steps = [{ load = "limit=5" }]
[[scenario]]
name = "hang"
deadline = 2
steps = [{ load = "" }, { open = "/dev/probe", as = "f" }, { ioctl = "f", cmd = "_IO('p', 2)" }, { close = "f" }]
[[scenario]]
name = "oops"
steps = [{ load = "" }, { open = "/dev/probe", as = "f" }, { ioctl = "f", cmd = "_IO('p', 3)" }, { close = "f" }]
)toml");
    REQUIRE(seen.runs.size() == 3);
    const Run &leak = seen.runs[0], &hang = seen.runs[1], &oops = seen.runs[2];
    REQUIRE(leak.live.size() == 1);
    CHECK(leak.live[0].kind == "slab");
    CHECK(leak.live[0].bytes == 24);
    CHECK(leak.live[0].names.size() == leak.live[0].frames.size());
    CHECK(std::count(leak.live[0].names.begin(), leak.live[0].names.end(), "do_one_initcall") == 1);
    CHECK(leak.module_gone);

    CHECK(hang.steps.back().lost == "deadline");
    CHECK(hang.steps.size() == 3);
    REQUIRE(hang.hang.size() >= 2);
    bool found = false;
    for (const std::string& name : hang.hang.back().names)
        found = found || name.find("probe_ioctl+0x") != std::string::npos;
    CHECK(found);
    CHECK(hang.hang.back().who.starts_with("worker 1 (D"));
    CHECK_FALSE(hang.module_gone);

    CHECK(oops.steps.back().lost == "worker-died");
    CHECK(oops.console.find("probe_ioctl") != std::string::npos);
    CHECK(oops.unload_forced);
}

TEST_CASE("a sweep makes each allocation fail once and no more", "[image]") {
    const Observations seen = observed(R"toml(
[[scenario]]
name = "swept"
steps = [{ load = "" }, { open = "/dev/probe", as = "f" }, { ioctl = "f", cmd = "_IO('p', 4)", sweep = true, returns = 7 }]
)toml");
    REQUIRE(seen.runs.size() == 3);
    CHECK(seen.runs[0].steps[2].fault_points == 2);
    CHECK(seen.runs[0].steps[2].value == 7);
    for (unsigned n = 1; n <= 2; ++n) {
        const Run& run = seen.runs[n];
        CHECK(run.fail_nth == n);
        CHECK(run.fault_number == static_cast<int>(n));
        CHECK(run.steps[2].fault_fired);
        CHECK(run.steps[2].error == ENOMEM);
        CHECK(run.steps[3].retry);
        CHECK(run.steps[3].value == 7);
        CHECK(run.live.size() == (n == 2 ? 1 : 0));
        CHECK(run.module_gone);
    }
}

TEST_CASE("a deep run asks kmemleak, whose own memory is no fault point", "[image]") {
    const std::string scenarios = R"toml(
[[scenario]]
name = "loaded"
steps = [{ load = "", sweep = true }]
)toml";
    const Observations deep = observed(scenarios, true), shallow = observed(scenarios);
    REQUIRE(deep.runs.size() == shallow.runs.size());
    CHECK(deep.runs.size() > 1);
    for (size_t i = 0; i < deep.runs.size(); ++i) {
        INFO(deep.runs[i].console);
        CHECK(deep.runs[i].variant == kDeepVariant);
        // A failing load forgets what it has: then each failure has a run of its own, and these are not scanned.
        CHECK(deep.runs[i].leak_scan == (i == 0 ? "done" : ""));
        CHECK(deep.runs[i].unreferenced.empty());
        CHECK(deep.runs[i].fault_number == shallow.runs[i].fault_number);
        REQUIRE_FALSE(deep.runs[i].steps.empty());
        CHECK(deep.runs[i].steps[0].fault_points == shallow.runs[i].steps[0].fault_points);
    }
    CHECK(shallow.runs[0].steps[0].fault_points > 1);
}

TEST_CASE("kmemleak finds what the module left behind, had the ledger missed it", "[image]") {
    NoProgress progress;
    REQUIRE(image::ensure(kDeepVariant, progress));
    const auto image = image::find(kDeepVariant);
    REQUIRE(image);
    const auto built = build::build_module(*image, probe());
    REQUIRE(built);
    REQUIRE(built->ok);
    const auto ko = read_file(built->module.stripped);
    const auto base = vm::Template::ensure(*image, vm::best_accelerator(*image, progress), progress);
    REQUIRE(ko);
    REQUIRE(base);
    const auto guest = clone_factory(*base)();
    REQUIRE(guest);
    const auto limit = std::chrono::seconds(60);
    REQUIRE((*guest)->put("/run/probe.ko", *ko, limit));
    const auto call = [&](vm::Request request) {
        const auto reply = (*guest)->call(request, limit);
        REQUIRE(reply);
        CHECK(reply->error == 0);
    };
    vm::Request load{FERRULE_LOAD};
    load.text = std::string("/run/probe.ko\0limit=5", 21);
    load.worker = 1;
    vm::Request unload{FERRULE_UNLOAD};
    unload.text = "probe";
    unload.worker = 1;
    // More than once: a pointer that is left on a stack is a pointer to kmemleak.
    constexpr size_t kTimes = 6;
    for (size_t i = 0; i < kTimes; ++i) {
        call(load);
        call(unload);
    }
    Run run;
    REQUIRE(scan_for_leaks(**guest, {}, run));
    CHECK(run.leak_scan == "done");
    INFO((*guest)->console());
    CHECK(run.unreferenced.size() >= kTimes - 2);
    CHECK(run.unreferenced.size() <= kTimes);
    for (const LedgerEntry& entry : run.unreferenced) {
        CHECK(entry.kind == "kmemleak");
        CHECK(entry.bytes == 32);  // the slab's object
    }
}
