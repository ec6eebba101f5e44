#include "sandbox/build/static_checks.hpp"

#include "sandbox/build/builder_fixture.hpp"

namespace ferrule::build {
namespace {

const SourceSet kSet{Language::c, "ring", {{"ring.c", ""}, {"ring.h", ""}}};

std::string text_of(const std::vector<Diagnostic>& found) {
    std::string out;
    for (const Diagnostic& d : found)
        out += fmt::format("{} {} {}:{} {}\n", d.tool, d.severity, d.file, d.line, d.message);
    return out;
}

std::string facts(const BuildOutcome& outcome) {
    std::vector<Diagnostic> ours;
    for (const Diagnostic& d : outcome.diagnostics)
        if (d.tool == kSparse || d.tool == kLocks || d.tool == kClippy || d.tool == kUnsafe || d.tool == "ferrule")
            ours.push_back(d);
    return text_of(ours);
}

}  // namespace

TEST_CASE("what the lock analysis says is taken out of the compile's log") {
    const std::string compile =
        "In file included from ring.c:1:\n"
        "ring.c:9:2: warning: unused variable 'x' [-Wunused-variable]\n"
        "    9 |         int x;\n";
    const std::string locks =
        "ring.c:20:1: warning: mutex 'm' is not held on every path through here [-Wthread-safety-analysis]\n"
        "   20 | }\n"
        "      | ^\n"
        "ring.c:15:2: note: mutex acquired here\n"
        "   15 |         mutex_lock(&m);\n"
        "/usr/src/linux/include/linux/idr.h:191:2: warning: releasing local_lock 'l' that was not held "
        "[-Wthread-safety-analysis]\n"
        "ring.c:31:2: warning: releasing mutex 'm' that was not held [-Wthread-safety-analysis]\n";
    const SplitLog split = split_lock_analysis(locks + compile + "3 warnings generated.\n");
    CHECK(split.rest == compile);
    CHECK(split.locks == locks);
    CHECK(split_lock_analysis(compile + "1 warning generated.\n").rest == compile + "1 warning generated.\n");
    const auto found = read_lock_analysis(kSet, split.locks);
    CHECK(text_of(found) ==
          "clang-locks warning ring.c:20 mutex 'm' is not held on every path through here (acquired at ring.c:15)\n"
          "clang-locks warning ring.c:31 releasing mutex 'm' that was not held\n");
    REQUIRE(found.size() == 2);
    CHECK(noted_place(found[0]).file == "ring.c");
    CHECK(noted_place(found[0]).line == 15);
    CHECK(noted_place(found[1]).file.empty());
}

TEST_CASE("sparse's messages of several lines are one") {
    const auto found = read_sparse(kSet,
                                   "ring.c: note: in included file (through /usr/src/linux/include/linux/io.h):\n"
                                   "/usr/src/linux/include/linux/x.h:3:1: warning: dereference of noderef expression\n"
                                   "ring.c:52:29: warning: incorrect type in argument 2 (different address spaces)\n"
                                   "ring.c:52:29:    expected void const *from\n"
                                   "ring.c:52:29:    got char [noderef] __user *buf\n"
                                   "ring.h:7:1: error: bad constant expression\n"
                                   "ring.c:54:12: warning: dereference of noderef expression\n");
    CHECK(
        text_of(found) ==
        "sparse warning ring.c:52 incorrect type in argument 2 (different address spaces); expected void const *from; "
        "got char [noderef] __user *buf\n"
        "sparse warning ring.c:54 dereference of noderef expression\n");
}

TEST_CASE("commands of the static checks are the recorded ones") {
    Recipe recipe;
    recipe.c.argv = {"clang-19", "-nostdinc", "-Wall", "-mllvm", "-x", "-I/build/include", "-DMODULE"};
    recipe.rust.argv = {"rustc", "--edition=2021"};
    recipe.rust.environment = {"OBJTREE=/build"};
    const Words sparse = sparse_command(recipe);
    const auto has = [](const Words& words, const std::string& word) {
        return std::find(words.begin(), words.end(), word) != words.end();
    };
    CHECK(sparse.front() == "sparse");
    for (const char* word : {"-nostdinc", "-I/build/include", "-DMODULE", "-Wbitwise", kSparseHeader})
        CHECK(has(sparse, word));
    for (const char* word : {"clang-19", "-Wall", "-mllvm", "-x"}) CHECK(!has(sparse, word));
    const Command clippy = clippy_command(recipe);
    CHECK(clippy.argv.front() == "clippy-driver");
    CHECK(clippy.argv[1] == "--edition=2021");
    CHECK(clippy.environment.front() == "OBJTREE=/build");
    CHECK(has(clippy.argv, "clippy::undocumented_unsafe_blocks"));
}

TEST_CASE("a C build says what sparse and the lock analysis saw, and is no other for it", "[image]") {
    const std::string source = R"(#include <linux/cleanup.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/uaccess.h>
static DEFINE_MUTEX(m);
struct head { __le32 len; };
int ring_a(int __user *p, struct head *h, int n);
int ring_a(int __user *p, struct head *h, int n)
{
	mutex_lock(&m);
	if (n)
		return *p;
	n = h->len & 1 ? 1 : 0;
	mutex_unlock(&m);
	return n;
}
int ring_b(int n);
int ring_b(int n)
{
	guard(mutex)(&m);
	return n ? 1 : 2;
}
MODULE_LICENSE("GPL");
)";
    const BuildOutcome outcome = build(c_set({{"ring.c", fresh(source)}}));
    REQUIRE(outcome.ok);
    CHECK(facts(outcome) ==
          "clang-locks warning ring.c:16 mutex 'm' is not held on every path through here (acquired at ring.c:10)\n"
          "sparse warning ring.c:13 restricted __le32 degrades to integer\n"
          "sparse warning ring.c:12 dereference of noderef expression\n");
    CHECK(outcome.log.find("thread-safety") == std::string::npos);
    CHECK(outcome.log.find("generated.") == std::string::npos);
}

TEST_CASE("a source that only the lock analysis cannot take is built without it", "[image]") {
    const BuildOutcome outcome = build(c_set(
        {{"ring.c", fresh("#ifdef WARN_CONTEXT_ANALYSIS\n#error not with this\n#endif\n" + std::string(kRing))}}));
    CHECK(outcome.ok);
    CHECK(outcome.log.find("not with this") == std::string::npos);
}

TEST_CASE("a Rust build says where unsafe is, whatever the source allows itself", "[image]") {
    const std::string source = R"(
struct Raw(*mut u32);
// SAFETY: TODO
unsafe impl Send for Raw {}
impl Raw {
    #[allow(unsafe_code, clippy::undocumented_unsafe_blocks)]
    fn get(&self) -> u32 {
        unsafe {
            *self.0
        }
    }
}
/// Uses it.
pub fn used(n: &mut u32) -> u32 {
    Raw(n).get()
}
)";
    const BuildOutcome outcome = build(rust_set(
        {{"ring.rs", fresh("#![deny(warnings, clippy::all)]\n#![allow(unused)]\n" + std::string(kRust) + source)}}));
    REQUIRE(outcome.ok);
    CHECK(facts(outcome) ==
          "unsafe-code note ring.rs:34 implementation of an `unsafe` trait\n"
          "unsafe-code note ring.rs:38 usage of an `unsafe` block (to line 40)\n"
          "clippy warning ring.rs:38 unsafe block missing a safety comment [clippy::undocumented_unsafe_blocks]\n");
}

}  // namespace ferrule::build
