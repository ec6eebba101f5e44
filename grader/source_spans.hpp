// What in a source is a comment, a literal, or code. C and Rust; enough to look for words and to colour them, not a
// parser: nothing is expanded. Any bytes will do. What is never closed goes on to the end of the text; C's strings and
// all character constants to the end of their line.
#pragma once

#include <string_view>
#include <vector>

#include "grader/run/observations.hpp"

namespace ferrule::grader {

enum class SpanKind {
    code,
    line_comment,   // without the line's end
    block_comment,  // Rust's nest
    string,         // raw ones with their r and #; the prefix b or c of another is code
    character,      // a lifetime ('a) is code
    include_name,   // <linux/slab.h> behind #include
};

struct SourceSpan {
    SpanKind kind;
    size_t begin, end;  // of the text, marks included
};

// One after the other, without gaps, none of them empty, no two of code in a row.
std::vector<SourceSpan> source_spans(std::string_view text, Language language);

// May stand in an identifier.
bool word_char(char c);
// The word that begins at `at`; "" when none does.
std::string_view word_at(std::string_view text, size_t at);

}  // namespace ferrule::grader
