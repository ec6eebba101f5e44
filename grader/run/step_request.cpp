#include "grader/run/step_request.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/wait.h>

#include <algorithm>

#include "grader/exercise/expression.hpp"
#include "grader/exercise/kernel_abi.hpp"
#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

constexpr char kGuardByte = '\xa5';  // what the agent fills the guard with

Result<int64_t> number(const std::string& expression, const Values& values, NumberRange range, int64_t fallback) {
    if (expression.empty()) return fallback;
    FERRULE_TRY(const int64_t value, evaluate(expression, values));
    if (value < range.low || value > range.high)
        return fail("range", fmt::format("found {}; expected {} to {}", value, range.low, range.high));
    return value;
}

Result<std::string> guest_text(const std::string& text, const Values& values) {
    FERRULE_TRY(std::string expanded, expand(text, values));
    if (expanded.size() >= FERRULE_TEXT_MAX / 2 || expanded.find('\0') != std::string::npos)
        return fail("range", "found a text that is too long, or has a NUL in it");
    return expanded;
}

Result<void> fill_ioctl(const Step& step, const Values& values, StepRequest& out) {
    FERRULE_TRY(const uint32_t cmd, ioctl_number(step.cmd));
    out.request.op = FERRULE_IOCTL;
    out.request.a = cmd;
    if (!step.argument.empty()) {
        FERRULE_TRY(out.request.b, evaluate(step.argument, values));
        return {};
    }
    FERRULE_TRY(const Expected in, make_data(step.in, values));
    out.request.data = in.bytes;
    if (out.request.data.size() < ioctl_size(cmd)) out.request.data.resize(ioctl_size(cmd), kIoctlFill);
    if (out.request.data.empty()) return {};  // _IO('s', 0): by value, 0
    out.buffer = out.request.data.size();
    out.guard = std::min<size_t>(kIoctlGuard, FERRULE_DATA_MAX - out.buffer);
    out.request.c = static_cast<int64_t>(out.guard);
    return {};
}

Result<void> fill_program(const Step& step, const Values& values, const StepPlace& place, StepRequest& out) {
    out.request.op = FERRULE_RUN;
    out.request.text = place.program_path;
    for (const std::string& argument : step.arguments) {
        FERRULE_TRY(const std::string expanded, guest_text(argument, values));
        out.request.text += '\0' + expanded;
    }
    if (out.request.text.size() >= FERRULE_TEXT_MAX) return fail("range", "found arguments that are too long");
    out.request.a = static_cast<int64_t>(place.deadline_seconds * 1000);
    return {};
}

}  // namespace

