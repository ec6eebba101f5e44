#include <fmt/format.h>

#include <optional>

#include "grader/exercise/expression.hpp"
#include "grader/exercise/prng.hpp"

namespace ferrule::grader {
namespace {

// "random", "bytes", … and what stands behind it; a plain expression has an empty word.
std::pair<std::string, std::string> split_rule(const std::string& text) {
    const size_t space = text.find(' ');
    const std::string word = text.substr(0, space);
    if (word == "random" || word == "bytes" || word == "letters" || word == "text")
        return {word, space == std::string::npos ? "" : text.substr(space + 1)};
    return {"", text};
}

std::optional<int64_t> unsigned_max(const std::string& type) {
    if (type == "u8") return 0xff;
    if (type == "u16") return 0xffff;
    if (type == "u32") return 0xffffffff;
    return std::nullopt;
}

}  // namespace

Result<std::pair<std::string, std::string>> split_range(const std::string& text) {
    const size_t dots = text.find("..");
    if (dots == std::string::npos || dots == 0 || dots + 2 >= text.size())
        return fail("expression", fmt::format("found \"{}\"; expected a range, as 1..100", text));
    return std::pair{text.substr(0, dots), text.substr(dots + 2)};
}

Result<bool> check_value_rule(const ValueRule& rule, const Scope& scope) {
    const auto [word, rest] = split_rule(rule.text);
    if (word == "text") return true;
    if (word == "bytes" || word == "letters") {
        FERRULE_TRY_VOID(check_expression(rest, scope));
        return true;
    }
    if (word == "random") {
        if (unsigned_max(rest)) return false;
        if (rest.find("..") == std::string::npos)
            return fail(
                "expression",
                fmt::format("found \"{}\"; expected \"random A..B\", \"random u8\", \"random u16\" or \"random u32\"",
                            rule.text));
        FERRULE_TRY(const auto range, split_range(rest));
        FERRULE_TRY_VOID(check_expression(range.first, scope));
        FERRULE_TRY_VOID(check_expression(range.second, scope));
        return false;
    }
    FERRULE_TRY_VOID(check_expression(rule.text, scope));
    return false;
}

Result<Values> make_values(const std::vector<ValueRule>& rules, uint64_t seed) {
    Values values;
    for (const ValueRule& rule : rules) {
        // A generator for each name: adding a value to a scenario leaves the others as they were.
        uint64_t purpose = 0xcbf29ce484222325u;
        for (const char c : rule.name) purpose = (purpose ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
        Prng random(derive_seed(seed, purpose));
        const auto [word, rest] = split_rule(rule.text);
        if (word == "text") {
            values[rule.name] = rest;
        } else if (word == "bytes" || word == "letters") {
            FERRULE_TRY(const int64_t length, evaluate(rest, values));
            if (length < 0 || static_cast<uint64_t>(length) > kDataCap)
                return fail("expression",
                            fmt::format("found {} bytes for ${}; expected 0 to {}", length, rule.name, kDataCap));
            std::string bytes(static_cast<size_t>(length), '\0');
            for (char& c : bytes)
                c = word == "bytes" ? static_cast<char>(random.below(256)) : static_cast<char>('a' + random.below(26));
            values[rule.name] = std::move(bytes);
        } else if (word == "random") {
            if (const auto max = unsigned_max(rest)) {
                values[rule.name] = static_cast<int64_t>(random.below(static_cast<uint64_t>(*max) + 1));
                continue;
            }
            FERRULE_TRY(const auto range, split_range(rest));
            FERRULE_TRY(const int64_t low, evaluate(range.first, values));
            FERRULE_TRY(const int64_t high, evaluate(range.second, values));
            if (low > high)
                return fail("expression",
                            fmt::format("found the range {}..{} for ${}; expected the smaller number first", low, high,
                                        rule.name));
            const uint64_t span = static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1;
            values[rule.name] = static_cast<int64_t>(static_cast<uint64_t>(low) + random.below(span));
        } else {
            FERRULE_TRY(const int64_t constant, evaluate(rule.text, values));
            values[rule.name] = constant;
        }
    }
    return values;
}

}  // namespace ferrule::grader
