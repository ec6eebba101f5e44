// A guest for tests: answers by a function, keeps what it was asked.
#pragma once

#include <algorithm>
#include <map>

#include "grader/run/guest.hpp"

namespace ferrule::grader {

class ScriptedGuest : public Guest {
public:
    using Answer = std::function<tl::expected<vm::Reply, vm::Lost>(const vm::Request&)>;

    // Asked first; no answer (nullopt): a guest in which all is well.
    std::function<std::optional<tl::expected<vm::Reply, vm::Lost>>(const vm::Request&)> special;
    std::vector<vm::Request> asked;  // but for where the module lies, which is asked after every load
    std::map<ferrule_op, std::chrono::milliseconds> waited;  // for the last answer to each
    std::map<std::string, std::string> files;
    std::string said = "booted\n", late;  // late: comes out before the next line of the kernel's log
    vm::End ended = vm::End::running;
    std::string hardware;
    bool put_works = true, loaded = false, console_works = true;
    std::string ledger = "ferrule-ledger 1\nend 0 0\n";

    tl::expected<uint32_t, vm::Lost> send(const vm::Request& request) override {
        sent_.push_back(request);
        if (request.text != kSymbols) asked.push_back(request);
        return static_cast<uint32_t>(sent_.size());
    }
    tl::expected<vm::Reply, vm::Lost> receive(uint32_t id, std::chrono::milliseconds limit, bool) override {
        const vm::Request request = sent_.at(id - 1);
        if (request.text == kSymbols) return symbols();
        waited[request.op] = limit;
        if (request.op == FERRULE_WRITE_FILE && request.text == "/dev/kmsg" && console_works)
            said += late + "[    9.1][    T1] " + request.data.substr(request.data.find('>') + 1);
        if (special)
            if (auto answer = special(request)) return *answer;
        return well(request);
    }
    tl::expected<void, vm::Lost> put(const std::string& path, std::string_view content,
                                     std::chrono::milliseconds) override {
        if (!put_works) return tl::unexpected(vm::Lost::guest_ended);
        files[path] = content;
        return {};
    }
    const std::string& console() override { return said; }
    bool console_truncated() const override { return false; }
    void drain_console(std::chrono::milliseconds, std::chrono::milliseconds) override {}
    bool await_console(std::string_view text, std::chrono::milliseconds) override {
        return said.find(text) != std::string::npos;
    }
    vm::End end() override { return ended; }
    std::string hardware_error() override { return hardware; }
    std::vector<vm::VcpuState> inspect() override { return {{0, 0xffffffff81000001u, {0xffffffffa0000010u}}}; }
    double restore_seconds() const override { return 0.1; }

    size_t count(ferrule_op op) const {
        return static_cast<size_t>(
            std::count_if(asked.begin(), asked.end(), [op](const vm::Request& request) { return request.op == op; }));
    }

    static vm::Reply error(int number, uint32_t flags = 0) {
        vm::Reply reply;
        reply.error = number;
        reply.flags = flags;
        return reply;
    }

private:
    static constexpr const char* kSymbols = "/sys/kernel/debug/ferrule/symbols";

    vm::Reply symbols() const {
        vm::Reply reply;
        for (size_t at = 0; at < ledger.size();) {
            const size_t end = std::min(ledger.find('\n', at), ledger.size() - 1) + 1;
            if (ledger.compare(at, 7, "symbol ") == 0) reply.data += ledger.substr(at, end - at);
            at = end;
        }
        return reply;
    }

    std::vector<vm::Request> sent_;

    vm::Reply well(const vm::Request& request) {
        vm::Reply reply;
        switch (request.op) {
            case FERRULE_LOAD: loaded = true; break;
            case FERRULE_UNLOAD: loaded = false; break;
            case FERRULE_READ:
                reply.data = std::string(static_cast<size_t>(request.a), 'r') +
                             std::string(static_cast<size_t>(request.c), '\xa5');
                reply.value = request.a;
                break;
            case FERRULE_WRITE: reply.value = static_cast<int64_t>(request.data.size()); break;
            case FERRULE_IOCTL: reply.data = request.data + std::string(static_cast<size_t>(request.c), '\xa5'); break;
            case FERRULE_LISTING:
                reply.data = std::string("node\t/dev/null\n") + (loaded ? "module\tslots\n" : "");
                break;
            case FERRULE_LEDGER:
                if (request.a == 2) reply.data = ledger;
                break;
            case FERRULE_READ_FILE: reply.data = request.worker == 0 ? " debug_locks: 1\n" : "text"; break;
            case FERRULE_STACK:
                reply.data =
                    "State:\tD (disk sleep)\nmutex_lock\n[<0>] mutex_lock+0x1/0x2\n[<0>] slots_open+0x10/0x40 "
                    "[slots]\n";
                break;
            default: break;
        }
        return reply;
    }
};

}  // namespace ferrule::grader
