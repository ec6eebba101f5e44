#include "grader/exercise/toml_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sandbox/base/check.hpp"

namespace ferrule::grader {
namespace {

constexpr size_t kTextCap = 4096;  // the agent's FERRULE_TEXT_MAX

std::string shortened(const std::string& text) { return text.size() > 60 ? text.substr(0, 60) + "…" : text; }

// A message is one line, whatever the file held: toml++ quotes the line break at which it gave up.
std::string one_line(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

// Levenshtein distance; both words are short.
size_t distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
    return out;
}

}  // namespace

int line_of(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

void Problems::add(int line, const std::string& found_expected) {
    if (first_) return;
    first_ =
        Error{"exercise-syntax", one_line(fmt::format("{}:{}: {}", file_.string(), std::max(line, 1), found_expected)),
              "Correct that line; grader/exercise/README.md explains each key."};
}

tl::unexpected<Error> Problems::error() const {
    FERRULE_CHECK(first_.has_value());
    return tl::unexpected(*first_);
}

std::string describe(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string: return fmt::format("string \"{}\"", shortened(node.as_string()->get()));
        case toml::node_type::integer: return fmt::format("integer {}", node.as_integer()->get());
        case toml::node_type::floating_point: return fmt::format("number {}", node.as_floating_point()->get());
        case toml::node_type::boolean: return node.as_boolean()->get() ? "true" : "false";
        case toml::node_type::array: return "an array";
        case toml::node_type::table: return "a table";
        default: return "a date or time";
    }
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    if (word.size() > 64) return {};
    const std::string* best = nullptr;
    size_t best_distance = std::max<size_t>(1, std::min<size_t>(2, word.size() / 2)) + 1;
    for (const std::string& candidate : known) {
        const size_t d = distance(word, candidate);
        if (d < best_distance) {
            best_distance = d;
            best = &candidate;
        }
    }
    return best ? fmt::format(" (did you mean \"{}\"?)", *best) : std::string();
}

TomlTable::TomlTable(Problems& problems, const toml::table& table, std::string what,
                     const std::vector<std::string>& known)
    : problems_(problems), table_(table), what_(std::move(what)), line_(line_of(table)) {
    // toml++ keeps keys sorted; the mistake to report is the first in the file.
    const toml::key* first = nullptr;
    for (const auto& [key, value] : table) {
        if (std::find(known.begin(), known.end(), key.str()) != known.end()) continue;
        if (!first || key.source().begin.line < first->source().begin.line) first = &key;
    }
    if (!first) return;
    const std::string name(first->str());
    problems_.add(static_cast<int>(first->source().begin.line),
                  fmt::format("found unknown key \"{}\" in {}; expected one of {}{}", shortened(name), what_,
                              joined(known), did_you_mean(name, known)));
}

int TomlTable::line(const char* key) const {
    const toml::node* node = find(key);
    const int line = node ? line_of(*node) : 0;
    return line > 0 ? line : line_;
}

void TomlTable::missing(const char* key, const char* expected) {
    problems_.add(line_, fmt::format("found no \"{}\" in {}; expected {}", key, what_, expected));
}

void TomlTable::wrong(const char* key, const toml::node& node, std::string_view expected) {
    problems_.add(line_of(node) > 0 ? line_of(node) : line_,
                  fmt::format("found {} for \"{}\"; expected {}", describe(node), key, expected));
}

std::optional<std::string> TomlTable::checked_text(const toml::node& node, const char* key) {
    const auto* value = node.as_string();
    if (!value) return std::nullopt;
    if (value->get().find('\0') != std::string::npos) {
        problems_.add(line_of(node),
                      fmt::format("found a NUL character in \"{}\"; expected text (\"hex 00\" in data)", key));
        return std::string();
    }
    if (value->get().size() > kTextCap) {
        problems_.add(line_of(node), fmt::format("found {} characters in \"{}\"; expected at most {}",
                                                 value->get().size(), key, kTextCap));
        return std::string();
    }
    return value->get();
}

std::string TomlTable::text(const char* key, std::string fallback) {
    const toml::node* node = find(key);
    if (!node) return fallback;
    if (auto value = checked_text(*node, key)) return std::move(*value);
    wrong(key, *node, "a string");
    return fallback;
}

int64_t TomlTable::integer(const char* key, int64_t low, int64_t high, int64_t fallback) {
    const toml::node* node = find(key);
    if (!node) return fallback;
    const auto* value = node->as_integer();
    if (value && value->get() >= low && value->get() <= high) return value->get();
    wrong(key, *node, fmt::format("an integer from {} to {}", low, high));
    return fallback;
}

double TomlTable::number(const char* key, double low, double high, double fallback) {
    const toml::node* node = find(key);
    if (!node) return fallback;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && std::isfinite(*value) && *value >= low && *value <= high) return *value;
    wrong(key, *node, fmt::format("a number from {} to {}", low, high));
    return fallback;
}

