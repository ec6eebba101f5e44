#include "grader/exercise/expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace ferrule::grader {
namespace {

struct Constant {
    const char* name;
    int64_t value;
};
constexpr Constant kConstants[] = {{"POLLIN", 1}, {"POLLPRI", 2}, {"POLLOUT", 4}, {"POLLERR", 8}, {"POLLHUP", 16}};
constexpr int kDepthCap = 64;

bool name_start(char c) { return c >= 'a' && c <= 'z'; }
bool name_char(char c) { return name_start(c) || (c >= '0' && c <= '9') || c == '_'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Recursive descent, C's precedence. The first error stops it. With a scope instead of values
// nothing is computed, so that `8 / $n` can be checked before $n is known.
class Evaluator {
public:
    Evaluator(const std::string& text, const Values* values, const Scope* scope)
        : text_(text), values_(values), scope_(scope) {}

    Result<int64_t> run() {
        if (text_.size() > kExpressionCap)
            return fail("expression", "found an expression of more than 1024 characters; expected a short one");
        const int64_t value = binary(0);
        skip();
        if (!failed_ && at_ < text_.size())
            problem("expression", fmt::format("found \"{}\" behind the expression; expected its end", rest()));
        if (failed_) return tl::unexpected(error_);
        return value;
    }

private:
    struct Operator {
        const char* text;
        int level;
    };
    static constexpr Operator kOperators[] = {{"|", 0}, {"^", 1}, {"&", 2}, {"<<", 3}, {">>", 3},
                                              {"+", 4}, {"-", 4}, {"*", 5}, {"/", 5},  {"%", 5}};

    int64_t problem(const char* code, std::string message) {
        if (!failed_) error_ = Error{code, std::move(message), {}};
        failed_ = true;
        return 0;
    }
    std::string rest() const { return text_.substr(at_, 20); }
    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }
    bool take(char c) {
        skip();
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void expect(char c) {
        if (!take(c) && !failed_)
            problem("expression", fmt::format("found \"{}\" in \"{}\"; expected \"{}\"",
                                              at_ < text_.size() ? rest() : "the end", text_, c));
    }

    const Operator* next_operator(int level) {
        skip();
        for (const Operator& op : kOperators)
            if (op.level == level && text_.compare(at_, std::char_traits<char>::length(op.text), op.text) == 0)
                return &op;
        return nullptr;
    }

    int64_t binary(int level) {
        if (level == 6) return unary();
        int64_t left = binary(level + 1);
        while (!failed_) {
            const Operator* op = next_operator(level);
            if (!op) break;
            at_ += std::char_traits<char>::length(op->text);
            left = compute(op->text, left, binary(level + 1));
        }
        return left;
    }

    int64_t overflow() {
        return problem("expression",
                       fmt::format("found a result outside 64 bits in \"{}\"; expected it to fit", text_));
    }

    int64_t compute(std::string_view op, int64_t a, int64_t b) {
        if (failed_ || scope_) return 0;
        int64_t result = 0;
        switch (op[0]) {
            case '|': return a | b;
            case '^': return a ^ b;
            case '&': return a & b;
            case '+': return __builtin_add_overflow(a, b, &result) ? overflow() : result;
            case '-': return __builtin_sub_overflow(a, b, &result) ? overflow() : result;
            case '*': return __builtin_mul_overflow(a, b, &result) ? overflow() : result;
            case '<':
                if (b < 0 || b > 62)
                    return problem("expression",
                                   fmt::format("found a shift by {} in \"{}\"; expected 0 to 62", b, text_));
                return __builtin_mul_overflow(a, int64_t{1} << b, &result) ? overflow() : result;
            case '>':
                if (b < 0 || b > 63)
                    return problem("expression",
                                   fmt::format("found a shift by {} in \"{}\"; expected 0 to 63", b, text_));
                return a >> b;
            default:
                if (b == 0) return problem("expression", fmt::format("found a division by zero in \"{}\"", text_));
                if (a == std::numeric_limits<int64_t>::min() && b == -1) return overflow();
                return op[0] == '/' ? a / b : a % b;
        }
    }

    int64_t unary() {
        if (++depth_ > kDepthCap) return problem("expression", "found an expression nested more than 64 deep");
        int64_t value = 0;
        if (take('-')) {
            value = compute("-", 0, unary());
        } else if (take('~')) {
            value = ~unary();
        } else if (take('(')) {
            value = binary(0);
            expect(')');
        } else {
            value = operand();
        }
        --depth_;
        return value;
    }

    int64_t operand() {
        skip();
        const char c = at_ < text_.size() ? text_[at_] : '\0';
        if (is_digit(c)) return number();
        if (c == '\'') return character();
        if (c == '$') return reference();
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return word();
        return problem("expression",
                       fmt::format("found {} in \"{}\"; expected a number, $name or \"(\"",
                                   at_ < text_.size() ? '"' + rest() + '"' : std::string("nothing"), text_));
    }

    int64_t number() {
        const bool hex = text_.compare(at_, 2, "0x") == 0;
        const int base = hex ? 16 : 10;
        if (hex) at_ += 2;
        const size_t begin = at_;
        int64_t value = 0;
        for (; at_ < text_.size(); ++at_) {
            const char c = text_[at_];
            int digit;
            if (is_digit(c))
                digit = c - '0';
            else if (hex && c >= 'a' && c <= 'f')
                digit = c - 'a' + 10;
            else if (hex && c >= 'A' && c <= 'F')
                digit = c - 'A' + 10;
            else
                break;
            if (__builtin_mul_overflow(value, int64_t{base}, &value) ||
                __builtin_add_overflow(value, int64_t{digit}, &value))
                return overflow();
        }
        if (at_ == begin) return problem("expression", fmt::format("found \"0x\" without digits in \"{}\"", text_));
        return value;
    }

    int64_t character() {
        if (at_ + 2 >= text_.size() || text_[at_ + 2] != '\'' || static_cast<unsigned char>(text_[at_ + 1]) < 0x20)
            return problem("expression", fmt::format("found \"{}\" in \"{}\"; expected one character in quotes, as 'a'",
                                                     rest(), text_));
        const int64_t value = static_cast<unsigned char>(text_[at_ + 1]);
        at_ += 3;
        return value;
    }

    // $name; `bytes` gets the value if it is bytes, and then the integer means nothing.
    int64_t value_of(std::string& name, const std::string*& bytes, bool& is_bytes) {
        is_bytes = false;
        ++at_;
        const size_t begin = at_;
        if (at_ < text_.size() && name_start(text_[at_]))
            while (at_ < text_.size() && name_char(text_[at_])) ++at_;
        name = text_.substr(begin, at_ - begin);
        if (name.empty())
            return problem("expression", fmt::format("found \"$\" without a name in \"{}\"; expected $name", text_));
        if (scope_) {
            const auto found = scope_->find(name);
            if (found == scope_->end()) return unknown(name);
            is_bytes = found->second;
            return 0;
        }
        const auto found = values_->find(name);
        if (found == values_->end()) return unknown(name);
        if (const auto* integer = std::get_if<int64_t>(&found->second)) return *integer;
        bytes = &std::get<std::string>(found->second);
        is_bytes = true;
        return 0;
    }

    int64_t unknown(const std::string& name) {
        return problem("unknown-value",
                       fmt::format("found ${}; expected the name of a value or of an earlier capture", name));
    }

    int64_t reference() {
        std::string name;
        const std::string* bytes = nullptr;
        bool is_bytes = false;
        const int64_t value = value_of(name, bytes, is_bytes);
        if (failed_) return 0;
        if (text_.compare(at_, 7, ".length") == 0) {
            at_ += 7;
            if (!is_bytes)
                return problem("expression",
                               fmt::format("found ${0}.length; ${0} is an integer, expected bytes", name));
            return bytes ? static_cast<int64_t>(bytes->size()) : 0;
        }
        if (at_ < text_.size() && text_[at_] == '[') {
            ++at_;
            const int64_t index = binary(0);
            expect(']');
            if (failed_) return 0;
            if (!is_bytes)
                return problem("expression", fmt::format("found ${0}[…]; ${0} is an integer, expected bytes", name));
            if (!bytes) return 0;
            if (index < 0 || static_cast<uint64_t>(index) >= bytes->size())
                return problem("expression",
                               fmt::format("found ${}[{}]; expected an index below {}", name, index, bytes->size()));
            return static_cast<unsigned char>((*bytes)[static_cast<size_t>(index)]);
        }
        if (is_bytes)
            return problem(
                "expression",
                fmt::format("found ${0}, which is bytes; expected an integer, as ${0}.length or ${0}[0]", name));
        return value;
    }

    int64_t word() {
        const size_t begin = at_;
        while (at_ < text_.size() && (name_char(text_[at_]) || (text_[at_] >= 'A' && text_[at_] <= 'Z'))) ++at_;
        const std::string name = text_.substr(begin, at_ - begin);
        for (const Constant& constant : kConstants)
            if (name == constant.name) return constant.value;
        if (name == "len" || name == "sum") return of_bytes(name);
        if (name == "min" || name == "max") return of_integers(name);
        return problem("expression",
                       fmt::format("found \"{}\"; expected $name, min, max, len, sum or a POLL constant", name));
    }

    int64_t of_bytes(const std::string& function) {
        expect('(');
        skip();
        if (failed_) return 0;
        if (at_ >= text_.size() || text_[at_] != '$')
            return problem("expression", fmt::format("found \"{}\"; expected {}($name)", text_, function));
        std::string name;
        const std::string* bytes = nullptr;
        bool is_bytes = false;
        value_of(name, bytes, is_bytes);
        expect(')');
        if (failed_) return 0;
        if (!is_bytes)
            return problem("expression",
                           fmt::format("found {}(${}), which is an integer; expected bytes", function, name));
        if (!bytes) return 0;
        if (function == "len") return static_cast<int64_t>(bytes->size());
        int64_t sum = 0;
        for (const char c : *bytes) sum += static_cast<unsigned char>(c);
        return sum;
    }

    int64_t of_integers(const std::string& function) {
        expect('(');
        int64_t result = failed_ ? 0 : binary(0);
        while (!failed_ && take(',')) {
            const int64_t other = binary(0);
            result = function == "min" ? std::min(result, other) : std::max(result, other);
        }
        expect(')');
        return result;
    }

    const std::string& text_;
    const Values* values_;
    const Scope* scope_;
    size_t at_ = 0;
    int depth_ = 0;
    bool failed_ = false;
    Error error_;
};

// Calls take_text and take_name for the parts of a text with $name in it.
template <class Text, class Name>
Result<void> walk_text(const std::string& text, Text take_text, Name take_name) {
    for (size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            const size_t end = std::min(text.find('$', i), text.size());
            take_text(text.substr(i, end - i));
            i = end;
            continue;
        }
        if (i + 1 < text.size() && text[i + 1] == '$') {
            take_text("$");
            i += 2;
            continue;
        }
        const bool braces = i + 1 < text.size() && text[i + 1] == '{';
        const size_t begin = i + (braces ? 2 : 1);
        size_t end = begin;
        if (end < text.size() && name_start(text[end]))
            while (end < text.size() && name_char(text[end])) ++end;
        if (end == begin || (braces && (end >= text.size() || text[end] != '}')))
            return fail("expression",
                        fmt::format("found \"{}\"; expected $name, ${{name}}, or $$ for a dollar", text.substr(i, 20)));
        FERRULE_TRY_VOID(take_name(text.substr(begin, end - begin)));
        i = end + (braces ? 1 : 0);
    }
    return {};
}

tl::unexpected<Error> unknown_in_text(const std::string& name) {
    return fail("unknown-value",
                fmt::format("found ${}; expected the name of a value or of an earlier capture ($$ is a dollar)", name));
}

}  // namespace

