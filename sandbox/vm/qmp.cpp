#include "sandbox/vm/qmp.hpp"

#include <algorithm>

namespace ferrule::vm {
namespace {

std::string string_at(const nlohmann::json& object, const char* key) {
    const auto found = object.find(key);
    return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::optional<QmpMessage> parse_qmp(std::string_view line) {
    nlohmann::json object = nlohmann::json::parse(line.begin(), line.end(), nullptr, false);
    if (object.is_discarded() || !object.is_object()) return std::nullopt;
    QmpMessage message;
    if (const auto id = object.find("id"); id != object.end() && id->is_number_integer())
        message.id = id->get<int64_t>();
    if (object.contains("QMP")) {
        message.kind = QmpMessage::Kind::greeting;
        message.data = std::move(object["QMP"]);
    } else if (object.contains("return")) {
        message.kind = QmpMessage::Kind::result;
        message.data = std::move(object["return"]);
    } else if (const auto error = object.find("error"); error != object.end() && error->is_object()) {
        message.kind = QmpMessage::Kind::error;
        message.name = string_at(*error, "class");
        message.data = string_at(*error, "desc");
    } else if (message.name = string_at(object, "event"); !message.name.empty()) {
        message.kind = QmpMessage::Kind::event;
        if (const auto data = object.find("data"); data != object.end()) message.data = std::move(*data);
    } else {
        return std::nullopt;
    }
    return message;
}

bool QmpParser::feed(std::string_view bytes, std::vector<QmpMessage>& messages) {
    while (!broken_ && !bytes.empty()) {
        const size_t end = bytes.find('\n');
        if (line_.size() + std::min(end, bytes.size()) > kLineCap) {
            broken_ = true;
            break;
        }
        line_.append(bytes.substr(0, end));
        if (end == std::string_view::npos) break;
        bytes.remove_prefix(end + 1);
        while (!line_.empty() && (line_.back() == '\r' || line_.back() == ' ')) line_.pop_back();
        if (!line_.empty()) {
            auto message = parse_qmp(line_);
            if (!message) {
                broken_ = true;
                break;
            }
            messages.push_back(std::move(*message));
        }
        line_.clear();
    }
    return !broken_;
}

std::string qmp_command(std::string_view name, int64_t id, const nlohmann::json& arguments) {
    nlohmann::json command = {{"execute", name}, {"id", id}};
    if (!arguments.is_null()) command["arguments"] = arguments;
    return command.dump() + "\n";
}

}  // namespace ferrule::vm
