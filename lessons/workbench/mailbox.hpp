// Events from other threads to the one that owns the state.
#pragma once

#include <mutex>
#include <vector>

#include "lessons/workbench/events.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule::workbench {

class Mailbox {
public:
    Mailbox();
    void post(Event event);
    std::vector<Event> take();
    int fd() const { return fd_.get(); }  // readable while there are some

private:
    UniqueFd fd_;  // eventfd
    std::mutex mutex_;
    std::vector<Event> events_;
};

}  // namespace ferrule::workbench
