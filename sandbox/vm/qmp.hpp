// QEMU's control protocol (docs/interop/qmp-spec): lines of JSON. QEMU is ours, but a guest may have broken
// out into it, so what it sends is bounded and checked like everything else from there.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ferrule::vm {

struct QmpMessage {  // NOLINT(bugprone-exception-escape): json moves, it does not throw
    enum class Kind { greeting, result, error, event };
    Kind kind;
    int64_t id = -1;      // of the command it answers; -1: none
    std::string name;     // event's name, or the error's class
    nlohmann::json data;  // return value, event data, or the error's description
};

// Cuts a stream into messages.
class QmpParser {
public:
    static constexpr size_t kLineCap = 1u << 20;

    // False: something that is no QMP; nothing more is taken.
    bool feed(std::string_view bytes, std::vector<QmpMessage>& messages);

private:
    std::string line_;
    bool broken_ = false;
};

std::optional<QmpMessage> parse_qmp(std::string_view line);
std::string qmp_command(std::string_view name, int64_t id, const nlohmann::json& arguments = nullptr);

}  // namespace ferrule::vm
