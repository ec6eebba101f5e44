#include "grader/console/frames.hpp"

namespace ferrule::grader {
namespace {

constexpr size_t kMaxName = 512;  // KSYM_NAME_LEN

bool name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '$' || c == '@' || c == ':' || c == '-' || c == '<' || c == '>';
}

}  // namespace

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) text.remove_suffix(1);
    return text;
}

std::optional<uint64_t> parse_hex(std::string_view& text) {
    if (text.starts_with("0x")) text.remove_prefix(2);
    uint64_t value = 0;
    size_t digits = 0;
    for (; digits < text.size() && digits < 16; ++digits) {
        char c = text[digits];
        unsigned d = c >= '0' && c <= '9'   ? c - '0'
                     : c >= 'a' && c <= 'f' ? c - 'a' + 10
                     : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                            : 16;
        if (d > 15) break;
        value = value << 4 | d;
    }
    if (digits == 0) return std::nullopt;
    text.remove_prefix(digits);
    return value;
}

std::optional<ConsoleFrame> parse_symbol(std::string_view text, std::string_view* rest) {
    ConsoleFrame frame;
    if (text.starts_with("0x")) {
        std::string_view after = text;
        auto value = parse_hex(after);
        if (!value || (!after.empty() && after.front() != ' ' && after.front() != ',')) return std::nullopt;
        frame.address = *value;
        if (rest) *rest = after;
        return frame;
    }
    size_t length = 0;
    while (length < text.size() && length < kMaxName && name_char(text[length])) ++length;
    if (length == 0 || !text.substr(length).starts_with("+0x")) return std::nullopt;
    frame.function = std::string(text.substr(0, length));
    text.remove_prefix(length + 1);
    auto offset = parse_hex(text);
    if (!offset || !text.starts_with("/0x")) return std::nullopt;
    text.remove_prefix(1);
    auto size = parse_hex(text);
    if (!size) return std::nullopt;
    frame.offset = *offset;
    frame.size = *size;
    if (text.starts_with(" [")) {
        size_t close = text.find(']');
        if (close != std::string_view::npos) {
            std::string_view module = text.substr(2, close - 2);
            frame.module = std::string(module.substr(0, module.find(' ')));  // a build id may follow
            text.remove_prefix(close + 1);
        }
    }
    if (rest) *rest = text;
    return frame;
}

std::optional<ConsoleFrame> parse_stack_line(std::string_view line) {
    std::string_view text = trim(line);
    bool unreliable = text.starts_with("? ");
    if (unreliable) text = trim(text.substr(2));
    if (text.starts_with("[<")) {  // "[<ffffffff81234567>] func+0x1/0x2"
        size_t close = text.find(">] ");
        if (close == std::string_view::npos) return std::nullopt;
        text.remove_prefix(close + 3);
    }
    std::string_view rest;
    auto frame = parse_symbol(text, &rest);
    if (!frame || !trim(rest).empty()) return std::nullopt;
    frame->unreliable = unreliable;
    return frame;
}

std::optional<ConsoleFrame> parse_symbol_after(std::string_view line, std::string_view marker) {
    size_t at = line.find(marker);
    if (at == std::string_view::npos) return std::nullopt;
    std::string_view text = trim(line.substr(at + marker.size()));
    if (text.starts_with("[<"))
        if (size_t close = text.find(">] "); close != std::string_view::npos) text.remove_prefix(close + 3);
    return parse_symbol(text);
}

}  // namespace ferrule::grader
