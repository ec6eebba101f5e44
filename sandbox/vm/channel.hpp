// The framed channel to the guest agent (kernel-image/agent/protocol.h), as a state machine over a descriptor that
// never blocks. Every byte that comes back is hostile: what does not fit the protocol cuts the channel
// for good. Who polls the descriptor is Vm (vm.hpp).
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>

#include "sandbox/base/unique_fd.hpp"
#include "sandbox/vm/machine.hpp"

namespace ferrule::vm {

class Channel {
public:
    explicit Channel(UniqueFd fd);  // made non-blocking

    int fd() const { return fd_.get(); }
    bool open() const { return static_cast<bool>(fd_); }
    bool broken() const { return broken_; }  // cut by us: the guest spoke no protocol
    bool wants_write() const { return !out_.empty(); }

    // Puts a request into the way out. The request must fit the protocol's caps (ours to check: FERRULE_CHECK).
    uint32_t queue(const Request& request);
    // The reply if it is there. A reply is handed out once.
    std::optional<Reply> take(uint32_t id);
    // Nobody waits for this id any more; its reply is dropped when it comes.
    void abandon(uint32_t id);

    // To be called when poll(2) says so. False: the other end is gone or the channel was cut.
    bool readable();
    bool writable();

private:
    bool parse();
    bool cut();

    UniqueFd fd_;
    bool broken_ = false;
    uint32_t next_id_ = 1;
    std::string out_;
    size_t out_at_ = 0;
    std::string in_;
    std::map<uint32_t, uint32_t> pending_;  // id -> fail_nth of the request
    std::set<uint32_t> abandoned_;
    std::map<uint32_t, Reply> ready_;
};

}  // namespace ferrule::vm
