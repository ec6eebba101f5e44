#include "sandbox/base/host_load.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;

TEST_CASE("two tasks a processor are no overload; from there on patience grows with the load") {
    CHECK(overload(0, 2) == 1);
    CHECK(overload(4, 2) == 1);
    CHECK(overload(12, 2) == 3);
    CHECK(overload(30, 2) == 7.5);
    CHECK(overload(1, 0) == 1);
}

TEST_CASE("patience has bounds, and what it cannot make up for is an error that says so") {
    CHECK(patience() >= 1);
    CHECK(patience() <= kMostPatience);
    const Error error = host_busy_error("the build took longer than 360 s");
    CHECK(error.code == "host-busy");
    CHECK(error.message.starts_with("the build took longer than 360 s, and this machine has "));
    CHECK(error.message.find('\n') == std::string::npos);
    CHECK_FALSE(error.hint.empty());
}
