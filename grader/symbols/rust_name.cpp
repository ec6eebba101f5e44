#include "grader/symbols/rust_name.hpp"

#include <cstdint>
#include <optional>
#include <utility>

namespace ferrule::grader {
namespace {

// The grammar is RFC 2603. The input may be hostile: a budget bounds nesting and back references.
class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    std::optional<std::string> symbol() {
        std::string name = path().name;
        if (bad_ || name.empty()) return std::nullopt;
        return name;
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    char next() {
        if (at_ >= text_.size()) {
            bad_ = true;
            return '\0';
        }
        return text_[at_++];
    }
    bool eat(char c) {
        if (peek() != c) return false;
        ++at_;
        return true;
    }

    uint64_t base62() {
        if (eat('_')) return 0;
        uint64_t value = 0;
        while (!bad_) {
            char c = next();
            if (c == '_') return value + 1;
            unsigned digit = 0;
            if (c >= '0' && c <= '9')
                digit = c - '0';
            else if (c >= 'a' && c <= 'z')
                digit = 10 + c - 'a';
            else if (c >= 'A' && c <= 'Z')
                digit = 36 + c - 'A';
            else
                bad_ = true;
            value = value * 62 + digit;
        }
        return 0;
    }

    void disambiguator() {
        if (eat('s')) base62();
    }

    std::string identifier() {
        disambiguator();
        bool punycode = eat('u');
        if (peek() < '0' || peek() > '9') {
            bad_ = true;
            return {};
        }
        size_t length = 0;
        if (!eat('0'))
            while (peek() >= '0' && peek() <= '9' && length < text_.size()) length = length * 10 + (next() - '0');
        eat('_');
        if (length > text_.size() - at_) {
            bad_ = true;
            return {};
        }
        std::string name(text_.substr(at_, length));
        at_ += length;
        return punycode ? "{" + name + "}" : name;
    }

    // A back reference is read where it points, then reading goes on here.
    template <class Value, class Read>
    Value back_reference(Read read) {
        size_t target = base62();
        if (bad_ || target >= at_) {
            bad_ = true;
            return {};
        }
        size_t here = std::exchange(at_, target);
        Value value = read();
        at_ = here;
        return value;
    }

    // keeps: a function in it is named with it (an impl, or another function), unlike a module.
    struct Path {
        std::string name;
        bool keeps = false;
    };

    Path path() {
        if (++steps_ > 2000 || ++depth_ > 64) {
            bad_ = true;
            return {};
        }
        Path found = path_inner();
        --depth_;
        return found;
    }

    Path path_inner() {
        switch (next()) {
            case 'C': identifier(); return {};
            case 'M':
                disambiguator();
                path();
                return {type(), true};
            case 'X':
                disambiguator();
                path();
                [[fallthrough]];
            case 'Y': {
                std::string self = type();
                std::string trait = path().name;
                return {"<" + self + " as " + trait + ">", true};
            }
            case 'N': {
                char space = next();
                Path parent = path();
                std::string name = identifier();
                if (space == 'C') return {parent.name.empty() ? "{closure}" : parent.name + "::{closure}", true};
                if (space >= 'A' && space <= 'Z') return parent;
                if (space == 'v' && parent.keeps && !parent.name.empty()) name = parent.name + "::" + name;
                return {name, space == 'v'};
            }
            case 'I': {
                Path of = path();
                while (!bad_ && !eat('E')) generic_argument();
                return of;
            }
            case 'B': return back_reference<Path>([&] { return path(); });
            default: bad_ = true; return {};
        }
    }

    void generic_argument() {
        if (++steps_ > 2000) bad_ = true;
        if (eat('L'))
            base62();
        else if (eat('K'))
            constant();
        else
            type();
    }

    void constant() {
        if (eat('B')) {
            back_reference<int>([&] {
                constant();
                return 0;
            });
            return;
        }
        if (eat('p')) return;
        next();  // its type, a basic one
        while (!bad_ && next() != '_') {
        }
    }

    std::string type() {
        if (++steps_ > 2000 || ++depth_ > 64) {
            bad_ = true;
            return {};
        }
        std::string name = type_inner();
        --depth_;
        return name;
    }

    std::string type_inner() {
        static constexpr const char* kBasic[26] = {"i8",    "bool", "char", "f64", "str",  "f32",  "?",   "u8", "isize",
                                                   "usize", "?",    "i32",  "u32", "i128", "u128", "_",   "?",  "?",
                                                   "i16",   "u16",  "()",   "...", "?",    "i64",  "u64", "!"};
        const char c = peek();
        if (c >= 'a' && c <= 'z') {
            next();
            return kBasic[c - 'a'];
        }
        switch (c) {
            case 'A': {
                next();
                std::string of = type();
                constant();
                return "[" + of + "]";
            }
            case 'S': next(); return "[" + type() + "]";
            case 'T': {
                next();
                while (!bad_ && !eat('E')) type();
                return "(..)";
            }
            case 'R':
            case 'Q': {
                bool mut = next() == 'Q';
                if (eat('L')) base62();
                return (mut ? "&mut " : "&") + type();
            }
            case 'P': next(); return "*const " + type();
            case 'O': next(); return "*mut " + type();
            case 'F': {
                next();
                if (eat('G')) base62();
                eat('U');
                if (eat('K') && !eat('C')) identifier();
                while (!bad_ && !eat('E')) type();
                type();
                return "fn";
            }
            case 'D': {
                next();
                if (eat('G')) base62();
                std::string first;
                while (!bad_ && !eat('E')) {
                    std::string trait = path().name;
                    if (first.empty()) first = trait;
                    while (eat('p')) {
                        identifier();
                        type();
                    }
                }
                if (eat('L')) base62();
                return "dyn " + first;
            }
            case 'B': next(); return back_reference<std::string>([&] { return type(); });
            default: return path().name;
        }
    }

    std::string_view text_;
    size_t at_ = 0;
    int depth_ = 0, steps_ = 0;
    bool bad_ = false;
};

}  // namespace

std::string short_function_name(std::string_view symbol) {
    if (symbol.size() < 4 || symbol.size() > 8192 || !symbol.starts_with("_R")) return std::string(symbol);
    auto name = Parser(symbol.substr(2)).symbol();
    return name && name->size() <= 200 ? *name : std::string(symbol);
}

}  // namespace ferrule::grader
