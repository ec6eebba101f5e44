#include "grader/exercise/expression.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::grader;

namespace {
const Values kValues{{"n", int64_t{7}},
                     {"big", int64_t{9223372036854775807}},
                     {"msg", std::string("\x01\x02\xff", 3)},
                     {"word", std::string("ab")}};
const Scope kScope{{"n", false}, {"big", false}, {"msg", true}, {"word", true}};

int64_t value(const std::string& text) {
    const auto result = evaluate(text, kValues);
    INFO(text << ": " << (result ? "" : result.error().message));
    REQUIRE(result);
    // Whatever has a value is well-formed.
    CHECK(check_expression(text, kScope));
    return *result;
}
std::string error(const std::string& text) {
    const auto result = evaluate(text, kValues);
    INFO(text);
    REQUIRE_FALSE(result);
    return result.error().message;
}
}  // namespace

TEST_CASE("expressions have C's precedence") {
    CHECK(value("1 + 2 * 3") == 7);
    CHECK(value("(1 + 2) * 3") == 9);
    CHECK(value("1 << 2 + 1") == 8);
    CHECK(value("6 & 3 | 8 ^ 1") == (6 & 3 | 8 ^ 1));
    CHECK(value("10 - 3 - 2") == 5);
    CHECK(value("-7 / 2") == -3);
    CHECK(value("-7 % 4") == -3);
    CHECK(value("~0") == -1);
    CHECK(value("- - 3") == 3);
    CHECK(value("0xFf") == 255);
    CHECK(value("'a'") == 97);
    CHECK(value("-9223372036854775807 - 1") == std::numeric_limits<int64_t>::min());
}

TEST_CASE("values, bytes and functions") {
    CHECK(value("$n * 2") == 14);
    CHECK(value("$msg.length") == 3);
    CHECK(value("$msg[2]") == 255);
    CHECK(value("$msg[$n - 7]") == 1);
    CHECK(value("len($word) + sum($msg)") == 2 + 258);
    CHECK(value("min($n, 3, 5)") == 3);
    CHECK(value("max($n)") == 7);
    CHECK(value("POLLIN | POLLOUT") == 5);
}

TEST_CASE("what is no expression says so and never wraps round") {
    CHECK(error("$big + 1").find("64 bits") != std::string::npos);
    CHECK(error("9223372036854775808").find("64 bits") != std::string::npos);
    CHECK(error("$big * 2").find("64 bits") != std::string::npos);
    CHECK(error("(-$big - 1) / -1").find("64 bits") != std::string::npos);
    CHECK(error("3 << 62").find("64 bits") != std::string::npos);
    CHECK(error("1 << 64").find("shift") != std::string::npos);
    CHECK(error("1 >> -1").find("shift") != std::string::npos);
    CHECK(error("1 / ($n - 7)").find("zero") != std::string::npos);
    CHECK(error("1 % 0").find("zero") != std::string::npos);
    CHECK(error("$msg[3]").find("below 3") != std::string::npos);
    CHECK(error("$msg[-1]").find("below 3") != std::string::npos);
    CHECK(error("$msg").find("bytes") != std::string::npos);
    CHECK(error("$n.length").find("integer") != std::string::npos);
    CHECK(error("len($n)").find("integer") != std::string::npos);
    CHECK(error("1 +").find("nothing") != std::string::npos);
    CHECK(error("1 2").find("behind") != std::string::npos);
    CHECK(error("(1").find("\")\"") != std::string::npos);
    CHECK(error("foo").find("foo") != std::string::npos);
    CHECK(error("0x").find("0x") != std::string::npos);
    CHECK(error("'ab").find("one character") != std::string::npos);
    CHECK(error("min()").find("number") != std::string::npos);
    CHECK(error(std::string(5000, '1')).find("1024") != std::string::npos);
    CHECK(error(std::string(500, '(') + "1").find("64 deep") != std::string::npos);
    CHECK(error(std::string(500, '-') + "1").find("64 deep") != std::string::npos);
    CHECK(evaluate("$nobody", kValues).error().code == "unknown-value");
}

TEST_CASE("a check without values finds names and kinds, and needs no arithmetic") {
    CHECK(check_expression("8 / $n", kScope));
    CHECK(check_expression("$msg[100000]", kScope));
    CHECK(check_expression("$nobody", kScope).error().code == "unknown-value");
    CHECK_FALSE(check_expression("$msg + 1", kScope));
    CHECK_FALSE(check_expression("sum($n)", kScope));
    CHECK_FALSE(check_expression("1 +", kScope));
}

TEST_CASE("text takes values") {
    CHECK(expand("limit=$n x=${n}s $$n $word", kValues).value() == "limit=7 x=7s $n ab");
    CHECK(expand("plain", {}).value() == "plain");
    CHECK(expand("$nobody", kValues).error().code == "unknown-value");
    CHECK_FALSE(expand("a $", kValues));
    CHECK_FALSE(expand("${n", kValues));
    CHECK(check_text("limit=$n", kScope));
    CHECK_FALSE(check_text("$nobody", kScope));
}
