#include "sandbox/vm/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "sandbox/base/check.hpp"

namespace ferrule::vm {
namespace {

constexpr uint32_t kKnownFlags = FERRULE_FAULT_FIRED | FERRULE_WORKER_DIED | FERRULE_TRUNCATED;
constexpr int kMaxErrno = 4095;
constexpr size_t kReadPiece = 256u << 10;

static_assert(sizeof(ferrule_request) == 56 && sizeof(ferrule_reply) == 40, "the protocol has no padding");

}  // namespace

Channel::Channel(UniqueFd fd) : fd_(std::move(fd)) {
    const int flags = fcntl(fd_.get(), F_GETFL);
    FERRULE_CHECK(flags >= 0 && fcntl(fd_.get(), F_SETFL, flags | O_NONBLOCK) == 0);
}

uint32_t Channel::queue(const Request& request) {
    FERRULE_CHECK(request.text.size() <= FERRULE_TEXT_MAX && request.data.size() <= FERRULE_DATA_MAX);
    FERRULE_CHECK(request.worker < FERRULE_WORKERS && request.slot < FERRULE_SLOTS);
    ferrule_request header = {};
    header.magic = FERRULE_REQUEST_MAGIC;
    header.id = next_id_++;
    header.op = static_cast<uint16_t>(request.op);
    header.worker = static_cast<uint16_t>(request.worker);
    header.slot = static_cast<uint16_t>(request.slot);
    header.fail_nth = request.fail_nth;
    header.text_len = static_cast<uint32_t>(request.text.size());
    header.data_len = static_cast<uint32_t>(request.data.size());
    header.repeat = request.repeat;
    header.a = request.a;
    header.b = request.b;
    header.c = request.c;
    out_.append(reinterpret_cast<const char*>(&header), sizeof header);
    out_ += request.text;
    out_ += request.data;
    pending_[header.id] = header.fail_nth;
    return header.id;
}

std::optional<Reply> Channel::take(uint32_t id) {
    const auto found = ready_.find(id);
    if (found == ready_.end()) return std::nullopt;
    Reply reply = std::move(found->second);
    ready_.erase(found);
    return reply;
}

void Channel::abandon(uint32_t id) {
    if (ready_.erase(id) == 0 && pending_.count(id) != 0) abandoned_.insert(id);
}

bool Channel::cut() {
    broken_ = true;
    fd_.reset();
    in_.clear();
    out_.clear();
    return false;
}

bool Channel::readable() {
    if (!fd_) return false;
    char piece[64 << 10];
    size_t taken = 0;
    while (taken < kReadPiece) {  // then others get their turn
        const ssize_t n = recv(fd_.get(), piece, sizeof piece, MSG_DONTWAIT);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (n <= 0) {
            fd_.reset();
            return false;
        }
        in_.append(piece, static_cast<size_t>(n));
        taken += static_cast<size_t>(n);
        if (!parse()) return false;
        if (static_cast<size_t>(n) < sizeof piece) break;
    }
    return true;
}

// Takes whole replies from what has come. Never holds more than one unfinished reply.
bool Channel::parse() {
    size_t at = 0;
    while (in_.size() - at >= sizeof(ferrule_reply)) {
        ferrule_reply header;
        std::memcpy(&header, in_.data() + at, sizeof header);
        const auto asked = pending_.find(header.id);
        if (header.magic != FERRULE_REPLY_MAGIC || asked == pending_.end() || header.fault_points > asked->second ||
            header.data_len > FERRULE_DATA_MAX || header.error < 0 || header.error > kMaxErrno ||
            (header.flags & ~kKnownFlags) != 0)
            return cut();
        if (in_.size() - at - sizeof header < header.data_len) break;
        pending_.erase(asked);
        if (abandoned_.erase(header.id) == 0) {
            Reply& reply = ready_[header.id];
            reply.error = header.error;
            reply.flags = header.flags;
            reply.value = header.value;
            reply.fault_points = header.fault_points;
            reply.seconds = static_cast<double>(header.nanoseconds) / 1e9;
            reply.data.assign(in_, at + sizeof header, header.data_len);
        }
        at += sizeof header + header.data_len;
    }
    in_.erase(0, at);
    return true;
}

bool Channel::writable() {
    if (!fd_) return false;
    while (out_at_ < out_.size()) {
        const ssize_t n = send(fd_.get(), out_.data() + out_at_, out_.size() - out_at_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return true;
        if (n < 0) {
            fd_.reset();
            return false;
        }
        out_at_ += static_cast<size_t>(n);
    }
    out_.clear();
    out_at_ = 0;
    return true;
}

}  // namespace ferrule::vm
