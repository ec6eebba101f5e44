#include "grader/exercise/exercise.hpp"

#include "grader/exercise/prng.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

const std::string kHead = R"(format = 1
id = "leaky-slots"
title = "Slots that leak"
languages = ["c", "rust"]
minutes = 20
module = "slots"
)";

// One line more in front of `steps`: the scenario's steps begin at line 11.
std::string with_steps(const std::string& steps,
                       const std::string& values = "n = \"random 1..100\", msg = \"bytes 16\"") {
    return kHead + "[[scenario]]\nname = \"one\"\nvalues = { " + values + " }\nsteps = [\n" + steps + "\n]\n";
}

std::string error_of(const std::string& text) {
    const auto parsed = parse_exercise(text, "x/exercise.toml");
    INFO(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == "exercise-syntax");
    CHECK_FALSE(parsed.error().hint.empty());
    return parsed.error().message;
}

Exercise good(const std::string& text) {
    auto parsed = parse_exercise(text, "x/exercise.toml");
    INFO((parsed ? "" : parsed.error().message));
    REQUIRE(parsed);
    return *parsed;
}

}  // namespace

TEST_CASE("the README's example is read") {
    const Exercise exercise = good(kHead + R"toml(kernels = ["mem"]
[imports]
panic = "A driver does not stop the machine."
"kallsyms_*" = "no"
[unsafe]
budget = 0
[[hint]]
class = "memory-leak"
steps = ["one", "two"]
[[scenario]]
name = "store and read back"
values = { n = "random 1..100", msg = "bytes 16" }
deadline = 5
repeat = 2
steps = [
  { load = "limit=$n", sweep = true },
  { open = "/dev/slots", as = "f" },
  { ioctl = "f", cmd = "_IOWR('s', 1, 16)", in = ["u32 $n", "zeros 12"], out = ["u32 $n", "u32 $n * 2", "any 8"], returns = 0, why = "it must" },
  { write = "f", in = "bytes $msg", returns = "$msg.length", capture = "got" },
  { read = "f", size = 64, out = ["bytes $msg"], returns = "$got" },
  { write = "f", in = ["zeros 5000"], errors = ["EINVAL", "EMSGSIZE"] },
  { write = "f", in = ["bytes $msg"], count = "65536", errors = "EFAULT" },
]
)toml");
    CHECK(exercise.id == "leaky-slots");
    CHECK(exercise.languages == std::vector<Language>{Language::c, Language::rust});
    CHECK(exercise.forbidden_imports.size() == 2);
    CHECK(exercise.unsafe_budget == 0);
    CHECK(exercise.hints.at(0).steps.size() == 2);
    const Scenario& scenario = exercise.scenarios.at(0);
    CHECK(scenario.deadline_seconds == 5);
    CHECK(scenario.repeat == 2);
    CHECK(scenario.at.line == 16);
    // close and unload were added.
    REQUIRE(scenario.steps.size() == 9);
    CHECK(scenario.steps[0].sweep);
    CHECK(scenario.steps[0].fault_errors == std::vector<std::string>{"ENOMEM"});
    CHECK(scenario.steps[2].at.line == 24);
    CHECK(scenario.steps[2].out->size() == 3);
    CHECK(scenario.steps[3].in.at(0).kind == DataPiece::bytes);
    CHECK(scenario.steps[5].errors.size() == 2);
    CHECK(scenario.steps[7].kind == StepKind::close);
    CHECK(scenario.steps[8].kind == StepKind::unload);
}

TEST_CASE("close and unload are added only where the module stays loaded") {
    CHECK(good(with_steps("{ load = \"\" }, { unload = true }")).scenarios[0].steps.size() == 2);
    CHECK(good(with_steps("{ load = \"limit=-1\", errors = [\"EINVAL\"] }")).scenarios[0].steps.size() == 1);
    const auto steps =
        good(with_steps("{ load = \"\" }, { open = \"/dev/a\", as = \"f\" }, { unload = true, errors = [\"EAGAIN\"] }"))
            .scenarios[0]
            .steps;
    CHECK(steps.size() == 5);
    CHECK(good(with_steps("{ load = \"\" }, { unload = true }, { load = \"\" }")).scenarios[0].steps.size() == 4);
}

