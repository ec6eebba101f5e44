#include <set>

#include "grader/exercise/expression.hpp"
#include "grader/exercise/kernel_abi.hpp"
#include "grader/exercise/prng.hpp"
#include "sandbox/base/catch.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>

using namespace ferrule;
using namespace ferrule::grader;

namespace {
const Values kValues{{"n", int64_t{300}}, {"msg", std::string("abcdefgh")}};

Result<Expected> data(std::initializer_list<const char*> pieces, const Values& values = kValues) {
    DataRule rule;
    for (const char* text : pieces) {
        FERRULE_TRY(DataPiece piece, parse_piece(text));
        rule.push_back(std::move(piece));
    }
    return make_data(rule, values);
}
}  // namespace

TEST_CASE("pieces of data, little-endian") {
    CHECK(data({"u8 255", "u16 0x1234", "u32 $n", "u64 -1"})->bytes ==
          std::string("\xff\x34\x12\x2c\x01\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 15));
    CHECK(data({"u32 -2"})->bytes == std::string("\xfe\xff\xff\xff"));
    CHECK(data({"text a b $n\n"})->bytes == "a b 300\n");
    CHECK(data({"hex 00ff A5"})->bytes == std::string("\0\xff\xa5", 3));
    CHECK(data({"zeros 2 + 1", "fill 0x41 2"})->bytes == std::string("\0\0\0AA", 5));
    CHECK(data({"bytes $msg"})->bytes == "abcdefgh");
    CHECK(data({"bytes $msg 2..$msg.length - 1"})->bytes == "cdefg");
    CHECK(data({"bytes $msg 3..3"})->bytes.empty());
    const auto masked = data({"u8 1", "any 2", "u8 3"});
    CHECK(masked->mask == std::string("\1\0\0\1", 4));
    CHECK(masked->bytes.size() == 4);
    const auto padded = data({"u8 1", "padding 3", "u32 2"});
    REQUIRE(padded);
    CHECK(padded->mask == "\1\2\2\2\1\1\1\1");
    CHECK(padded->bytes == std::string("\1\0\0\0\2\0\0\0", 8));
    CHECK(data({})->bytes.empty());
}

TEST_CASE("data that cannot be made is refused") {
    CHECK_FALSE(data({"u8 $n"}));
    CHECK_FALSE(data({"u16 -40000"}));
    CHECK_FALSE(data({"u32 0x100000000"}));
    CHECK_FALSE(data({"hex 0"}));
    CHECK_FALSE(data({"hex 0g"}));
    CHECK_FALSE(data({"zeros -1"}));
    CHECK_FALSE(data({"zeros 1048577"}));
    CHECK_FALSE(data({"zeros 1048576", "u8 1"}));
    CHECK(data({"zeros 1048576"}));
    CHECK_FALSE(data({"fill 256 1"}));
    CHECK_FALSE(data({"fill 1"}));
    CHECK_FALSE(data({"bytes 16"}));
    CHECK_FALSE(data({"bytes $n"}));
    CHECK_FALSE(data({"bytes $msg 5..9"}));
    CHECK_FALSE(data({"bytes $msg 5..4"}));
    CHECK_FALSE(data({"bytes $nobody"}));
    CHECK_FALSE(data({"u128 1"}));
    CHECK_FALSE(data({"u32"}));
}

TEST_CASE("challenges come from the seed alone") {
    const std::vector<ValueRule> rules{{"n", "random 1..100", {}}, {"m", "random u32", {}}, {"msg", "bytes 16", {}},
                                       {"w", "letters 8", {}},     {"t", "text a b", {}},   {"k", "$n * 2", {}},
                                       {"v", "bytes $n", {}}};
    const auto one = make_values(rules, 1), again = make_values(rules, 1), two = make_values(rules, 2);
    REQUIRE((one && again && two));
    CHECK(*one == *again);
    CHECK(one->at("msg") != two->at("msg"));
    CHECK(std::get<int64_t>(one->at("k")) == 2 * std::get<int64_t>(one->at("n")));
    CHECK(static_cast<int64_t>(std::get<std::string>(one->at("v")).size()) == std::get<int64_t>(one->at("n")));
    CHECK(std::get<std::string>(one->at("t")) == "a b");
    // For ever: a change here would change recorded challenges.
    CHECK(Prng(1).next() == 0x910a2dec89025cc1u);
    CHECK(Prng(42).next() == 0xbdd732262feb6e95u);
    // Another value leaves the first as it is.
    CHECK(make_values({rules[2]}, 1)->at("msg") == one->at("msg"));
}

TEST_CASE("random integers reach both ends and no further") {
    std::set<int64_t> seen;
    for (uint64_t seed = 0; seed < 200; ++seed)
        seen.insert(std::get<int64_t>(make_values({{"n", "random -1..2", {}}}, seed)->at("n")));
    CHECK(seen == std::set<int64_t>{-1, 0, 1, 2});
    CHECK(make_values({{"n", "random -9223372036854775807 - 1..9223372036854775807", {}}}, 3));
    CHECK_FALSE(make_values({{"n", "random 2..1", {}}}, 1));
    CHECK_FALSE(make_values({{"n", "bytes 2000000", {}}}, 1));
    CHECK_FALSE(make_values({{"n", "bytes -1", {}}}, 1));
}

TEST_CASE("ioctl numbers are the kernel's") {
    CHECK(ioctl_number("_IOWR('s', 1, 16)").value() == _IOC(_IOC_READ | _IOC_WRITE, 's', 1, 16));
    CHECK(ioctl_number(" _IOR( 0x73 , 0x10 , 4 ) ").value() == _IOC(_IOC_READ, 's', 16, 4));
    CHECK(ioctl_number("_IOW(',', 2, 8)").value() == _IOC(_IOC_WRITE, ',', 2, 8));
    CHECK(ioctl_number("_IO('s', 0)").value() == _IO('s', 0));
    CHECK(ioctl_number("0x5401").value() == 0x5401);
    CHECK(ioctl_size(*ioctl_number("_IOWR('s', 1, 16)")) == 16);
    for (const char* bad : {"", "_IOX('s', 1)", "_IO('s')", "_IO('s', 256)", "_IOR('s', 1)", "_IOR('s', 1, 16384)",
                            "_IOR('s', 1, 16", "-1", "0x100000000", "_IOR(s, 1, 4)"}) {
        INFO(bad);
        CHECK_FALSE(ioctl_number(bad));
    }
}

TEST_CASE("names of the ABI") {
    CHECK(errno_number("EINVAL") == EINVAL);
    CHECK(errno_number("EWOULDBLOCK") == EAGAIN);
    CHECK(errno_number("ENOTSUPP") == 524);
    CHECK_FALSE(errno_number("EINVALID"));
    CHECK_FALSE(errno_number("0"));
    CHECK(errno_name(EFAULT) == "EFAULT");
    CHECK(errno_name(512) == "ERESTARTSYS");
    CHECK(errno_name(9999) == "errno 9999");
    CHECK(open_flags("").value() == O_RDWR);
    CHECK(open_flags("read").value() == O_RDONLY);
    CHECK(open_flags("write+append").value() == (O_WRONLY | O_APPEND));
    CHECK(open_flags("read+write,nonblock").value() == (O_RDWR | O_NONBLOCK));
    CHECK_FALSE(open_flags("nonblock"));
    CHECK_FALSE(open_flags("read+"));
    CHECK_FALSE(open_flags("rw"));
}
