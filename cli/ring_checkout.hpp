// A checkout for tests of the real program: what it looks for in one, and an exercise "ring" in C and in Rust. The
// lessons are the test's own.
#pragma once

#include <fmt/format.h>

#include "sandbox/base/catch.hpp"
#include "sandbox/base/files.hpp"

namespace ferrule::cli {

inline constexpr const char* kRingExercise = R"(format = 1
id = "ring"
title = "A ring"
languages = ["c", "rust"]
minutes = 5
module = "ring"
[[hint]]
class = "build-error"
steps = ["Look at the first line.", "Look at the second."]
[[scenario]]
name = "load"
steps = [{ load = "" }]
)";

inline void put_file(const fs::path& path, const std::string& text) {
    REQUIRE(make_directories(path.parent_path()));
    REQUIRE(write_file(path, text));
}

// Below `root`, an empty folder or none; the exercise belongs to the lesson ownership/leaks.
inline void put_ring_checkout(const fs::path& root) {
    REQUIRE(make_directories(root / "sandbox/base"));
    fs::create_directory_symlink(fs::path(FERRULE_SOURCE_ROOT) / "kernel-image", root / "kernel-image");
    const fs::path exercise = root / "lessons/course/ownership/leaks/ring";
    put_file(exercise / "exercise.toml", kRingExercise);
    for (const char* folder : {"starter", "solution"}) {
        put_file(exercise / "c" / folder / "ring.c", fmt::format("/* {} */\n", folder));
        put_file(exercise / "rust" / folder / "ring.rs", fmt::format("// {}\n", folder));
    }
}

}  // namespace ferrule::cli
