// Reading a TOML table so that every mistake is one line "FILE:LINE: found …; expected …". The first mistake is
// kept, later getters return defaults: a parser reads straight through and asks for the error once, at its end.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grader/exercise/exercise.hpp"
#include "sandbox/base/toml.hpp"

namespace ferrule::grader {

class Problems {
public:
    explicit Problems(fs::path file) : file_(std::move(file)) {}
    void add(int line, const std::string& found_expected);
    // An Error whose message is "found …; expected …".
    void add(int line, const Error& error) { add(line, error.message); }
    bool any() const { return first_.has_value(); }
    tl::unexpected<Error> error() const;  // FERRULE_CHECKs any()
    Location at(int line) const { return {file_, line}; }
    const fs::path& file() const { return file_; }

private:
    fs::path file_;
    std::optional<Error> first_;
};

// What a node is, for a message: `string "abc"`, `integer 5`.
std::string describe(const toml::node& node);
// " (did you mean X?)" when one of `known` is near, else "".
std::string did_you_mean(std::string_view word, const std::vector<std::string>& known);

class TomlTable {
public:
    // `what` names the table in messages: "the exercise", "a scenario". Keys outside `known` are a mistake.
    TomlTable(Problems& problems, const toml::table& table, std::string what, const std::vector<std::string>& known);

    int line() const { return line_; }
    int line(const char* key) const;  // of the key's value; the table's when it is not there
    bool has(const char* key) const { return table_.contains(key); }
    void missing(const char* key, const char* expected);

    // No such key: the default. The wrong type or out of range: a problem, and the default.
    std::string text(const char* key, std::string fallback = {});
    int64_t integer(const char* key, int64_t low, int64_t high, int64_t fallback);
    double number(const char* key, double low, double high, double fallback);
    bool boolean(const char* key, bool fallback);
    std::vector<std::string> texts(const char* key, bool one_may_stand_alone = false);
    std::vector<Location> places(const char* key) const;  // of the elements of an array, or of the value itself
    std::string expression(const char* key);              // an integer or a string, as text
    const toml::table* table(const char* key);
    std::vector<const toml::table*> tables(const char* key);  // an array of tables

    const toml::table& raw() const { return table_; }
    Problems& problems() { return problems_; }

private:
    const toml::node* find(const char* key) const { return table_.get(key); }
    void wrong(const char* key, const toml::node& node, std::string_view expected);
    std::optional<std::string> checked_text(const toml::node& node, const char* key);

    Problems& problems_;
    const toml::table& table_;
    std::string what_;
    int line_;
};

int line_of(const toml::node& node);

// Parses a file's text. Errors: "exercise-syntax".
Result<toml::table> parse_toml(std::string_view text, const fs::path& file);

}  // namespace ferrule::grader