bool TomlTable::boolean(const char* key, bool fallback) {
    const toml::node* node = find(key);
    if (!node) return fallback;
    if (const auto* value = node->as_boolean()) return value->get();
    wrong(key, *node, "true or false");
    return fallback;
}

std::vector<std::string> TomlTable::texts(const char* key, bool one_may_stand_alone) {
    const toml::node* node = find(key);
    if (!node) return {};
    if (one_may_stand_alone && node->is_string()) return {text(key)};
    std::vector<std::string> out;
    const auto* array = node->as_array();
    if (!array) {
        wrong(key, *node, one_may_stand_alone ? "a string or an array of strings" : "an array of strings");
        return out;
    }
    for (const toml::node& element : *array) {
        auto value = checked_text(element, key);
        if (!value) {
            wrong(key, element, "only strings in that array");
            return out;
        }
        out.push_back(std::move(*value));
    }
    return out;
}

std::vector<Location> TomlTable::places(const char* key) const {
    std::vector<Location> out;
    const toml::node* node = find(key);
    if (!node) return out;
    if (const auto* array = node->as_array()) {
        for (const toml::node& element : *array) out.push_back(problems_.at(line_of(element)));
    } else {
        out.push_back(problems_.at(line_of(*node)));
    }
    return out;
}

std::string TomlTable::expression(const char* key) {
    const toml::node* node = find(key);
    if (!node) return {};
    if (const auto* value = node->as_integer()) return std::to_string(value->get());
    if (auto value = checked_text(*node, key)) {
        if (value->empty()) wrong(key, *node, "an integer or an expression");
        return std::move(*value);
    }
    wrong(key, *node, "an integer or a string with an expression");
    return {};
}

const toml::table* TomlTable::table(const char* key) {
    const toml::node* node = find(key);
    if (!node) return nullptr;
    if (const auto* value = node->as_table()) return value;
    wrong(key, *node, "a table");
    return nullptr;
}

std::vector<const toml::table*> TomlTable::tables(const char* key) {
    std::vector<const toml::table*> out;
    const toml::node* node = find(key);
    if (!node) return out;
    const auto* array = node->as_array();
    if (!array) {
        wrong(key, *node, "an array of tables");
        return out;
    }
    for (const toml::node& element : *array) {
        const auto* table = element.as_table();
        if (!table) {
            wrong(key, element, "only tables in that array");
            return out;
        }
        out.push_back(table);
    }
    return out;
}

Result<toml::table> parse_toml(std::string_view text, const fs::path& file) {
    try {
        return toml::parse(text, file.string());
    } catch (const toml::parse_error& error) {
        Problems problems(file);
        problems.add(static_cast<int>(error.source().begin.line),
                     fmt::format("found what is not TOML: {}; expected TOML 1.0", error.description()));
        return problems.error();
    } catch (const std::logic_error&) {
        // toml++ loses the place when it trips over itself.
        Problems problems(file);
        problems.add(1, "found, somewhere in the file, what is not TOML; expected TOML 1.0");
        return problems.error();
    }
}

}  // namespace ferrule::grader
