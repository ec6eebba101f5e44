#include "sandbox/vm/channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <random>
#include <thread>

#include "sandbox/base/catch.hpp"

using namespace ferrule;
using namespace ferrule::vm;

namespace {

// The other end of the channel, played by the test.
struct FakeGuest {
    UniqueFd end;
    Channel channel;

    static FakeGuest make() {
        int fds[2];
        REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
        return {UniqueFd(fds[0]), Channel(UniqueFd(fds[1]))};
    }
    void say(std::string_view bytes) const {
        REQUIRE(send(end.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
    }
};

ferrule_reply header(uint32_t id, uint32_t length = 0) {
    ferrule_reply reply = {};
    reply.magic = FERRULE_REPLY_MAGIC;
    reply.id = id;
    reply.data_len = length;
    return reply;
}

std::string bytes_of(const ferrule_reply& reply, std::string_view data = "") {
    return std::string(reinterpret_cast<const char*>(&reply), sizeof reply) + std::string(data);
}

}  // namespace

TEST_CASE("a request arrives as the protocol lays it out") {
    auto guest = FakeGuest::make();
    const uint32_t id = guest.channel.queue({.op = FERRULE_LOAD,
                                             .worker = 3,
                                             .slot = 4,
                                             .fail_nth = 7,
                                             .repeat = 2,
                                             .a = -1,
                                             .text = "/run/a",
                                             .data = "xyz"});
    CHECK(guest.channel.wants_write());
    REQUIRE(guest.channel.writable());
    CHECK_FALSE(guest.channel.wants_write());
    char bytes[256];
    const ssize_t n = recv(guest.end.get(), bytes, sizeof bytes, 0);
    REQUIRE(n == static_cast<ssize_t>(sizeof(ferrule_request) + 9));
    ferrule_request request;
    std::memcpy(&request, bytes, sizeof request);
    CHECK(request.magic == FERRULE_REQUEST_MAGIC);
    CHECK(request.id == id);
    CHECK(request.op == FERRULE_LOAD);
    CHECK(request.worker == 3);
    CHECK(request.slot == 4);
    CHECK(request.fail_nth == 7);
    CHECK(request.repeat == 2);
    CHECK(request.a == -1);
    CHECK(request.text_len == 6);
    CHECK(std::string(bytes + sizeof request, 9) == "/run/axyz");
}

TEST_CASE("replies come in any order and in any pieces") {
    auto guest = FakeGuest::make();
    const uint32_t first = guest.channel.queue({.op = FERRULE_HELLO}),
                   second = guest.channel.queue({.op = FERRULE_LOAD, .fail_nth = 2});
    auto reply = header(second, 3);
    reply.error = 12;
    reply.flags = FERRULE_FAULT_FIRED;
    reply.value = -5;
    reply.fault_points = 2;
    reply.nanoseconds = 1'500'000'000;
    const std::string all = bytes_of(reply, "abc") + bytes_of(header(first));
    for (const char c : all) {
        guest.say({&c, 1});
        REQUIRE(guest.channel.readable());
    }
    const auto answer = guest.channel.take(second);
    REQUIRE(answer);
    CHECK(answer->error == 12);
    CHECK(answer->flags == FERRULE_FAULT_FIRED);
    CHECK(answer->value == -5);
    CHECK(answer->fault_points == 2);
    CHECK(answer->seconds == 1.5);
    CHECK(answer->data == "abc");
    CHECK_FALSE(guest.channel.take(second));  // handed out once
    CHECK(guest.channel.take(first));
}

TEST_CASE("what is no reply cuts the channel") {
    auto guest = FakeGuest::make();
    const uint32_t id = guest.channel.queue({.op = FERRULE_HELLO});
    auto bad = header(id);
    SECTION("magic") { bad.magic ^= 1; }
    SECTION("an id nobody asked for") { bad.id = id + 1; }
    SECTION("id zero") { bad.id = 0; }
    SECTION("more data than allowed") { bad.data_len = FERRULE_DATA_MAX + 1; }
    SECTION("a length near the end of the number") { bad.data_len = 0xffffffffu; }
    SECTION("a negative errno") { bad.error = -1; }
    SECTION("an errno that is none") { bad.error = 4096; }
    SECTION("unknown flags") { bad.flags = 0x80; }
    SECTION("fault points of a call that had none armed") { bad.fault_points = 1; }
    guest.say(bytes_of(bad));
    CHECK_FALSE(guest.channel.readable());
    CHECK(guest.channel.broken());
    CHECK_FALSE(guest.channel.open());
    CHECK_FALSE(guest.channel.take(id));
    CHECK_FALSE(guest.channel.readable());
    CHECK_FALSE(guest.channel.writable());
}

TEST_CASE("a second reply to one request cuts the channel") {
    auto guest = FakeGuest::make();
    const uint32_t id = guest.channel.queue({.op = FERRULE_HELLO});
    guest.say(bytes_of(header(id)) + bytes_of(header(id)));
    CHECK_FALSE(guest.channel.readable());
    CHECK(guest.channel.broken());
}

TEST_CASE("the reply to an abandoned request is dropped and the channel goes on") {
    auto guest = FakeGuest::make();
    const uint32_t late = guest.channel.queue({.op = FERRULE_HELLO}), next = guest.channel.queue({.op = FERRULE_HELLO});
    guest.channel.abandon(late);
    guest.say(bytes_of(header(late, 4), "late") + bytes_of(header(next)));
    REQUIRE(guest.channel.readable());
    CHECK_FALSE(guest.channel.take(late));
    CHECK(guest.channel.take(next));
    // Once more is once too often.
    guest.say(bytes_of(header(late)));
    CHECK_FALSE(guest.channel.readable());
    CHECK(guest.channel.broken());
}

TEST_CASE("a guest that hangs up is not broken, only gone") {
    auto guest = FakeGuest::make();
    const uint32_t id = guest.channel.queue({.op = FERRULE_HELLO});
    guest.say(bytes_of(header(id, 100), "too few"));
    guest.end.reset();
    CHECK_FALSE((guest.channel.readable() && guest.channel.readable()));
    CHECK_FALSE(guest.channel.broken());
    CHECK_FALSE(guest.channel.open());
    CHECK_FALSE(guest.channel.take(id));
}

TEST_CASE("the largest messages pass both ways at once without a deadlock") {
    auto guest = FakeGuest::make();
    const std::string big(FERRULE_DATA_MAX, 'x');
    std::vector<uint32_t> ids;
    for (int i = 0; i < 3; ++i) ids.push_back(guest.channel.queue({.op = FERRULE_PUT, .text = "/run/x", .data = big}));
    std::thread echo([&] {
        for (const uint32_t id : ids) {
            // Answers before it has read: each side's buffers are full at some time.
            const std::string reply = bytes_of(header(id, FERRULE_DATA_MAX), big);
            size_t sent = 0, wanted = sizeof(ferrule_request) + 6 + big.size(), got = 0;
            char sink[64 << 10];
            while (sent < reply.size() || got < wanted) {
                pollfd fd = {guest.end.get(),
                             static_cast<short>((sent < reply.size() ? POLLOUT : 0) | (got < wanted ? POLLIN : 0)), 0};
                if (poll(&fd, 1, 5000) <= 0) return;
                if (fd.revents & POLLIN)
                    got += static_cast<size_t>(std::max<ssize_t>(
                        0, recv(guest.end.get(), sink, std::min(sizeof sink, wanted - got), MSG_DONTWAIT)));
                if (fd.revents & POLLOUT)
                    sent += static_cast<size_t>(std::max<ssize_t>(
                        0,
                        send(guest.end.get(), reply.data() + sent, reply.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL)));
            }
        }
    });
    size_t received = 0;
    while (received < ids.size()) {
        pollfd fd = {guest.channel.fd(), static_cast<short>(POLLIN | (guest.channel.wants_write() ? POLLOUT : 0)), 0};
        if (poll(&fd, 1, 10'000) <= 0) break;
        if (fd.revents & POLLOUT) guest.channel.writable();
        if ((fd.revents & POLLIN) && !guest.channel.readable()) break;
        for (const uint32_t id : ids)
            if (const auto reply = guest.channel.take(id)) {
                CHECK(reply->data == big);
                ++received;
            }
    }
    echo.join();
    CHECK(received == ids.size());
}

TEST_CASE("noise never gets through and never crashes") {
    std::mt19937 random(20240);
    for (int round = 0; round < 300; ++round) {
        auto guest = FakeGuest::make();
        const uint32_t id = guest.channel.queue({.op = FERRULE_HELLO});
        std::string noise = bytes_of(header(id, random() % 64), std::string(64, 'n'));
        for (unsigned flips = random() % 6; flips > 0; --flips)
            noise[random() % noise.size()] ^= static_cast<char>(1u << random() % 8);
        noise.resize(random() % (noise.size() + 1));
        guest.say(noise + std::string(random() % 3000, static_cast<char>(random())));
        guest.end.reset();
        while (guest.channel.readable()) {
        }
        if (const auto reply = guest.channel.take(id)) CHECK(reply->data.size() <= FERRULE_DATA_MAX);
        CHECK_FALSE(guest.channel.open());
    }
}
