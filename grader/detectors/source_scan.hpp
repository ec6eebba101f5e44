// Looking for words in the learner's own text, outside of comments and strings.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grader/run/observations.hpp"

namespace ferrule::grader {

// The text with comments, strings, character constants and the names of included files blanked out; line ends stay
// where they are.
std::string code_only(std::string_view text, Language language);
// The same as lines, without their ends: line 1 is [0].
std::vector<std::string> code_lines(std::string_view text, Language language);

// Comments that go to the end of their line, without the first two slashes.
struct Comment {
    int line = 0;
    std::string text;
};
std::vector<Comment> line_comments(std::string_view text, Language language);

struct Mention {
    std::string file;
    int line = 0;
};
// Where `word` stands as a word of its own (a trailing "_" matches any ending; "::" and "." may be in it).
std::vector<Mention> mentions(const Observations& observations, std::string_view word);
// String literals with `part` in them, as it stands in the source (escapes are not resolved).
std::vector<Mention> literals_with(const Observations& observations, std::string_view part);

}  // namespace ferrule::grader