TEST_CASE("parallel lists have their own files and workers") {
    const auto exercise = good(with_steps(
        "{ load = \"\" },\n{ parallel = [[{ open = \"/dev/a\", as = \"f\" }, { read = \"f\", size = 4, times = 1000, "
        "capture = \"x\" }],"
        " [{ open = \"/dev/a\", as = \"f\" }, { close = \"f\" }]] }, { read_file = \"/proc/x\", returns = \"$x\" }"));
    const Step& step = exercise.scenarios[0].steps[1];
    REQUIRE(step.lanes.size() == 2);
    CHECK(step.lanes[0].size() == 3);  // a close was added
    CHECK(step.lanes[0][1].times == 1000);
    CHECK(step.lanes[1].size() == 2);
}

TEST_CASE("a race uses the main sequence's files, and closes its own") {
    const Exercise exercise = good(with_steps(
        "{ load = \"\" }, { open = \"/dev/x\", as = \"f\" },\n{ race = [[{ ioctl = \"f\", cmd = 1 }], [{ open = "
        "\"/dev/x\", as = \"g\", may = [\"EBUSY\"] }, { read = \"g\", size = 4 }]], seconds = 0.5 },\n{ race = [[{ "
        "unload = true, may = [\"EAGAIN\"] }, { load = \"\" }]], rounds = 9 }"));
    const auto& steps = exercise.scenarios.at(0).steps;
    REQUIRE(steps.size() == 6);  // close and unload are added
    CHECK(steps[2].lanes[0].size() == 1);
    REQUIRE(steps[2].lanes[1].size() == 3);
    CHECK(steps[2].lanes[1][2].kind == StepKind::close);
    CHECK(steps[2].seconds == 0.5);
    CHECK(steps[2].rounds == 0);
    CHECK(steps[3].rounds == 9);
    CHECK(steps[3].lanes[0][0].may == std::vector<std::string>{"EAGAIN"});
    CHECK(steps[3].lanes[0][1].may == std::vector<std::string>{"EEXIST", "EBUSY"});
    CHECK(steps[5].may == std::vector<std::string>{"ENOENT"});
}

