// What the parser of exercise.toml needs of the evaluator beyond evaluate(): checks without values.
#pragma once

#include <map>
#include <string>

#include "grader/exercise/exercise.hpp"

namespace ferrule::grader {

inline constexpr size_t kExpressionCap = 1024;  // characters
inline constexpr size_t kDataCap = 1u << 20;    // bytes; the agent's message limit

// Names in scope and whether each is bytes (else an integer).
using Scope = std::map<std::string, bool>;

// Syntax, names and kinds; no arithmetic. Errors of evaluate() and expand() too: code "expression",
// or "unknown-value" for a name that is not there.
Result<void> check_expression(const std::string& expression, const Scope& scope);
Result<void> check_text(const std::string& text, const Scope& scope);

bool is_value_name(std::string_view name);  // [a-z][a-z0-9_]*, at most 32

// values.cpp: "random 1..100" is an integer, "bytes 16" is not. Errors as above.
Result<bool> check_value_rule(const ValueRule& rule, const Scope& scope);

// data.cpp: one piece as it is written; without `at`.
Result<DataPiece> parse_piece(const std::string& text);
Result<void> check_piece(const DataPiece& piece, const Scope& scope);

// What the numbers of a step may be; outside, the guest agent would refuse and the module be blamed.
struct NumberRange {
    int64_t low, high;
};
struct StepRanges {
    NumberRange size, offset, count;
};
StepRanges step_ranges(StepKind kind);

// "A..B" at its "..": both sides, or an error.
Result<std::pair<std::string, std::string>> split_range(const std::string& text);

}  // namespace ferrule::grader
