#include "sandbox/vm/vm.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sandbox/base/check.hpp"
#include "sandbox/base/interrupt.hpp"

namespace ferrule::vm {
namespace {

constexpr size_t kComplaintCap = 8192;
constexpr size_t kAnswersCap = 64;

struct Pair {
    UniqueFd ours, theirs;
};

Result<Pair> socket_pair() {
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0)
        return fail("qemu", fmt::format("cannot make a socket pair: {}", std::strerror(errno)),
                    "close some programs, or raise the limit on open files");
    return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

// What the serial port writes waits in a pipe. QEMU gives it one byte at a time, and a socket charges each with a
// buffer of its own, so that some 280 bytes fill it; when the host then does not read for the 10 ms that the 8250
// driver waits, bytes are lost (serial_receive/serial_xmit of QEMU's hw/char/serial.c drop the oldest). A pipe
// packs them: 1 MiB, the most that an ordinary user may ask for. The kernel may grant less, which still works.
constexpr int kConsolePipeBytes = 1 << 20;

Result<Pair> console_pipe() {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return fail("qemu", fmt::format("cannot make a pipe: {}", std::strerror(errno)),
                    "close some programs, or raise the limit on open files");
    (void)fcntl(fds[1], F_SETPIPE_SZ, kConsolePipeBytes);
    return Pair{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

void set_nonblocking(const UniqueFd& fd) {
    FERRULE_CHECK(fcntl(fd.get(), F_SETFL, fcntl(fd.get(), F_GETFL) | O_NONBLOCK) == 0);
}

// One read; -1: nothing there now, 0: end of file or error.
ssize_t take(int fd, char* bytes, size_t size) {
    for (;;) {
        const ssize_t n = read(fd, bytes, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return -1;
        return n < 0 ? 0 : n;
    }
}

// QEMU's words may hold the guest's.
std::string printable(std::string_view text) {
    std::string line;
    for (const char c : text.substr(0, 400)) line += c >= ' ' && c < 127 ? c : '?';
    return line;
}

}  // namespace

Vm::Vm(UniqueFd agent, UniqueFd shell)
    : shell_(std::move(shell)), channel_(std::move(agent)), console_(Clone::kConsoleCap) {}

Vm::~Vm() { kill(); }

Result<std::unique_ptr<Vm>> Vm::start(const Qemu& qemu, const MachinePlan& plan, uint64_t tsc_khz, int state) {
    FERRULE_TRY(Pair qmp, socket_pair());
    FERRULE_TRY(Pair serial, console_pipe());
    FERRULE_TRY(Pair agent, socket_pair());
    FERRULE_TRY(Pair shell, socket_pair());
    FERRULE_TRY(Pair errors, socket_pair());
    SpawnRequest request;
    request.argv = jailed_qemu_argv(qemu, plan, tsc_khz);
    request.fds = {{errors.theirs.get(), 1},
                   {errors.theirs.get(), 2},
                   {qmp.theirs.get(), passed::kQmp},
                   {serial.theirs.get(), passed::kConsole},
                   {agent.theirs.get(), passed::kAgent},
                   {shell.theirs.get(), passed::kShell}};
    if (state >= 0) request.fds.push_back({state, passed::kState});
    // The guest cannot fill the host's disk by way of QEMU.
    request.limits.file_size_bytes = (kGuestMemoryMb + 64) << 20;
    FERRULE_TRY(Child child, spawn(request));
    std::unique_ptr<Vm> vm(new Vm(std::move(agent.ours), std::move(shell.ours)));
    vm->child_ = std::move(child);
    vm->qmp_ = std::move(qmp.ours);
    vm->serial_ = std::move(serial.ours);
    vm->errors_ = std::move(errors.ours);
    for (const UniqueFd* fd : {&vm->qmp_, &vm->serial_, &vm->errors_}) set_nonblocking(*fd);
    vm->qmp_send("qmp_capabilities");
    return vm;
}

bool Vm::pump(Clock::time_point deadline, const std::function<bool()>& done, const std::vector<int>& others) {
    for (;;) {
        if (done()) return true;
        if (ended_) return false;
        std::vector<pollfd> fds = {
            {qmp_.get(), static_cast<short>(POLLIN | (qmp_out_.empty() ? 0 : POLLOUT)), 0},
            {serial_.get(), POLLIN, 0},
            {channel_.fd(), static_cast<short>(POLLIN | (channel_.wants_write() ? POLLOUT : 0)), 0},
            {errors_.get(), POLLIN, 0},
            {interrupt_fd(), POLLIN, 0}};
        for (const int other : others) fds.push_back({other, POLLIN, 0});
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
        const int n = poll(fds.data(), fds.size(), static_cast<int>(std::clamp<int64_t>(left, 0, 60'000)));
        if (n < 0 && errno != EINTR) FERRULE_CHECK(!"poll");
        if (n > 0) {
            if (std::any_of(fds.begin() + 4, fds.end(), [](const pollfd& fd) { return fd.revents != 0; }))
                return done();
            if (fds[1].revents != 0) take_console();
            if (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) channel_.readable();
            if (fds[2].revents & POLLOUT) channel_.writable();
            if (fds[3].revents != 0) take_errors();
            if (fds[0].revents & POLLOUT) {
                const ssize_t sent = send(qmp_.get(), qmp_out_.data(), qmp_out_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
                if (sent > 0) qmp_out_.erase(0, static_cast<size_t>(sent));
            }
            if (fds[0].revents & (POLLIN | POLLHUP | POLLERR)) take_qmp();
        }
        if (Clock::now() >= deadline) return done();
    }
}

void Vm::take_console() {
    char bytes[64 << 10];
    const ssize_t n = take(serial_.get(), bytes, sizeof bytes);
    if (n == 0) serial_.reset();
    if (n <= 0) return;
    console_.append({bytes, static_cast<size_t>(n)});
    last_console_ = Clock::now();
}

void Vm::take_errors() {
    char bytes[4096];
    const ssize_t n = take(errors_.get(), bytes, sizeof bytes);
    if (n == 0) errors_.reset();
    if (n > 0 && complaint_.size() < kComplaintCap) complaint_.append(bytes, static_cast<size_t>(n));
}

void Vm::take_qmp() {
    char bytes[64 << 10];
    const ssize_t n = take(qmp_.get(), bytes, sizeof bytes);
    std::vector<QmpMessage> messages;
    const bool sane = n <= 0 || parser_.feed({bytes, static_cast<size_t>(n)}, messages);
    for (QmpMessage& message : messages) {
        if (message.kind == QmpMessage::Kind::event)
            event(message);
        else if (message.kind != QmpMessage::Kind::greeting && answers_.size() < kAnswersCap)
            answers_[message.id] = std::move(message);
    }
    if (n == 0 || !sane) {
        // QEMU is gone: what it and the guest said last is still in the sockets.
        ended_ = true;
        if (!sane) killed_ = true, child_.kill();
        qmp_.reset();
        const auto limit = Clock::now() + std::chrono::seconds(2);
        while ((serial_ || errors_) && Clock::now() < limit) {
            std::array<pollfd, 2> rest = {{{serial_.get(), POLLIN, 0}, {errors_.get(), POLLIN, 0}}};
            if (poll(rest.data(), rest.size(), 200) <= 0) break;
            if (rest[0].revents != 0) take_console();
            if (rest[1].revents != 0) take_errors();
        }
        while (channel_.open() && channel_.readable()) {
            pollfd agent = {channel_.fd(), POLLIN, 0};
            if (poll(&agent, 1, 0) <= 0) break;
        }
    }
}

void Vm::event(const QmpMessage& message) {
    if (message.name == "GUEST_PANICKED") panicked_ = true;
    if (message.name == "SHUTDOWN" && !shutdown_) {
        const auto reason = message.data.is_object() ? message.data.find("reason") : message.data.end();
        const std::string why = reason != message.data.end() && reason->is_string() ? reason->get<std::string>() : "";
        shutdown_ = why == "guest-shutdown" ? End::powered_off
                    : why == "guest-reset"  ? End::reset
                    : why == "guest-panic"  ? End::panicked
                                            : End::killed;
    }
}

End Vm::end() const {
    if (!ended_) return End::running;
    if (panicked_) return End::panicked;
    if (killed_) return End::killed;
    return shutdown_.value_or(hardware_error().empty() ? End::killed : End::device_failed);
}

int64_t Vm::qmp_send(std::string_view command, const nlohmann::json& arguments) {
    const int64_t id = next_qmp_++;
    qmp_out_ += qmp_command(command, id, arguments);
    return id;
}

int64_t Vm::qmp_send_fd(const std::string& name, int fd) {
    const int64_t id = next_qmp_++;
    std::string line = qmp_command("getfd", id, {{"fdname", name}});
    FERRULE_CHECK(qmp_out_.empty());
    iovec bytes = {line.data(), line.size()};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof fd)] = {};
    msghdr message = {};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    std::memcpy(CMSG_DATA(header), &fd, sizeof fd);
    // A hundred bytes into an empty socket buffer: whole, or QEMU is gone and no answer comes.
    (void)sendmsg(qmp_.get(), &message, MSG_NOSIGNAL);
    return id;
}

tl::expected<nlohmann::json, std::string> Vm::qmp_receive(int64_t id, Clock::time_point deadline) {
    if (!pump(deadline, [&] { return answers_.count(id) != 0; }))
        return tl::unexpected(ended_ ? "QEMU ended" + (complaint().empty() ? std::string() : ": " + complaint())
                                     : std::string("QEMU does not answer"));
    QmpMessage answer = std::move(answers_[id]);
    answers_.erase(id);
    if (answer.kind == QmpMessage::Kind::error) return tl::unexpected("QEMU: " + answer.data.get<std::string>());
    return std::move(answer.data);
}

tl::expected<nlohmann::json, std::string> Vm::qmp(std::string_view command, const nlohmann::json& arguments,
                                                  std::chrono::milliseconds limit) {
    return qmp_receive(qmp_send(command, arguments), Clock::now() + limit);
}

tl::expected<Reply, Lost> Vm::call(const Request& request, Clock::time_point deadline) {
    if (channel_.broken()) return tl::unexpected(Lost::protocol);
    if (!channel_.open() || ended_) return tl::unexpected(Lost::guest_ended);
    return receive(channel_.queue(request), deadline);
}

tl::expected<Reply, Lost> Vm::receive(uint32_t id, Clock::time_point deadline, bool keep) {
    std::optional<Reply> reply;
    pump(deadline, [&] { return (reply = channel_.take(id)).has_value() || channel_.broken(); });
    if (reply) return std::move(*reply);
    if (channel_.broken()) return tl::unexpected(Lost::protocol);
    if (ended_) return tl::unexpected(Lost::guest_ended);
    if (!keep) channel_.abandon(id);
    return tl::unexpected(Lost::deadline);
}

std::string Vm::complaint() const {
    // The last line: warnings come first.
    std::string_view text = complaint_;
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    return printable(text.substr(text.rfind('\n') + 1));
}

std::string Vm::hardware_error() const {
    // The registers of every cpu come after it.
    constexpr std::string_view kStart = "qemu: hardware error: ";
    const size_t at = complaint_.find(kStart);
    if (at == std::string::npos) return {};
    const std::string_view text = std::string_view(complaint_).substr(at + kStart.size());
    return printable(text.substr(0, text.find_first_of("\r\n")));
}

void Vm::kill() {
    if (ended_ && !child_.running()) return;
    if (!ended_) killed_ = true;
    ended_ = true;
    child_.kill();
}

}  // namespace ferrule::vm
