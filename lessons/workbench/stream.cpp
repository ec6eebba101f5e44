#include "lessons/workbench/stream.hpp"

#include <unistd.h>

#include <cerrno>

namespace ferrule::workbench {

std::optional<std::string> read_some(int fd, size_t cap) {
    std::string bytes(cap, '\0');
    const ssize_t n = ::read(fd, bytes.data(), bytes.size());
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return std::string();
    if (n <= 0) return std::nullopt;  // of a pty EIO
    bytes.resize(static_cast<size_t>(n));
    return bytes;
}

size_t write_some(int fd, std::string_view bytes) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    return n > 0 ? static_cast<size_t>(n) : 0;
}

}  // namespace ferrule::workbench
