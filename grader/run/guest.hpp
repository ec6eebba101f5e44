// The runner's view of a clone, so that its logic is tested with a scripted guest (see vm::Clone for what each call
// means).
#pragma once

#include <functional>
#include <memory>

#include "sandbox/vm/machine.hpp"

namespace ferrule::grader {

class Guest {
public:
    virtual ~Guest() = default;
    virtual tl::expected<uint32_t, vm::Lost> send(const vm::Request& request) = 0;
    virtual tl::expected<vm::Reply, vm::Lost> receive(uint32_t id, std::chrono::milliseconds deadline,
                                                      bool keep = false) = 0;
    virtual tl::expected<void, vm::Lost> put(const std::string& path, std::string_view content,
                                             std::chrono::milliseconds deadline) = 0;
    virtual const std::string& console() = 0;
    virtual bool console_truncated() const = 0;
    virtual void drain_console(std::chrono::milliseconds quiet, std::chrono::milliseconds limit) = 0;
    virtual bool await_console(std::string_view text, std::chrono::milliseconds limit) = 0;
    virtual vm::End end() = 0;
    virtual std::string hardware_error() = 0;
    virtual std::vector<vm::VcpuState> inspect() = 0;
    virtual double restore_seconds() const = 0;

    tl::expected<vm::Reply, vm::Lost> call(const vm::Request& request, std::chrono::milliseconds deadline) {
        const auto id = send(request);
        if (!id) return tl::unexpected(id.error());
        return receive(*id, deadline);
    }
};

using GuestFactory = std::function<Result<std::unique_ptr<Guest>>()>;

GuestFactory clone_factory(std::shared_ptr<const vm::Template> base);

}  // namespace ferrule::grader