TEST_CASE("every mistake names its line, what was found and what was expected") {
    const std::string load = "{ load = \"\" },\n";
    const std::string open = load + "{ open = \"/dev/slots\", as = \"f\" },\n";
    struct Case {
        std::string text, line, found, expected;
    };
    const Case cases[] = {
        {"format = ", "1", "not TOML", "TOML"},
        {"format = t\n", "1", "saw 't?'", "TOML"},
        {"format = 2\n", "1", "integer 2", "1 to 1"},
        {kHead + "modul = 3\n", "7", "\"modul\"", "did you mean \"module\"?"},
        {kHead, "1", "no \"scenario\"", "[[scenario]]"},
        {"format = 1\nid = \"A\"\n", "2", "\"A\"", "a-z"},
        {"format = 1\nid = 3\n", "2", "integer 3", "a string"},
        {"format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = [\"c\", \"ruts\"]\n", "4", "ruts", "c and rust"},
        {"format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = [\"c\",\n\"c\"]\n", "5", "\"c\"", "each once"},
        {"format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = \"c\"\n", "4", "string \"c\"", "array"},
        {kHead + "[imports]\npanic = 1\n", "8", "integer 1", "why"},
        {kHead + "[imports]\n\"a*b*\" = \"x\"\n", "8", "a*b*", "one *"},
        {kHead + "[unsafe]\nbudget = -1\n", "8", "integer -1", "0 to 1000"},
        {kHead + "[[hint]]\nclass = \"memory-leek\"\nsteps = [\"x\"]\n", "8", "memory-leek",
         "did you mean \"memory-leak\"?"},
        {kHead + "[[hint]]\nclass = \"hang\"\n", "7", "no \"steps\"", "sentence"},
        {kHead + "[[scenario]]\nname = \"x\"\n", "7", "no \"steps\"", "load"},
        {kHead + "[[scenario]]\nname = \"x\"\ndeadline = 1000\nsteps = []\n", "9", "integer 1000", "0.1 to 120"},
        {kHead + "[[scenario]]\nname = \"x\"\nrepeat = 0\nsteps = []\n", "9", "integer 0", "1 to 64"},
        {kHead +
             "[[scenario]]\nname = \"x\"\nsteps = [{load=\"\"}]\n[[scenario]]\nname = \"x\"\nsteps = [{load=\"\"}]\n",
         "10", "second scenario", "once"},
        {kHead + "[[scenario]]\nname = \"x\"\nsteps = [3]\n", "9", "integer 3", "only tables"},
        {with_steps("{ open = \"/dev/x\", as = \"f\" }"), "7", "no load", "load"},
        {with_steps("{ laod = \"\" }"), "11", "does not say what to do", "did you mean \"load\"?"},
        {with_steps("{ load = \"\", open = \"/dev/x\" }"), "11", "both", "one of them"},
        {with_steps(load + "{ unload = false }"), "12", "unload = false", "true"},
        {with_steps("{ load = 1 }"), "11", "integer 1", "a string"},
        {with_steps("{ load = \"n=$nobody\" }"), "11", "$nobody", "value"},
        {with_steps(load + "{ open = \"/dev/x\" }"), "12", "no \"as\"", "as = \"f\""},
        {with_steps(load + "{ open = \"dev/x\", as = \"f\" }"), "12", "dev/x", "absolute"},
        {with_steps(load + "{ open = \"/dev/x\", as = \"f\", flags = \"rw\" }"), "12", "\"rw\"", "nonblock"},
        {with_steps(open + "{ open = \"/dev/x\", as = \"f\" }"), "13", "open already", "another name"},
        {with_steps(open + "{ close = \"g\" }"), "13", "\"g\"", "did you mean \"f\"?"},
        {with_steps(open + "{ close = \"f\" },\n{ close = \"f\" }"), "14", "closed before", "open file"},
        {with_steps(open + "{ read = \"f\" }"), "13", "no \"size\"", "bytes"},
        {with_steps(open + "{ read = \"f\", size = true }"), "13", "true", "integer"},
        {with_steps(open + "{ read = \"f\", size = \"$msg\" }"), "13", "which is bytes", "integer"},
        {with_steps(open + "{ read = \"f\", size = 1048576 }"), "13", "1048576", "1048320"},
        {with_steps(open + "{ read = \"f\", size = 4, in = [] }"), "13", "unknown key \"in\"", "size"},
        {with_steps(open + "{ read = \"f\", size = 4, retruns = 4 }"), "13", "\"retruns\"",
         "did you mean \"returns\"?"},
        {with_steps(open + "{ write = \"f\" }"), "13", "no \"in\"", "bytes to write"},
        {with_steps(open + "{ write = \"f\", in = [\"u33 1\"] }"), "13", "u33", "u32"},
        {with_steps(open + "{ write = \"f\", in = [\"u8 1\",\n\"any 4\"] }"), "14", "any 4", "out"},
        {with_steps(open + "{ write = \"f\", in = [\"u8 $n * 100\"] }"), "13", "for u8", "255"},
        {with_steps(open + "{ write = \"f\", in = [\"u8 1\"], count = 0 }"), "13", "0 for \"count\"", "1 to"},
        {with_steps(open + "{ write = \"f\", in = [\"bytes $mgs\"] }"), "13", "$mgs", "value"},
        {with_steps(open + "{ ioctl = \"f\" }"), "13", "no \"cmd\"", "_IOWR"},
        {with_steps(open + "{ ioctl = \"f\", cmd = \"_IOWR('s', 1)\" }"), "13", "_IOWR('s', 1)", "size"},
        {with_steps(open + "{ ioctl = \"f\", cmd = \"_IOR('s', 1, 4)\", out = [\"u64 1\"] }"), "13", "8 bytes",
         "buffer"},
        {with_steps(open + "{ ioctl = \"f\", cmd = \"_IO('s', 1)\", argument = 1, in = [\"u8 1\"] }"), "13",
         "\"argument\"", "a value or a buffer"},
        {with_steps(open + "{ lseek = \"f\", offset = 1, whence = \"start\" }"), "13", "start", "set"},
        {with_steps(open + "{ poll = \"f\", events = \"POLLIN\", timeout = -1 }"), "13", "-1 for \"timeout\"", "0 to"},
        {with_steps(open + "{ mmap = \"f\", size = 0 }"), "13", "0 for \"size\"", "1 to"},
        {with_steps(load + "{ program = \"../x.c\" }"), "12", "../x.c", "below"},
        {with_steps(load + "{ program = \"x.sh\" }"), "12", "x.sh", ".c"},
        {with_steps(load + "{ parallel = [[{ read_file = \"/x\" }]] }"), "12", "1 lists", "2 to 7"},
        {with_steps(load + "{ parallel = [[{ read_file = \"/x\" }],\n[{ load = \"\" }]] }"), "13", "load in a parallel",
         "main sequence"},
        {with_steps(open + "{ parallel = [[{ read_file = \"/x\" }],\n[{ close = \"f\" }]] }"), "14", "\"f\"",
         "in the same list"},
        {with_steps(
             load +
             "{ parallel = [[{ read_file = \"/x\", capture = \"a\" }],\n[{ read_file = \"/x\", capture = \"a\" }]] }"),
         "13", "two parallel lists", "different"},
        {with_steps(load + "{ race = [] }"), "12", "0 lists", "1 to 7"},
        {with_steps(load + "{ race = [[{ program = \"a.c\" }]] }"), "12", "program", "main sequence"},
        {with_steps(load + "{ race = [[{ race = [[{ unload = true }]] }]] }"), "12", "race", "main sequence"},
        {with_steps(load + "{ race = [[{ read_file = \"/x\", capture = \"c\" }]] }"), "12", "capture", "another step"},
        {with_steps(load + "{ race = [[{ unload = true }]], rounds = 5, seconds = 1 }"), "12", "both", "one of them"},
        {with_steps(open + "{ race = [[{ close = \"f\" }]] }"), "13", "did not open", "behind the race"},
        {with_steps(open + "{ race = [[{ poke = \"b\", in = \"u32 1\" }]] }"), "13", "poke", "shared"},
        {with_steps(open + "{ poke = \"b\", in = \"u32 1\" }"), "13", "outside a race", "lists"},
        {with_steps(open + "{ ioctl = \"f\", cmd = \"_IOW('s', 1, 8)\", shared = \"b\" }"), "13", "outside a race",
         "raced"},
        {with_steps(open + "{ race = [[{ ioctl = \"f\", cmd = \"_IOW('s', 1, 8)\", shared = \"b\" }],\n[{ poke = "
                           "\"b\", offset = 6, in = \"u32 1\" }]] }"),
         "14", "byte 6", "lie in it"},
        {with_steps(open + "{ race = [[{ read = \"f\", size = 300000, out = \"zeros 300000\" }]] }"), "13",
         "600000 bytes", "262144"},
        {with_steps(load + "{ delay = \"random 9..5\" }"), "12", "from 9 to 5", "shorter"},
        {with_steps(load + "{ delay = 3000000 }"), "12", "3000000", "2000000"},
        {with_steps(load + "{ delay = \"random\" }"), "12", "random", "$name"},
        {with_steps(load + "{ read_file = \"/x\", may = [\"EIO\"], errors = [\"EIO\"] }"), "12", "may", "alone"},
        {with_steps(load + "{ read_file = \"/x\", errors = [\"EFOO\"] }"), "12", "EFOO", "errno"},
        {with_steps(load + "{ read_file = \"/x\", errors = [] }"), "12", "empty", "errno"},
        {with_steps(load + "{ read_file = \"/x\", errors = [\"EIO\"], returns = 1 }"), "12", "must fail", "one of"},
        {with_steps(load + "{ read_file = \"/x\", capture = \"n\" }"), "12", "taken", "new name"},
        {with_steps(load + "{ read_file = \"/x\", returns = \"1 +\" }"), "12", "nothing", "number"},
        {with_steps(load + "{ read_file = \"/x\", times = 0 }"), "12", "integer 0", "1 to 100000"},
        {with_steps("{ load = \"\", times = 2 }"), "11", "times", "made again"},
        {with_steps(load + "{ read_file = \"/x\", fault_errors = [\"EIO\"] }"), "12", "without a sweep", "sweep"},
        {with_steps("{ load = \"\", sweep = true, errors = [\"EIO\"] }"), "11", "must fail", "one of"},
        {with_steps(load + "{ unload = true, sweep = true }"), "12", "unknown key \"sweep\"", "unload"},
        {with_steps(load, "n = \"random 5..1\""), "9", "range 5..1", "smaller"},
        {with_steps(load, "n = \"randon 1..5\""), "9", "randon", "min"},
        {with_steps(load, "N = 1"), "9", "\"N\"", "a-z"},
        {with_steps(load, "n = true"), "9", "true", "rule"},
        {with_steps(load, "a = \"$b\", b = 1"), "9", "$b", "value"},
        {with_steps("{ load = \"a\\u0000b\" }"), "11", "NUL", "text"},
    };
    for (const Case& one : cases) {
        const std::string message = error_of(one.text);
        INFO(one.text << "\n-> " << message);
        CHECK(message.starts_with("x/exercise.toml:" + one.line + ": found "));
        CHECK(message.find(one.found) != std::string::npos);
        CHECK(message.find(one.expected) != std::string::npos);
        CHECK(message.find('\n') == std::string::npos);
    }
}

