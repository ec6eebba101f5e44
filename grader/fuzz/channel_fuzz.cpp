// The guest's end of the channel. Each piece of the input is raw bytes, or a reply with a proper head around what the
// input says of it, so that the fuzzer need not guess the framing.
#include <sys/socket.h>

#include <cstring>

#include "sandbox/base/check.hpp"
#include "sandbox/vm/channel.hpp"

using namespace ferrule;
using namespace ferrule::vm;

namespace {

class Input {
public:
    Input(const uint8_t* data, size_t size) : data_(data), size_(size) {}
    bool empty() const { return size_ == 0; }
    template <class T>
    T take() {
        T value{};
        const size_t n = std::min(sizeof value, size_);
        std::memcpy(&value, data_, n);
        skip(n);
        return value;
    }
    std::string bytes(size_t most) {
        const size_t n = std::min(most, size_);
        std::string out(reinterpret_cast<const char*>(data_), n);
        skip(n);
        return out;
    }

private:
    void skip(size_t n) {
        data_ += n;
        size_ -= n;
    }
    const uint8_t* data_;
    size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    int fds[2];
    FERRULE_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    const UniqueFd guest(fds[0]);
    Channel channel{UniqueFd(fds[1])};
    Input input(data, size);
    for (int i = 0; i < 4; ++i) {
        Request request{};
        request.op = FERRULE_LISTING;
        request.fail_nth = i == 3 ? 5 : 0;
        channel.queue(request);
    }
    FERRULE_CHECK(channel.writable());
    while (!input.empty() && channel.open()) {
        const uint8_t how = input.take<uint8_t>();
        std::string bytes = input.bytes(how >> 2);
        if (how & 1) {
            ferrule_reply head{};
            head.magic = FERRULE_REPLY_MAGIC;
            head.id = input.take<uint8_t>();
            head.error = input.take<int16_t>();
            head.flags = input.take<uint8_t>();
            head.fault_points = input.take<uint8_t>();
            head.data_len = how & 2 ? input.take<uint32_t>() : static_cast<uint32_t>(bytes.size());
            bytes.insert(0, reinterpret_cast<const char*>(&head), sizeof head);
        } else if (how & 2) {
            channel.abandon(input.take<uint8_t>());
        }
        if (send(guest.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
        const bool readable = bytes.empty() || channel.readable();
        FERRULE_CHECK(readable == channel.open());
        const uint32_t id = 1 + how % 6;
        if (const auto reply = channel.take(id)) {
            FERRULE_CHECK(reply->error >= 0 && reply->error <= 4095 && reply->data.size() <= FERRULE_DATA_MAX);
            FERRULE_CHECK(id <= 4 && reply->fault_points <= (id == 4 ? 5u : 0u) && !channel.take(id));
        }
    }
    return 0;
}
