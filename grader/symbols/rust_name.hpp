// Rust's v0 mangled names, in the short form people speak of: "ProbeDevice::open",
// "<ProbeDevice as MiscDevice>::open", "sleepy", "init::{closure}". Paths lose their crate and
// modules, generics their arguments.
#pragma once

#include <string>
#include <string_view>

namespace ferrule::grader {

// The name as it is when it is no v0 name (C, or damaged).
std::string short_function_name(std::string_view symbol);

}  // namespace ferrule::grader