TEST_CASE("a damaged file is refused or read, never more than that") {
    const std::string whole = with_steps(
        "{ load = \"a=$n\", sweep = true }, { open = \"/dev/x\", as = \"f\" },\n{ ioctl = \"f\", cmd = \"_IOWR('s', 1, "
        "16)\", in = [\"u32 "
        "$n\", \"bytes $msg 0..4\"], out = \"any 8\", times = 3 },\n{ parallel = [[{ read_file = \"/x\" }], [{ "
        "write_file = \"/y\", in = "
        "\"hex 00\", capture = \"c\" }]] }, { poll = \"f\", events = \"POLLIN | ($n << 2)\" }");
    good(whole);
    const std::string bytes = "\"'[]{}=,.#$\n 0x-9aZ\\\xff";
    Prng random(7);
    size_t read = 0;
    for (int i = 0; i < 4000; ++i) {
        std::string text = whole;
        for (uint64_t changes = 1 + random.below(3); changes > 0; --changes) {
            const size_t at = random.below(text.size());
            switch (random.below(3)) {
                case 0: text[at] = bytes[random.below(bytes.size())]; break;
                case 1: text.erase(at, 1 + random.below(8)); break;
                default: text.insert(at, 1 + random.below(3), bytes[random.below(bytes.size())]);
            }
        }
        const auto parsed = parse_exercise(text, "x.toml");
        if (parsed)
            ++read;
        else
            REQUIRE(parsed.error().message.starts_with("x.toml:"));
    }
    CHECK(read < 4000);
}

