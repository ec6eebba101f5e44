#include "grader/run/guest.hpp"

namespace ferrule::grader {
namespace {

class CloneGuest final : public Guest {
public:
    explicit CloneGuest(std::unique_ptr<vm::Clone> clone) : clone_(std::move(clone)) {}

    tl::expected<uint32_t, vm::Lost> send(const vm::Request& request) override { return clone_->send(request); }
    tl::expected<vm::Reply, vm::Lost> receive(uint32_t id, std::chrono::milliseconds deadline, bool keep) override {
        return clone_->receive(id, deadline, keep);
    }
    tl::expected<void, vm::Lost> put(const std::string& path, std::string_view content,
                                     std::chrono::milliseconds deadline) override {
        return clone_->put(path, content, deadline);
    }
    const std::string& console() override { return clone_->console(); }
    bool console_truncated() const override { return clone_->console_truncated(); }
    void drain_console(std::chrono::milliseconds quiet, std::chrono::milliseconds limit) override {
        clone_->drain_console(quiet, limit);
    }
    bool await_console(std::string_view text, std::chrono::milliseconds limit) override {
        return clone_->await_console(text, limit);
    }
    vm::End end() override { return clone_->end(); }
    std::string hardware_error() override { return clone_->hardware_error(); }
    std::vector<vm::VcpuState> inspect() override { return clone_->inspect(); }
    double restore_seconds() const override { return clone_->restore_seconds(); }

private:
    std::unique_ptr<vm::Clone> clone_;
};

}  // namespace

GuestFactory clone_factory(std::shared_ptr<const vm::Template> base) {
    return [base = std::move(base)]() -> Result<std::unique_ptr<Guest>> {
        FERRULE_TRY(auto clone, vm::Clone::start(base));
        return std::make_unique<CloneGuest>(std::move(clone));
    };
}

}  // namespace ferrule::grader
