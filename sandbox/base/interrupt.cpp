#include "sandbox/base/interrupt.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdint>

#include "sandbox/base/check.hpp"

namespace ferrule {
namespace {

std::atomic<int> by{0};
std::atomic<int> event{-1};
static_assert(std::atomic<int>::is_always_lock_free, "used in a signal handler");

int make_event() {
    const int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    FERRULE_CHECK(fd >= 0);
    return fd;
}

void set(int signal) {
    int none = 0;
    by.compare_exchange_strong(none, signal);
    const uint64_t one = 1;
    if (event >= 0 && write(event, &one, sizeof one) < 0) return;  // full is as good as written
}

void on_signal(int signal) {
    const int saved = errno;
    if (by != 0) {
        std::signal(signal, SIG_DFL);
        raise(signal);  // held until this handler returns
    } else {
        set(signal);
    }
    errno = saved;
}

}  // namespace

void install_interrupt_handlers() {
    interrupt_fd();
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    for (int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction old = {};
        sigaction(signal, nullptr, &old);
        if (old.sa_handler == SIG_IGN) continue;  // nohup, and a shell's background jobs
        sigaction(signal, &action, nullptr);
    }
}

bool interrupted() { return by != 0; }
int interrupted_by() { return by; }

int interrupt_fd() {
    static const int fd = event = make_event();
    return fd;
}

void interrupt_now() {
    interrupt_fd();
    set(SIGINT);
}

void clear_interrupt() {
    uint64_t count;
    while (read(interrupt_fd(), &count, sizeof count) > 0) {
    }
    by = 0;
}

Error interrupted_error() { return Error{"cancelled", "stopped on request", ""}; }

}  // namespace ferrule
