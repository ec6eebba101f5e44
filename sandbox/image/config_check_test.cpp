#include "sandbox/image/config_check.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::image;

namespace {

const char* const kFinal = R"(#
# Automatically generated file; DO NOT EDIT.
#
CONFIG_KASAN=y
CONFIG_KASAN_INLINE=y
# CONFIG_KASAN_OUTLINE is not set
CONFIG_LOG_BUF_SHIFT=17
CONFIG_DEFAULT_HOSTNAME="ferrule"
CONFIG_KUNIT=m
)";

}  // namespace

TEST_CASE("a configuration that gives what was asked for is accepted") {
    CHECK(check_config({{"a.config",
                         "# a comment\nCONFIG_KASAN=y\nCONFIG_KASAN_OUTLINE=n\n# CONFIG_ABSENT is not set\n"
                         "CONFIG_DEFAULT_HOSTNAME=\"ferrule\"\nCONFIG_LOG_BUF_SHIFT=17 \n"}},
                       kFinal));
}

TEST_CASE("every option that is not honoured is named, with its fragment and what it became") {
    const auto result =
        check_config({{"base.config", "CONFIG_KASAN=y\nCONFIG_LOG_BUF_SHIFT=18\n"},
                      {"mem.config", "CONFIG_PROVE_LOCKING=y\nCONFIG_KUNIT=y\nCONFIG_KASAN_INLINE=n\n"}},
                     kFinal);
    REQUIRE(!result);
    CHECK(result.error().code == "config-not-honoured");
    CHECK(
        result.error().message ==
        "the kernel does not honour CONFIG_KASAN_INLINE=n (mem.config) became y, CONFIG_KUNIT=y (mem.config) became m, "
        "CONFIG_LOG_BUF_SHIFT=18 (base.config) became 17, CONFIG_PROVE_LOCKING=y (mem.config) became absent");
    CHECK(!result.error().hint.empty());
}

TEST_CASE("the last fragment that sets an option counts") {
    CHECK(check_config({{"a", "CONFIG_KASAN=n\n"}, {"b", "CONFIG_KASAN=y\n"}}, kFinal));
    CHECK(!check_config({{"a", "CONFIG_KASAN=y\n"}, {"b", "# CONFIG_KASAN is not set\n"}}, kFinal));
}

TEST_CASE("an option whose name only begins like another is not taken for it") {
    CHECK(!check_config({{"a", "CONFIG_KASA=y\n"}}, kFinal));
    CHECK(!check_config({{"a", "CONFIG_KASAN=\n"}}, kFinal));
}
