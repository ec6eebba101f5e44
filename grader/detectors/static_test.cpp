// What sparse, the lock analysis, clippy and the hostile clients say -> findings, and what they say that is none.
#include "grader/detectors/detector.hpp"
#include "grader/detectors/source_scan.hpp"
#include "grader/detectors/unsafe_audit.hpp"
#include "grader/exercise/clients.hpp"
#include "sandbox/base/catch.hpp"
#include "sandbox/build/static_checks.hpp"

namespace ferrule::grader {
namespace {

struct Case {
    Exercise exercise;
    Observations all;
    Case() {
        all.built = true;
        all.sources["ring.c"] = "";
    }
    void said(const char* tool, int line, const std::string& message, const char* severity = "warning",
              const char* file = "ring.c") {
        all.diagnostics.push_back({severity, file, line, 1, message, tool});
    }
    void sparse(int line, const std::string& message) { said(build::kSparse, line, message); }
    void locks(int line, const std::string& message) { said(build::kLocks, line, message); }
    std::string found(BuildDetector detector) const {
        std::string out;
        for (const Finding& f : detector(exercise, all)) out += f.finding_class + " " + std::to_string(f.line) + "\n";
        return out;
    }
};

std::string spaces(const std::string& expected, const std::string& got) {
    return "incorrect type in argument 1 (different address spaces); expected " + expected + "; got " + got;
}
std::string bases(const std::string& expected, const std::string& got) {
    return "incorrect type in assignment (different base types); expected " + expected + "; got " + got;
}

}  // namespace

TEST_CASE("a pointer to user space that is used as the kernel's") {
    Case c;
    c.sparse(5, "dereference of noderef expression");
    c.sparse(6, spaces("void const *", "int [noderef] __user *p"));
    c.sparse(6, spaces("void const *", "int [noderef] __user *p"));
    c.sparse(7, "cast removes address space '__user' of expression");
    c.sparse(8, "cast removes address space '__iomem' of expression");
    c.sparse(9, spaces("void *", "struct x __rcu *y"));
    CHECK(c.found(detect_sparse) == "user-access 5\nuser-access 6\nuser-access 7\n");
    CHECK(detect_sparse(c.exercise, c.all)[1].title == "p points to user space, and is used here as a kernel pointer");
    // A swapped copy_to_user says both on one line.
    Case swapped;
    swapped.sparse(3, spaces("void [noderef] __user *to", "char *k"));
    swapped.sparse(3, spaces("void const *from", "char [noderef] __user *buf"));
    CHECK(swapped.found(detect_sparse) == "user-access 3\n");
}

TEST_CASE("a declaration without __user is no bug") {
    Case c;
    c.sparse(3, spaces("void const [noderef] __user *from", "struct hdr *"));
    c.sparse(3, "cast removes address space '__user' of expression");
    CHECK(c.found(detect_sparse).empty());
    // A helper whose parameter is plain, and which takes it to copy_to_user.
    Case helper;
    helper.sparse(9, spaces("char *buf", "char [noderef] __user *user"));
    helper.sparse(4, spaces("void [noderef] __user *to", "char *buf"));
    CHECK(helper.found(detect_sparse).empty());
    Case operations;
    operations.sparse(9,
                      "incorrect type in initializer (incompatible argument 2 (different address spaces)); expected "
                      "long ( *read )( ... ); got long ( * )( ... )");
    CHECK(operations.found(detect_sparse).empty());
}

TEST_CASE("numbers of a fixed byte order") {
    Case c;
    c.sparse(1, "restricted __le32 degrades to integer");
    c.sparse(2, bases("unsigned int [usertype] a", "restricted __le32 [usertype] len"));
    c.sparse(3, bases("restricted __be16 [usertype] type", "unsigned int [usertype] v"));
    c.sparse(4, bases("restricted __be16 [usertype] type", "restricted __le16 [usertype] flags"));
    c.sparse(5, "invalid assignment: +=; left side has type unsigned int; right side has type restricted __le32");
    CHECK(c.found(detect_sparse) == "integer 1\ninteger 2\ninteger 3\ninteger 4\ninteger 5\n");
    Case fine;
    fine.sparse(1, bases("unsigned int [usertype] b", "restricted __le32 [usertype]"));  // u32 b = cpu_to_le32(v)
    fine.sparse(2, "cast to restricted __le32");                                         // le32_to_cpu(raw)
    fine.sparse(3, bases("restricted __le32 const [usertype] *p", "unsigned int [usertype] *q"));
    fine.sparse(4, "restricted gfp_t degrades to integer");
    fine.sparse(5, bases("restricted __poll_t", "int"));
    CHECK(fine.found(detect_sparse).empty());
}

TEST_CASE("locks left on some path, and what only looks like it") {
    Case c;
    c.locks(20, "mutex 'm' is not held on every path through here (acquired at ring.c:15)");
    c.locks(30, "spinlock 's' is still held at the end of function (acquired at ring.c:25)");
    c.locks(31, "expecting mutex 'n->lock' to be held at start of each loop (acquired at ring.c:28)");
    c.locks(40, "releasing mutex 'm' that was not held (released at ring.c:39)");
    c.locks(45, "acquiring mutex 'm' that is already held (acquired at ring.c:44)");
    c.locks(50, "__ctx_lock_RCU 'RCU' is not held on every path through here (acquired at ring.c:47)");
    CHECK(c.found(detect_lock_analysis) ==
          "lock-imbalance 15\nlock-imbalance 25\nlock-imbalance 40\ndeadlock 45\nlock-imbalance 47\n");
    const auto findings = detect_lock_analysis(c.exercise, c.all);
    CHECK(findings[0].title == "mutex m is released on some paths and not on others");
    CHECK(findings[4].title.starts_with("the read lock of RCU"));
    CHECK(findings[0].related[0].line == 20);
    // Somebody else releases it: a lock taken for the caller, or known by two names.
    c.locks(60, "releasing mutex 't->lock' that was not held");
    CHECK(c.found(detect_lock_analysis) == "lock-imbalance 25\nlock-imbalance 47\n");
}

TEST_CASE("one name for several locks is not one lock taken twice") {
    const std::string twice = "acquiring mutex 't->lock' that is already held (acquired at ring.c:4)";
    for (const char* source :
         {"void f(void) { t = t->next; }", "list_for_each_entry(t, &all, list) {}", "t++;", "find(&t);"}) {
        Case c;
        c.all.sources["ring.c"] = source;
        c.locks(5, twice);
        INFO(source);
        CHECK(c.found(detect_lock_analysis).empty());
    }
    for (const char* source : {"struct thing *t = file->private_data;", "if (t == x) use(&t->lock); other->t = 4;"}) {
        Case c;
        c.all.sources["ring.c"] = source;
        c.locks(5, twice);
        INFO(source);
        CHECK(c.found(detect_lock_analysis) == "deadlock 5\n");
    }
    Case array;
    array.locks(5, "acquiring mutex 'locks[i]' that is already held (acquired at ring.c:4)");
    CHECK(array.found(detect_lock_analysis).empty());
}

TEST_CASE("the unsafe audit goes by the compiler's word") {
    Case c;
    c.all.language = Language::rust;
    c.all.sources = {{"ring.rs",
                      "// one\nunsafe impl Send for R {}\nfn a() {\n    unsafe {\n        b()\n    }\n}\n\n"
                      "unsafe fn b() {}\nfn c() { unsafe { b() } }\n"}};
    const auto use = [&](int line, const std::string& message) {
        c.said(build::kUnsafe, line, message, "note", "ring.rs");
    };
    use(10, "usage of an `unsafe` block");
    use(4, "usage of an `unsafe` block (to line 6)");
    use(2, "implementation of an `unsafe` trait");
    use(9, "declaration of an `unsafe` function");
    CHECK(c.found(detect_unsafe).empty());
    CHECK(audit_line(c.exercise, c.all) == "unsafe: 2 blocks, 1 impl, 1 function; 4 of 8 lines of code (50 %)");
    c.exercise.unsafe_budget = 2;
    CHECK(c.found(detect_unsafe) == "unsafe-audit 10\n");
    CHECK(audit_line(c.exercise, c.all).ends_with("; budget 2"));
    c.exercise.unsafe_budget = 3;
    CHECK(c.found(detect_unsafe).empty());
    c.said(build::kClippy, 4, "unsafe block missing a safety comment [clippy::undocumented_unsafe_blocks]", "warning",
           "ring.rs");
    CHECK(c.found(detect_unsafe) == "unsafe-audit 4\n");
    CHECK(detect_unsafe(c.exercise, c.all)[0].title == "unsafe block missing a safety comment");
    c.all.language = Language::c;
    CHECK(c.found(detect_unsafe).empty());
    CHECK(audit_line(c.exercise, c.all).empty());
}

TEST_CASE("a SAFETY comment must say something") {
    Case c;
    c.all.language = Language::rust;
    c.all.sources = {{"ring.rs",
                      "// SAFETY: TODO\n"
                      "fn a() {}\n"
                      "// SAFETY:\n"
                      "// `p` points to a value that lives as long as we do.\n"
                      "fn b() { let s = \"// SAFETY: TODO\"; }\n"
                      "/// SAFETY:\n"
                      "fn c() {}\n"
                      "// SAFETY: This is safe.\n"
                      "fn d() {} // SAFETY: fixme later\n"
                      "// Safety first.\n"}};
    CHECK(c.found(detect_unsafe) == "unsafe-audit 1\nunsafe-audit 6\nunsafe-audit 8\nunsafe-audit 9\n");
}

TEST_CASE("hostile clients") {
    Client refused{"two-at-once", "fn f() {}\n", false, {"E0499"}, "lends one value twice", "fn get_mut"};
    Client runs{"past-the-end", "pub fn run() {}\n", true, {}, "answers for no value", "fn get"};
    Case c;
    c.all.language = Language::rust;
    c.all.module = "ring";
    c.all.sources = {{"ring.rs", "// fn get_mut\nfn get_mutable() {}\nfn get_mut<'a>() {}\nfn get() {}\n"}};
    c.exercise.clients = {refused, runs};
    Observations seen = c.all;
    seen.exercise = refused.name;
    seen.built = false;
    seen.diagnostics = {{"error", "ring.rs", 7, 1, "cannot borrow `r` as mutable more than once [E0499]", "rustc"}};
    c.all.clients = {seen};
    CHECK(c.found(detect_clients).empty());

    c.all.clients[0].diagnostics.push_back({"error", "ring.rs", 7, 1, "no method `get_mut` [E0599]", "rustc"});
    CHECK(c.found(detect_clients) == "build-error 3\n");
    c.all.clients[0].diagnostics = {{"error", "ring.rs", 2, 1, "cannot borrow [E0499]", "rustc"}};  // not the client's
    CHECK(c.found(detect_clients) == "build-error 2\n");
    c.all.clients[0].built = true;
    CHECK(c.found(detect_clients) == "unsafe-audit 3\n");
    CHECK(detect_clients(c.exercise, c.all)[0].title ==
          "the safe client two-at-once compiles, and must not: lends one value twice");

    seen.exercise = runs.name;
    seen.built = true;
    seen.diagnostics.clear();
    Run run;
    run.scenario_name = "client past-the-end";
    run.end = "powered-off";
    run.steps = {{.step = 0, .attempted = true, .lost = "guest-ended"}};
    seen.runs = {run};
    c.all.clients = {seen};
    CHECK(c.found(detect_clients) == "unsafe-audit 4\n");
    CHECK(detect_clients(c.exercise, c.all)[0].title.starts_with(
        "reachable from safe code, by the client past-the-end: "));
    // What is blamed by name comes before what only broke somewhere.
    Client no_words{"each-once", "pub fn run() {}\n", true, {}, "dropped twice", ""};
    c.exercise.clients = {no_words, runs};
    Observations first = seen;
    first.exercise = no_words.name;
    c.all.clients = {first, seen};
    CHECK(c.found(detect_clients) == "unsafe-audit 4\nunsafe-audit 0\n");
    // Old recordings and clients that are no more.
    c.exercise.clients.clear();
    CHECK(c.found(detect_clients).empty());
}

}  // namespace ferrule::grader
