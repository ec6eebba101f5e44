#include <fmt/format.h>

#include <limits>

#include "grader/exercise/expression.hpp"
#include "grader/exercise/kernel_abi.hpp"
#include "grader/exercise/race_rules.hpp"

namespace ferrule::grader {
namespace {

using Kind = DataPiece::Kind;
struct KindName {
    const char* name;
    Kind kind;
};
constexpr KindName kKinds[] = {{"u8", Kind::u8},       {"u16", Kind::u16},        {"u32", Kind::u32},
                               {"u64", Kind::u64},     {"text", Kind::text},      {"hex", Kind::hex},
                               {"zeros", Kind::zeros}, {"fill", Kind::fill},      {"bytes", Kind::bytes},
                               {"any", Kind::any},     {"padding", Kind::padding}};

int width(Kind kind) { return kind == Kind::u8 ? 1 : kind == Kind::u16 ? 2 : kind == Kind::u32 ? 4 : 8; }

Result<std::string> decode_hex(const std::string& text) {
    std::string out;
    int high = -1;
    for (const char c : text) {
        if (c == ' ') continue;
        const int digit = c >= '0' && c <= '9'   ? c - '0'
                          : c >= 'a' && c <= 'f' ? c - 'a' + 10
                          : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                                 : -1;
        if (digit < 0) return fail("expression", fmt::format("found \"{}\" in hex data; expected digits 0-9, a-f", c));
        if (high < 0) {
            high = digit;
        } else {
            out += static_cast<char>(high << 4 | digit);
            high = -1;
        }
    }
    if (high >= 0) return fail("expression", "found an odd number of hex digits; expected two for each byte");
    return out;
}

Result<std::string> integer_bytes(const DataPiece& piece, const Values& values) {
    FERRULE_TRY(const int64_t value, evaluate(piece.expression, values));
    const int bytes = width(piece.kind);
    if (bytes < 8) {
        const int64_t limit = int64_t{1} << (bytes * 8);
        if (value >= limit || value < -(limit / 2))
            return fail("expression",
                        fmt::format("found {} for u{}; expected {} to {}", value, bytes * 8, -(limit / 2), limit - 1));
    }
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(static_cast<uint64_t>(value) >> (8 * i) & 0xff);
    return out;
}

Result<std::string> value_bytes(const DataPiece& piece, const Values& values) {
    const auto found = values.find(piece.expression);
    if (found == values.end())
        return fail("unknown-value", fmt::format("found ${}; expected the name of a value", piece.expression));
    const auto* bytes = std::get_if<std::string>(&found->second);
    if (!bytes)
        return fail("expression",
                    fmt::format("found \"bytes ${}\", which is an integer; expected bytes", piece.expression));
    if (piece.expression2.empty()) return *bytes;
    FERRULE_TRY(const auto range, split_range(piece.expression2));
    FERRULE_TRY(const int64_t from, evaluate(range.first, values));
    FERRULE_TRY(const int64_t to, evaluate(range.second, values));
    if (from < 0 || from > to || static_cast<uint64_t>(to) > bytes->size())
        return fail("expression", fmt::format("found bytes {}..{} of ${}; expected them inside 0..{}", from, to,
                                              piece.expression, bytes->size()));
    return bytes->substr(static_cast<size_t>(from), static_cast<size_t>(to - from));
}

Result<size_t> length_of(const std::string& expression, const Values& values) {
    FERRULE_TRY(const int64_t length, evaluate(expression, values));
    if (length < 0 || static_cast<uint64_t>(length) > kDataCap)
        return fail("expression", fmt::format("found {} bytes; expected 0 to {}", length, kDataCap));
    return static_cast<size_t>(length);
}

}  // namespace

StepRanges step_ranges(StepKind kind) {
    constexpr int64_t kMax = std::numeric_limits<int64_t>::max(), kMin = std::numeric_limits<int64_t>::min();
    // A read leaves room for the guard behind its buffer.
    NumberRange size{0, static_cast<int64_t>(kDataCap - kIoctlGuard)};
    if (kind == StepKind::poll) size = {0, 100'000};
    if (kind == StepKind::mmap) size = {1, static_cast<int64_t>(kDataCap)};
    if (kind == StepKind::delay) return {{0, kDelayMax}, {0, kMax}, {0, kDelayMax}};
    return {size, kind == StepKind::lseek ? NumberRange{kMin, kMax} : NumberRange{0, kMax}, {1, 0x7fffffff}};
}

Result<DataPiece> parse_piece(const std::string& text) {
    const size_t space = text.find(' ');
    const std::string word = text.substr(0, space);
    const std::string rest = space == std::string::npos ? "" : text.substr(space + 1);
    for (const KindName& entry : kKinds) {
        if (word != entry.name) continue;
        if (rest.empty())
            return fail("expression", fmt::format("found \"{}\" alone; expected something behind it", text));
        DataPiece piece{entry.kind, rest, {}, {}};
        const size_t second = rest.find(' ');
        if (piece.kind == Kind::fill) {
            if (second == std::string::npos)
                return fail("expression", fmt::format("found \"{}\"; expected \"fill VALUE COUNT\"", text));
            piece.expression = rest.substr(0, second);
            piece.expression2 = rest.substr(second + 1);
        } else if (piece.kind == Kind::bytes) {
            if (second != std::string::npos) piece.expression2 = rest.substr(second + 1);
            piece.expression = rest.substr(0, second);
            if (piece.expression[0] != '$' || !is_value_name(std::string_view(piece.expression).substr(1)))
                return fail(
                    "expression",
                    fmt::format(
                        "found \"{}\"; expected \"bytes $name\" or \"bytes $name FROM..TO\" (\"zeros N\" for N zeros)",
                        text));
            piece.expression.erase(0, 1);
        }
        return piece;
    }
    return fail(
        "expression",
        fmt::format(
            "found \"{}\"; expected a piece of data: u8, u16, u32, u64, bytes, text, hex, zeros, fill, padding or any",
            text.substr(0, 40)));
}

Result<void> check_piece(const DataPiece& piece, const Scope& scope) {
    switch (piece.kind) {
        case Kind::text: return check_text(piece.expression, scope);
        case Kind::hex: {
            FERRULE_TRY_VOID(decode_hex(piece.expression));
            return {};
        }
        case Kind::bytes: {
            const auto found = scope.find(piece.expression);
            if (found == scope.end())
                return fail("unknown-value", fmt::format("found ${}; expected the name of a value", piece.expression));
            if (!found->second)
                return fail("expression",
                            fmt::format("found \"bytes ${0}\", which is an integer; expected bytes, or \"u32 ${0}\"",
                                        piece.expression));
            if (piece.expression2.empty()) return {};
            FERRULE_TRY(const auto range, split_range(piece.expression2));
            FERRULE_TRY_VOID(check_expression(range.first, scope));
            return check_expression(range.second, scope);
        }
        case Kind::fill:
            FERRULE_TRY_VOID(check_expression(piece.expression, scope));
            return check_expression(piece.expression2, scope);
        default: return check_expression(piece.expression, scope);
    }
}

Result<Expected> make_data(const DataRule& rule, const Values& values) {
    Expected out;
    for (const DataPiece& piece : rule) {
        std::string bytes;
        switch (piece.kind) {
            case Kind::u8:
            case Kind::u16:
            case Kind::u32:
            case Kind::u64: {
                FERRULE_TRY(bytes, integer_bytes(piece, values));
                break;
            }
            case Kind::text: {
                FERRULE_TRY(bytes, expand(piece.expression, values));
                break;
            }
            case Kind::hex: {
                FERRULE_TRY(bytes, decode_hex(piece.expression));
                break;
            }
            case Kind::bytes: {
                FERRULE_TRY(bytes, value_bytes(piece, values));
                break;
            }
            case Kind::zeros:
            case Kind::padding:
            case Kind::any: {
                FERRULE_TRY(const size_t length, length_of(piece.expression, values));
                bytes.assign(length, '\0');
                break;
            }
            case Kind::fill: {
                FERRULE_TRY(const int64_t value, evaluate(piece.expression, values));
                if (value < 0 || value > 255)
                    return fail("expression", fmt::format("found fill value {}; expected 0 to 255", value));
                FERRULE_TRY(const size_t length, length_of(piece.expression2, values));
                bytes.assign(length, static_cast<char>(value));
                break;
            }
        }
        if (out.bytes.size() + bytes.size() > kDataCap)
            return fail("expression", "found more than 1 MiB of data; expected at most that");
        out.bytes += bytes;
        out.mask.append(bytes.size(), piece.kind == Kind::any ? '\0' : piece.kind == Kind::padding ? '\2' : '\1');
    }
    return out;
}

}  // namespace ferrule::grader
