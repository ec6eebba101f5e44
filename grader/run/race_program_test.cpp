#include "grader/run/race_program.hpp"

#include <cstring>

#include "grader/exercise/prng.hpp"
#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {

Step race_of(const std::string& lists) {
    const auto exercise = parse_exercise(
        "format = 1\nid = \"a\"\ntitle = \"t\"\nlanguages = [\"c\"]\nminutes = 1\nmodule = \"slots\"\n"
        "[[scenario]]\nname = \"one\"\nvalues = { n = 7 }\n"
        "steps = [{ load = \"\" }, { open = \"/dev/slots\", as = \"f\" }, { race = " +
            lists + " }]\n",
        "x.toml");
    INFO((exercise ? "" : exercise.error().message));
    REQUIRE(exercise);
    return exercise->scenarios.at(0).steps.at(2);
}

const Values kValues = {{"n", int64_t{7}}};
const RacePlace kPlace{"slots", "/run/slots.ko", {{"f", 3u}}, 42, 500};

ferrule_race_call call_at(const std::string& data, size_t at) {
    ferrule_race_call call;
    REQUIRE(data.size() >= at + sizeof call);
    std::memcpy(&call, data.data() + at, sizeof call);
    return call;
}

template <class T>
std::string bytes_of(const T& value) {
    return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

TEST_CASE("a list becomes one message") {
    const Step race = race_of(
        "[[{ ioctl = \"f\", cmd = \"_IOWR('s', 1, 4)\", in = \"u32 $n\", out = [\"u16 7\", \"any 2\"], shared = \"b\", "
        "times = 3 }, { unload = true }],"
        " [{ poke = \"b\", offset = 2, in = \"u16 9\" }, { open = \"/dev/slots\", as = \"g\", may = [\"ENODEV\"] }, "
        "{ delay = \"random 5..9\" }]], rounds = 10");
    const RaceProgram first = make_race_program(race, 0, kValues, kPlace);
    CHECK(first.request.op == FERRULE_RACE);
    CHECK(first.request.worker == 2);
    CHECK(first.request.slot == 0);
    ferrule_race head;
    std::memcpy(&head, first.request.data.data(), sizeof head);
    CHECK(head.seed == 42);
    CHECK(head.lane == 0);
    CHECK(head.lanes == 2);
    CHECK(head.rounds == 10);
    CHECK(head.calls == 2);
    const ferrule_race_call ioctl = call_at(first.request.data, sizeof head);
    CHECK(ioctl.op == FERRULE_IOCTL);
    CHECK(ioctl.borrowed == 4);  // slot 3 of the main sequence
    CHECK(ioctl.shared == 1);
    CHECK(ioctl.times == 3);
    CHECK(ioctl.data_len == 4);
    CHECK(ioctl.mask_len == 4);
    CHECK(ioctl.c == 256);
    CHECK(first.request.data.substr(sizeof head + sizeof ioctl, 8) == std::string("\x07\0\0\0\1\1\0\0", 8));
    const ferrule_race_call unload = call_at(first.request.data, sizeof head + sizeof ioctl + 8);
    CHECK(unload.op == FERRULE_UNLOAD);
    CHECK(unload.text_len == 5);
    CHECK(first.request.data.size() == sizeof head + 2 * sizeof ioctl + 16);

    const RaceProgram second = make_race_program(race, 1, kValues, kPlace);
    CHECK(second.request.worker == 3);
    REQUIRE(second.calls.size() == 4);  // a close is added
    const ferrule_race_call poke = call_at(second.request.data, sizeof head);
    CHECK(poke.op == FERRULE_POKE);
    CHECK(poke.a == 2);
    CHECK(poke.c == 1);
    const ferrule_race_call open = call_at(second.request.data, sizeof head + sizeof poke + 8);
    CHECK(open.op == FERRULE_OPEN);
    CHECK(open.borrowed == 0);
    const ferrule_race_call delay = call_at(second.request.data, sizeof head + 2 * sizeof poke + 8 + 16);
    CHECK(delay.op == FERRULE_DELAY);
    CHECK(delay.a == 5);
    CHECK(delay.b == 9);
}

TEST_CASE("a step whose file is not open is left out") {
    const Step race = race_of("[[{ ioctl = \"f\", cmd = 1 }, { read_file = \"/x\" }]]");
    RacePlace place = kPlace;
    place.files["f"].reset();
    const RaceProgram program = make_race_program(race, 0, kValues, place);
    REQUIRE(program.calls.size() == 1);
    CHECK(program.calls[0].step == 1);
    CHECK(last_step(program, bytes_of(ferrule_race_end{0, 9})) == 1);
    CHECK(last_step(program, bytes_of(ferrule_race_end{77, 9})) == 1);
    CHECK(last_step(program, "x") == 1);
}

TEST_CASE("tallies are read, and believed only as far as they agree with themselves") {
    const Step race = race_of("[[{ read = \"f\", size = 8, out = \"text abc\" }, { lseek = \"f\", offset = 1 }]]");
    const RaceProgram program = make_race_program(race, 0, kValues, kPlace);
    ferrule_tally read = {}, seek = {};
    read.made = 10;
    read.good = 7;
    read.errors[0] = {5, 2};
    read.errors[1] = {19, 1};
    read.values[0] = {3, 6, 1};
    read.values[1] = {0, 1, 4};
    read.outs[0] = {3, 6};
    read.outs[1] = {0, 1};
    seek.made = seek.good = 1;
    seek.values[0] = {1, 1, 1};
    const std::string kept = std::string("abc\0\0\0\0\0", 8) + std::string(8, '\0');
    const std::string good = bytes_of(read) + kept + bytes_of(seek);
    const auto tallies = parse_tallies(program, good);
    REQUIRE(tallies);
    REQUIRE(tallies->size() == 2);
    CHECK(tallies->at(0).good == 7);
    REQUIRE(tallies->at(0).errors.size() == 2);
    CHECK(tallies->at(0).errors[1].error == 19);
    REQUIRE(tallies->at(0).outs.size() == 2);
    CHECK(tallies->at(0).outs[0].data == "abc");
    CHECK(tallies->at(0).outs[1].data.empty());
    CHECK(tallies->at(0).values[1].round == 4);

    CHECK_FALSE(parse_tallies(program, good + "x"));
    CHECK_FALSE(parse_tallies(program, good.substr(0, good.size() - 1)));
    CHECK_FALSE(parse_tallies(program, ""));
    const auto refused = [&](auto change) {
        ferrule_tally bad = read;
        change(bad);
        return !parse_tallies(program, bytes_of(bad) + kept + bytes_of(seek));
    };
    CHECK(refused([](auto& t) { t.good = 8; }));  // more came back than was asked
    CHECK(refused([](auto& t) { t.errors[0].error = -5; }));
    CHECK(refused([](auto& t) { t.errors[0].error = 5000; }));
    CHECK(refused([](auto& t) { t.values[0].count = 60; }));
    CHECK(refused([](auto& t) { t.outs[0].count = 60; }));
    CHECK(refused([](auto& t) { t.overruns = 1; }));  // of how many bytes?
    CHECK(refused([](auto& t) { t.overrun = -1; }));

    Prng random(3);
    for (int i = 0; i < 2000; ++i) {
        std::string any = good;
        for (int n = 0; n < 4; ++n) any[random.below(any.size())] = static_cast<char>(random.below(256));
        any.resize(random.below(2) ? any.size() : random.below(any.size()));
        if (const auto parsed = parse_tallies(program, any)) CHECK(parsed->size() == 2);
    }
}