bool is_value_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && name_start(name[0]) &&
           std::all_of(name.begin(), name.end(), name_char);
}

Result<int64_t> evaluate(const std::string& expression, const Values& values) {
    return Evaluator(expression, &values, nullptr).run();
}

Result<void> check_expression(const std::string& expression, const Scope& scope) {
    FERRULE_TRY_VOID(Evaluator(expression, nullptr, &scope).run());
    return {};
}

Result<std::string> expand(const std::string& text, const Values& values) {
    std::string out;
    FERRULE_TRY_VOID(walk_text(
        text, [&](const std::string& part) { out += part; },
        [&](const std::string& name) -> Result<void> {
            const auto found = values.find(name);
            if (found == values.end()) return unknown_in_text(name);
            if (const auto* integer = std::get_if<int64_t>(&found->second))
                out += std::to_string(*integer);
            else
                out += std::get<std::string>(found->second);
            if (out.size() > kDataCap) return fail("expression", "found more than 1 MiB of text");
            return {};
        }));
    return out;
}

Result<void> check_text(const std::string& text, const Scope& scope) {
    return walk_text(
        text, [](const std::string&) {},
        [&](const std::string& name) -> Result<void> {
            if (!scope.contains(name)) return unknown_in_text(name);
            return {};
        });
}

}  // namespace ferrule::grader
