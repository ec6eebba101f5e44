// Reading and writing a descriptor that does not block: as much as there is now.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ferrule::workbench {

// At most `cap` bytes; "" when there are none yet. None: the other end is gone.
std::optional<std::string> read_some(int fd, size_t cap);
// How many were taken; the rest stays with the caller.
size_t write_some(int fd, std::string_view bytes);

}  // namespace ferrule::workbench
