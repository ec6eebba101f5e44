#include "grader/exercise/kernel_abi.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "grader/exercise/exercise.hpp"

namespace ferrule::grader {
namespace {

struct Flag {
    const char* name;
    int64_t value;
};

// Numbers that never should reach user space, and do where a driver returns the wrong one.
constexpr Flag kInternalErrnos[] = {{"ERESTARTSYS", 512}, {"ERESTARTNOINTR", 513}, {"ERESTARTNOHAND", 514},
                                    {"ENOIOCTLCMD", 515}, {"EPROBE_DEFER", 517},   {"EOPENSTALE", 518},
                                    {"ENOPARAM", 519},    {"ENOTSUPP", 524}};

std::string trimmed(const std::string& text) {
    const size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

tl::unexpected<Error> bad_ioctl(const std::string& text) {
    return fail("expression", fmt::format("found \"{}\"; expected _IO('t', nr), _IOR('t', nr, size), _IOW(…), _IOWR(…) "
                                          "with a size in bytes, or a number",
                                          text.substr(0, 60)));
}

template <size_t N>
Result<int64_t> one_of(const std::string& text, const Flag (&flags)[N], const char* expected) {
    for (const Flag& flag : flags)
        if (text == flag.name) return flag.value;
    return fail("expression", fmt::format("found \"{}\"; expected {}", text.substr(0, 40), expected));
}

}  // namespace

Result<uint32_t> ioctl_number(const std::string& text) {
    const std::string whole = trimmed(text);
    const size_t open = whole.find('(');
    const std::string word = whole.substr(0, open);
    const uint32_t direction = word == "_IO" ? 0 : word == "_IOW" ? 1 : word == "_IOR" ? 2 : word == "_IOWR" ? 3 : 4;
    if (direction == 4 || open == std::string::npos) {
        const auto number = evaluate(whole, {});
        if (!number || *number < 0 || *number > 0xffffffff) return bad_ioctl(text);
        return static_cast<uint32_t>(*number);
    }
    if (whole.back() != ')') return bad_ioctl(text);
    std::vector<std::string> parts{""};
    const std::string inside = whole.substr(open + 1, whole.size() - open - 2);
    for (size_t i = 0; i < inside.size(); ++i) {
        if (inside[i] == '\'' && i + 2 < inside.size() && inside[i + 2] == '\'') {
            parts.back() += inside.substr(i, 3);
            i += 2;
        } else if (inside[i] == ',') {
            parts.emplace_back();
        } else {
            parts.back() += inside[i];
        }
    }
    if (parts.size() != (direction == 0 ? 2u : 3u)) return bad_ioctl(text);
    int64_t numbers[3] = {0, 0, 0};
    constexpr int64_t kMax[3] = {255, 255, 0x3fff};
    for (size_t i = 0; i < parts.size(); ++i) {
        const auto number = evaluate(trimmed(parts[i]), {});
        if (!number) return bad_ioctl(text);
        if (*number < 0 || *number > kMax[i])
            return fail("expression",
                        fmt::format("found {} in \"{}\"; expected 0 to {}", *number, text.substr(0, 60), kMax[i]));
        numbers[i] = *number;
    }
    return direction << 30 | static_cast<uint32_t>(numbers[2]) << 16 | static_cast<uint32_t>(numbers[0]) << 8 |
           static_cast<uint32_t>(numbers[1]);
}

std::optional<int> errno_number(const std::string& name) {
    if (name == "EWOULDBLOCK") return EWOULDBLOCK;
    for (int number = 1; number < 134; ++number) {
        const char* known = strerrorname_np(number);
        if (known && name == known) return number;
    }
    for (const Flag& flag : kInternalErrnos)
        if (name == flag.name) return static_cast<int>(flag.value);
    return std::nullopt;
}

std::string errno_name(int number) {
    if (number > 0 && number < 134)
        if (const char* known = strerrorname_np(number)) return known;
    for (const Flag& flag : kInternalErrnos)
        if (number == flag.value) return flag.name;
    return fmt::format("errno {}", number);
}

Result<int64_t> open_flags(const std::string& text) {
    constexpr const char* kExpected = "read, write, nonblock, append, trunc or sync, joined by +";
    constexpr Flag kFlags[] = {{"nonblock", O_NONBLOCK}, {"append", O_APPEND}, {"trunc", O_TRUNC},
                               {"sync", O_SYNC},         {"read", -1},         {"write", -2}};
    if (text.empty()) return O_RDWR;
    bool read = false, write = false;
    int64_t flags = 0;
    for (size_t begin = 0; begin <= text.size();) {
        const size_t end = std::min(text.find_first_of("+,", begin), text.size());
        FERRULE_TRY(const int64_t value, one_of(trimmed(text.substr(begin, end - begin)), kFlags, kExpected));
        if (value == -1)
            read = true;
        else if (value == -2)
            write = true;
        else
            flags |= value;
        begin = end + 1;
    }
    if (!read && !write)
        return fail("expression", fmt::format("found \"{}\"; expected read, write or read+write in it", text));
    return flags | (read && write ? O_RDWR : write ? O_WRONLY : O_RDONLY);
}

Result<int64_t> mmap_protection(const std::string& text) {
    constexpr Flag kFlags[] = {
        {"", PROT_READ | PROT_WRITE}, {"read+write", PROT_READ | PROT_WRITE}, {"read", PROT_READ}};
    return one_of(text, kFlags, "read or read+write");
}

Result<int64_t> seek_whence(const std::string& text) {
    constexpr Flag kFlags[] = {{"", SEEK_SET}, {"set", SEEK_SET}, {"cur", SEEK_CUR}, {"end", SEEK_END}};
    return one_of(text, kFlags, "set, cur or end");
}

}  // namespace ferrule::grader
