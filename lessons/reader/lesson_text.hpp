// What an author's checks ask of a lesson's Markdown, each with the line it stands in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ferrule::reader {

struct Heading {
    int level = 0, line = 0;
    std::string text;
};

struct CodeBlock {
    int line = 0;           // of the first line of code
    std::string language;   // the fence's first word; empty: none
    bool complete = false;  // its second word is "complete": a module that builds by itself
    std::string text;
};

struct TextPiece {
    int line = 0;
    std::string text;
};

struct LessonText {
    std::vector<Heading> headings;
    std::vector<CodeBlock> blocks;
    std::vector<TextPiece> links;  // where they lead, as written; images too
    std::vector<TextPiece> code;   // `in a line`
};

LessonText read_lesson(std::string_view markdown);

// The line, from 1, in which a text's byte stands.
int line_at(std::string_view text, size_t at);

// The name by which a link in the same text reaches a heading, as GitHub makes it: "In C: guards" is #in-c-guards.
std::string anchor_of(const std::string& heading);

}  // namespace ferrule::reader
