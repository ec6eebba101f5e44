// One running QEMU: its process and its four descriptors, and the loop that serves them. Used by the
// template (which boots one) and by Clone (which restores one). Not for use by two threads at once.
//
// Theory of operation. There is no thread here: whoever waits for something calls pump(), which polls everything at
// once, so the console is read whenever anybody waits for anything and a talkative guest does not
// block on it. QEMU lives in a bubblewrap of its own (qemu_command.cpp) that is killed with us. How the machine
// ended is told by QMP events and by the end of file on QMP's socket, never by what the guest says.
#pragma once

#include <functional>

#include "sandbox/base/subprocess.hpp"
#include "sandbox/vm/channel.hpp"
#include "sandbox/vm/console_buffer.hpp"
#include "sandbox/vm/qemu_command.hpp"
#include "sandbox/vm/qmp.hpp"

namespace ferrule::vm {

class Vm {
public:
    // `state`: passed on as the descriptor `passed::kState`; -1: none. Error "qemu".
    static Result<std::unique_ptr<Vm>> start(const Qemu& qemu, const MachinePlan& plan, uint64_t tsc_khz, int state);
    ~Vm();

    // Serves everything until `done` says so (true), or the deadline passes, QEMU ends, the user interrupts or one of
    // `others` becomes readable (false).
    bool pump(Clock::time_point deadline, const std::function<bool()>& done, const std::vector<int>& others = {});

    // Commands are answered in order; several may be under way.
    int64_t qmp_send(std::string_view command, const nlohmann::json& arguments = nullptr);
    // Gives QEMU a descriptor under a name ("fd:NAME"); the answer's id. Nothing else may be waiting to be sent.
    int64_t qmp_send_fd(const std::string& name, int fd);
    // The answer, or what went wrong in one line.
    tl::expected<nlohmann::json, std::string> qmp_receive(int64_t id, Clock::time_point deadline);
    tl::expected<nlohmann::json, std::string> qmp(std::string_view command, const nlohmann::json& arguments,
                                                  std::chrono::milliseconds limit);

    // Queues and waits. The Lost of machine.hpp.
    tl::expected<Reply, Lost> call(const Request& request, Clock::time_point deadline);
    tl::expected<Reply, Lost> receive(uint32_t id, Clock::time_point deadline, bool keep = false);

    Channel& channel() { return channel_; }
    ConsoleBuffer& console() { return console_; }
    Clock::time_point last_console() const { return last_console_; }
    int shell_fd() const { return shell_.get(); }
    pid_t pid() const { return child_.pid(); }  // of the jail; QEMU is below it
    bool ended() const { return ended_; }
    End end() const;
    // What QEMU printed on standard error, one line, for an error message.
    std::string complaint() const;
    // What it gave up over, see End::device_failed; empty: it did not.
    std::string hardware_error() const;
    void kill();

private:
    Vm(UniqueFd agent, UniqueFd shell);
    void take_console();
    void take_qmp();
    void take_errors();
    void event(const QmpMessage& message);

    Child child_;
    UniqueFd qmp_, serial_, shell_, errors_;
    Channel channel_;
    ConsoleBuffer console_;
    Clock::time_point last_console_ = Clock::now();
    QmpParser parser_;
    std::string qmp_out_;
    int64_t next_qmp_ = 1;
    std::map<int64_t, QmpMessage> answers_;
    std::string complaint_;
    bool ended_ = false, killed_ = false, panicked_ = false;
    std::optional<End> shutdown_;
};

}  // namespace ferrule::vm
