#include "lessons/reader/marked_section.hpp"

#include <fmt/format.h>

namespace ferrule::reader {

namespace {

struct Place {
    std::string text;
    size_t from = 0, length = 0;
};

Result<Place> find(const fs::path& file, const std::string& name) {
    FERRULE_TRY(std::string text, section_place(file, name));
    const size_t from = text.find(section_begin(name)) + section_begin(name).size() + 1;
    const size_t to = text.find(section_end(name));
    return Place{std::move(text), std::min(from, to), to - std::min(from, to)};
}

}  // namespace

std::string section_begin(const std::string& name) { return fmt::format("<!-- {}: begin -->", name); }
std::string section_end(const std::string& name) { return fmt::format("<!-- {}: end -->", name); }

Result<std::string> section_place(const fs::path& file, const std::string& name) {
    const std::string first = section_begin(name), last = section_end(name);
    std::error_code code;
    if (!fs::exists(file, code)) return fmt::format("{}\n{}\n", first, last);
    FERRULE_TRY(std::string text, read_file(file, 4u << 20));
    const size_t begin = text.find(first), end = text.find(last);
    if (begin == std::string::npos || end == std::string::npos || end < begin)
        return fail("no-markers", fmt::format("{} has no place for the table", file.string()),
                    fmt::format("Put the lines {} and {} where it belongs, or name a file that is not there yet.",
                                first, last));
    return text;
}

Result<std::string> read_section(const fs::path& file, const std::string& name) {
    FERRULE_TRY(const Place place, find(file, name));
    return place.text.substr(place.from, place.length);
}

Result<void> write_section(const fs::path& file, const std::string& name, const std::string& content) {
    FERRULE_TRY(Place place, find(file, name));
    return write_file(file, place.text.replace(place.from, place.length, content));
}

}  // namespace ferrule::reader
