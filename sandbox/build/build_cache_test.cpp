#include "sandbox/build/build_cache.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <thread>

#include "sandbox/base/catch.hpp"

namespace ferrule::build {
namespace {

BuildOutcome built(const TempDir& staging, const std::string& key, const std::string& content) {
    REQUIRE(write_file(staging.path() / "ring.ko", content));
    REQUIRE(write_file(staging.path() / "ring.stripped.ko", content + "s"));
    BuildOutcome outcome;
    outcome.ok = true;
    outcome.module = {staging.path() / "ring.ko", staging.path() / "ring.stripped.ko", key, {"kfree", "kmalloc"}};
    outcome.diagnostics = {{"warning", "ring.c", 3, 4, "unused \xff", "clang"}};
    outcome.log = "words\n";
    return outcome;
}

BuildOutcome put(const BuildCache& cache, const std::string& key, const std::string& content) {
    const auto staging = cache.staging();
    REQUIRE(staging);
    auto outcome = cache.publish(staging->path(), built(*staging, key, content), "ring");
    REQUIRE(outcome);
    return *outcome;
}

void age(const fs::path& path, time_t seconds) {
    const timespec then{time(nullptr) - seconds, 0};
    const timespec times[2] = {then, then};
    REQUIRE(utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("a build is found again as it was") {
    const TempDir folder = *TempDir::make();
    const BuildCache cache = *BuildCache::open(folder.path() / "modules");
    CHECK(!cache.find("k1", "ring"));
    const BuildOutcome first = put(cache, "k1", "ELF");
    CHECK(first.module.ko == folder.path() / "modules/k1/ring.ko");
    const auto again = cache.find("k1", "ring");
    REQUIRE(again);
    CHECK(again->ok);
    CHECK(again->module.imports == std::vector<std::string>{"kfree", "kmalloc"});
    CHECK(again->diagnostics.at(0).line == 3);
    CHECK(again->log == "words\n");
    CHECK(*read_file(again->module.ko) == "ELF");
    CHECK(*read_file(again->module.stripped) == "ELFs");
}

TEST_CASE("a damaged build is not found, and replaced by the next") {
    const TempDir folder = *TempDir::make();
    const BuildCache cache = *BuildCache::open(folder.path());
    put(cache, "k1", "ELF");
    for (const char* damage : {"EL", "XLF", ""}) {
        REQUIRE(write_file(folder.path() / "k1/ring.ko", damage));
        CHECK(!cache.find("k1", "ring"));
        put(cache, "k1", "ELF");
        CHECK(cache.find("k1", "ring"));
    }
    for (const char* damage : {"", "{}", "[1", "{\"format\":1,\"files\":[{\"name\":3}]}"}) {
        REQUIRE(write_file(folder.path() / "k1/outcome.json", damage));
        CHECK(!cache.find("k1", "ring"));
    }
}

TEST_CASE("the first of two builds of the same stays") {
    const TempDir folder = *TempDir::make();
    const BuildCache cache = *BuildCache::open(folder.path());
    put(cache, "k1", "first");
    CHECK(*read_file(put(cache, "k1", "later").module.ko) == "first");

    std::vector<std::thread> threads;
    std::atomic<int> good{0};
    for (int i = 0; i < 8; ++i)
        threads.emplace_back([&] {
            const auto staging = cache.staging();
            if (!staging || !write_file(staging->path() / "ring.ko", "x") ||
                !write_file(staging->path() / "ring.stripped.ko", "x"))
                return;
            BuildOutcome outcome;
            outcome.ok = true;
            outcome.module = {staging->path() / "ring.ko", staging->path() / "ring.stripped.ko", "k2", {}};
            if (const auto there = cache.publish(staging->path(), std::move(outcome), "ring");
                there && *read_file(there->module.ko) == "x")
                ++good;
        });
    for (std::thread& thread : threads) thread.join();
    CHECK(good == 8);
}

TEST_CASE("the cache is held to its size, oldest first, and what is in use stays") {
    const TempDir folder = *TempDir::make();
    const BuildCache cache = *BuildCache::open(folder.path(), 160'000);
    for (int i = 0; i < 4; ++i) {
        put(cache, "k" + std::to_string(i), std::string(20'000, 'x'));
        age(folder.path() / ("k" + std::to_string(i)), 40'000 - i);
    }
    put(cache, "now", std::string(20'000, 'x'));
    std::string left;
    for (int i = 0; i < 4; ++i) left += fs::exists(folder.path() / ("k" + std::to_string(i))) ? '1' : '0';
    CHECK(left == "0011");  // 5 x 45 to 49 kB of disk blocks against 160 kB
    CHECK(fs::exists(folder.path() / "now"));

    const BuildCache tiny = *BuildCache::open(folder.path(), 1);
    REQUIRE(tiny.find("k3", "ring"));  // freshens
    tiny.evict();
    CHECK(fs::exists(folder.path() / "k3"));
    CHECK(!fs::exists(folder.path() / "k2"));
    CHECK(fs::exists(folder.path() / "now"));
}

TEST_CASE("a single file is kept the same way") {
    const TempDir folder = *TempDir::make();
    const BuildCache cache = *BuildCache::open(folder.path());
    const auto staging = cache.staging();
    REQUIRE(write_file(staging->path() / "out", "ELF"));
    const auto path = cache.publish_file(staging->path(), staging->path() / "out", "p1", "program");
    REQUIRE(path);
    CHECK(*read_file(*path) == "ELF");
    CHECK(cache.find_file("p1", "program") == *path);
    REQUIRE(write_file(*path, "EL"));
    CHECK(!cache.find_file("p1", "program"));
    CHECK(!cache.find_file("p2", "program"));
}

}  // namespace ferrule::build
