// What makes an answer wrong; shared by the judge of single answers (result.cpp) and of a race's (raced.cpp).
#pragma once

#include <optional>

#include "grader/run/observations.hpp"

namespace ferrule::grader {

struct Wrong {
    std::string what;
    const char* finding_class = "wrong-result";
};

std::string listed(const std::vector<std::string>& names);
bool among(int error, const std::vector<std::string>& names);

// `data` is what came back, or the beginning of it that matters; `length` is of all of it.
std::optional<Wrong> compare_data(const Step& step, std::string_view data, size_t length, const Values& values);

// Of all the calls that a race made of one step, is there a wrong one?
std::optional<Wrong> judge_raced(const Step& step, const RaceTally& tally, const Values& values);

}  // namespace ferrule::grader
