#include "lessons/workbench/mailbox.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <utility>

#include "sandbox/base/check.hpp"

namespace ferrule::workbench {

Mailbox::Mailbox() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { FERRULE_CHECK(fd_.get() >= 0); }

void Mailbox::post(Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    const uint64_t one = 1;
    (void)!::write(fd_.get(), &one, sizeof one);
}

std::vector<Event> Mailbox::take() {
    const std::lock_guard lock(mutex_);
    uint64_t count = 0;
    (void)!::read(fd_.get(), &count, sizeof count);
    return std::exchange(events_, {});
}

}  // namespace ferrule::workbench