TEST_CASE("an exercise on disk: folders, lesson, hash, mutants") {
    const auto temp = TempDir::make();
    REQUIRE(temp);
    const fs::path folder = temp->path() / "course" / "ownership" / "leaks" / "slots";
    const auto put = [&](const fs::path& file, const std::string& text) {
        REQUIRE(make_directories((folder / file).parent_path()));
        REQUIRE(write_file(folder / file, text));
    };
    const std::string toml = with_steps("{ load = \"\" }, { program = \"tests/t.c\" }");
    put("exercise.toml", toml);
    CHECK(load_exercise(folder).error().message.find(":4: found \"c\"") != std::string::npos);
    for (const char* language : {"c", "rust"})
        for (const char* part : {"starter", "solution"})
            put(fs::path(language) / part / (std::string(language) == "c" ? "slots.c" : "slots.rs"), "x\n");
    CHECK(load_exercise(folder).error().message.find("tests/t.c") != std::string::npos);
    put("tests/t.c", "int main(void) { return 0; }\n");
    const auto exercise = load_exercise(folder);
    REQUIRE(exercise);
    CHECK(exercise->lesson == "ownership/leaks");
    CHECK(exercise->solution(Language::rust).filename() == "solution");
    put("tests/t.c", "int main(void) { return 1; }\n");
    CHECK(load_exercise(folder)->source_hash != exercise->source_hash);

    CHECK(load_mutants(*exercise)->empty());
    put("c/mutants/forgets/mutant.toml", "class = \"memory-leak\"\nnote = \"n\"\n");
    CHECK(load_mutants(*exercise).error().message.find("no source") != std::string::npos);
    put("c/mutants/forgets/slots.c", "a\nb;\t// FERRULE: here\nc; // FERRULE: here\n// FERRULE: here it is not\n");
    put("c/mutants/forgets/a.h", "h\n");
    const auto mutants = load_mutants(*exercise);
    REQUIRE(mutants);
    REQUIRE(mutants->size() == 1);
    const Mutant& mutant = mutants->front();
    CHECK(mutant.name == "forgets");
    CHECK(mutant.file == "slots.c");
    CHECK(mutant.line == 2);
    CHECK(mutant.lines.size() == 2);
    CHECK(mutant.sources.module == "slots");
    REQUIRE(mutant.sources.files.size() == 2);
    CHECK(mutant.sources.files[1].text == "a\nb;\nc;\n// FERRULE: here it is not\n");

    put("c/mutants/forgets/mutant.toml", "class = \"memory-leak\"\nnote = \"n\"\nanywhere = true\n");
    CHECK(load_mutants(*exercise).error().message.find(":3: found anywhere") != std::string::npos);
    put("c/mutants/forgets/slots.c", "a\n");
    CHECK(load_mutants(*exercise)->front().line == 0);
    put("c/mutants/forgets/mutant.toml", "class = \"leak\"\nnote = \"n\"\n");
    CHECK(load_mutants(*exercise).error().message.find(":1: found class \"leak\"") != std::string::npos);
    put("c/mutants/forgets/mutant.toml", "class = \"memory-leak\"\nnote = \"n\"\n");
    CHECK(load_mutants(*exercise).error().message.find("FERRULE: here") != std::string::npos);
    put("c/mutants/forgets/notes.txt", "x");
    CHECK(load_mutants(*exercise).error().message.find("notes.txt") != std::string::npos);

    put("more.toml", "[[scenario]]\nname = \"x\"\nsteps = [{ load = \"\" }]\n");
    CHECK(load_scenarios(folder / "more.toml")->size() == 1);
    put("more.toml", "id = \"x\"\n");
    CHECK(load_scenarios(folder / "more.toml").error().message.find("found unknown key \"id\"") != std::string::npos);
    CHECK_FALSE(load_exercise(folder / "nowhere"));
}
