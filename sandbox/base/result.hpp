// What the host, a file or a user can do wrong. A learner's failure is a grader::Verdict, never one
// of these; a bug of ours is a CHECK (check.hpp). One header hides where `expected` comes from.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace ferrule {

struct Error {
    std::string code;     // stable, kebab-case: "disk-full", "exercise-syntax"
    std::string message;  // one line: what, and where
    std::string hint;     // one line: what to do about it; may be empty
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(std::string code, std::string message, std::string hint = {}) {
    return tl::unexpected<Error>(Error{std::move(code), std::move(message), std::move(hint)});
}

}  // namespace ferrule

// FERRULE_TRY(auto x, expression): x is the value, or the error is returned from the caller.
#define FERRULE_TRY_CAT2(a, b) a##b
#define FERRULE_TRY_CAT(a, b) FERRULE_TRY_CAT2(a, b)
#define FERRULE_TRY(declaration, expression)                                               \
    auto FERRULE_TRY_CAT(ferrule_try_, __LINE__) = (expression);                           \
    if (!FERRULE_TRY_CAT(ferrule_try_, __LINE__))                                          \
        return tl::unexpected(std::move(FERRULE_TRY_CAT(ferrule_try_, __LINE__).error())); \
    declaration = std::move(*FERRULE_TRY_CAT(ferrule_try_, __LINE__))

#define FERRULE_TRY_VOID(expression)                             \
    if (auto ferrule_try_void = (expression); !ferrule_try_void) \
    return tl::unexpected(std::move(ferrule_try_void.error()))