Result<StepRequest> make_request(const Step& step, const Values& values, const StepPlace& place) {
    const StepRanges ranges = step_ranges(step.kind);
    StepRequest out;
    vm::Request& request = out.request;
    request.worker = place.worker;
    request.slot = place.slot;
    request.repeat = step.times > 1 ? step.times : 0;
    request.fail_nth = place.fail_nth;
    FERRULE_TRY(const int64_t size, number(step.size, values, ranges.size, 0));
    FERRULE_TRY(const int64_t offset, number(step.offset, values, ranges.offset, -1));
    FERRULE_TRY(const int64_t count, number(step.count, values, ranges.count, 0));
    if (step.kind != StepKind::ioctl) {
        FERRULE_TRY(Expected in, make_data(step.in, values));
        request.data = std::move(in.bytes);
    }
    switch (step.kind) {
        case StepKind::load: {
            FERRULE_TRY(const std::string parameters, guest_text(step.target, values));
            request.op = FERRULE_LOAD;
            request.text = place.module_path + '\0' + parameters;
            break;
        }
        case StepKind::unload:
            request.op = FERRULE_UNLOAD;
            request.text = place.module;
            break;
        case StepKind::open: {
            FERRULE_TRY(request.text, guest_text(step.target, values));
            FERRULE_TRY(request.a, open_flags(step.flags));
            request.op = FERRULE_OPEN;
            break;
        }
        case StepKind::close: request.op = FERRULE_CLOSE; break;
        case StepKind::read:
            request.op = FERRULE_READ;
            request.a = size;
            request.b = offset;
            request.c = kIoctlGuard;
            out.buffer = static_cast<size_t>(size);
            out.guard = kIoctlGuard;
            break;
        case StepKind::write:
            request.op = FERRULE_WRITE;
            request.b = offset;
            request.c = count;
            break;
        case StepKind::ioctl: FERRULE_TRY_VOID(fill_ioctl(step, values, out)); break;
        case StepKind::lseek: {
            FERRULE_TRY(request.b, seek_whence(step.argument));
            request.op = FERRULE_LSEEK;
            request.a = offset;
            break;
        }
        case StepKind::poll: {
            FERRULE_TRY(request.a, evaluate(step.argument, values));
            request.op = FERRULE_POLL;
            request.b = size;
            break;
        }
        case StepKind::mmap: {
            FERRULE_TRY(request.b, mmap_protection(step.flags));
            request.op = FERRULE_MMAP;
            request.a = size;
            request.c = std::max<int64_t>(offset, 0);
            if (request.data.size() > static_cast<size_t>(size))
                return fail("range", "found more data than the mapping holds");
            break;
        }
        case StepKind::read_file: {
            FERRULE_TRY(request.text, guest_text(step.target, values));
            request.op = FERRULE_READ_FILE;
            request.a = size > 0 ? size : 65536;
            break;
        }
        case StepKind::write_file: {
            FERRULE_TRY(request.text, guest_text(step.target, values));
            request.op = FERRULE_WRITE_FILE;
            break;
        }
        case StepKind::program: FERRULE_TRY_VOID(fill_program(step, values, place, out)); break;
        case StepKind::delay:
            request.op = FERRULE_DELAY;
            request.a = size;
            request.b = step.count.empty() ? size : count;
            break;
        case StepKind::poke:
            request.op = FERRULE_POKE;
            request.a = std::max<int64_t>(offset, 0);
            break;
        case StepKind::parallel:
        case StepKind::race: FERRULE_CHECK(!"lists of steps are no request");
    }
    return out;
}

void take_reply(const Step& step, const StepRequest& made, vm::Reply&& reply, StepObservation& out) {
    out.attempted = true;
    out.error = reply.error;
    out.value = reply.value;
    out.data = std::move(reply.data);
    out.truncated = (reply.flags & FERRULE_TRUNCATED) != 0;
    out.fault_fired = (reply.flags & FERRULE_FAULT_FIRED) != 0;
    out.fault_points = static_cast<int>(std::min<uint32_t>(reply.fault_points, INT32_MAX));
    out.seconds = reply.seconds;
    if (reply.flags & FERRULE_WORKER_DIED) {
        out.lost = "worker-died";
        return;
    }
    if (made.guard > 0 && out.data.size() == made.buffer + made.guard) {
        out.overrun = std::count_if(out.data.begin() + static_cast<std::ptrdiff_t>(made.buffer), out.data.end(),
                                    [](char c) { return c != kGuardByte; });
        out.data.resize(made.buffer);
    }
    if (step.kind == StepKind::read) {
        // What stands in the buffer beyond the returned length was not returned.
        const size_t returned =
            reply.error == 0 && reply.value > 0
                ? static_cast<size_t>(std::min<int64_t>(reply.value, static_cast<int64_t>(made.buffer)))
                : 0;
        if (out.data.size() > returned) out.data.resize(returned);
    }
    if (step.kind == StepKind::program) {
        if (reply.error == ETIMEDOUT) out.lost = "deadline";
        const int status = static_cast<int>(reply.value);
        out.value = WIFEXITED(status) ? WEXITSTATUS(status) : WIFSIGNALED(status) ? 128 + WTERMSIG(status) : 255;
    }
}

}  // namespace ferrule::grader
