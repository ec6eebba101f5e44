#include "grader/source_spans.hpp"

#include <string>

#include "sandbox/base/catch.hpp"

using namespace ferrule::grader;

namespace {

// Code as it is, the rest as its kind's letter and in brackets.
std::string spans(std::string_view text, Language language) {
    std::string out;
    size_t at = 0;
    for (const SourceSpan& span : source_spans(text, language)) {
        REQUIRE(span.begin == at);
        REQUIRE(span.end > span.begin);
        at = span.end;
        const std::string part(text.substr(span.begin, span.end - span.begin));
        out += span.kind == SpanKind::code ? part
                                           : std::string(1, " lbsci"[static_cast<int>(span.kind)]) + "[" + part + "]";
    }
    REQUIRE(at == text.size());
    return out;
}

std::string c(std::string_view text) { return spans(text, Language::c); }
std::string rust(std::string_view text) { return spans(text, Language::rust); }

}  // namespace

TEST_CASE("C: comments, literals and names of headers") {
    CHECK(c("") == "");
    CHECK(c("a // b\nc") == "a l[// b]\nc");
    CHECK(c("a /* b /* c */ d */") == "a b[/* b /* c */] d */");
    CHECK(c("f(\"a // \\\" b\", '\"', '\\'')") == "f(s[\"a // \\\" b\"], c['\"'], c['\\''])");
    CHECK(c("#include <linux/slab.h>\n#  include <a.h>") == "#include i[<linux/slab.h>]\n#  include i[<a.h>]");
    CHECK(c("if (a < b && c > d)") == "if (a < b && c > d)");
    CHECK(c("r\"a\" br\"b\"") == "rs[\"a\"] brs[\"b\"]");
}

TEST_CASE("Rust: comments nest, lifetimes are code, strings may be raw and have several lines") {
    CHECK(rust("/* a /* b */ c */ d") == "b[/* a /* b */ c */] d");
    CHECK(rust("fn f<'a>(x: &'a str, y: char) { y == 'a' }") == "fn f<'a>(x: &'a str, y: char) { y == c['a'] }");
    CHECK(rust("'\\'' 'é' '\\u{e9}'") == "c['\\''] c['é'] c['\\u{e9}']");
    CHECK(rust("r#\"a \"b\" // \"# c br\"\\\" cr##\"\"#\"##") ==
          "s[r#\"a \"b\" // \"#] c s[br\"\\\"] s[cr##\"\"#\"##]");
    CHECK(rust("c\"a\" for\"b\" r#type") == "cs[\"a\"] fors[\"b\"] r#type");
    CHECK(rust("\"a\nb\" c") == "s[\"a\nb\"] c");
    CHECK(rust("a < b") == "a < b");
}

TEST_CASE("a word ends where no character of an identifier stands") {
    CHECK(word_at("a_1->b", 0) == "a_1");
    CHECK(word_at("a_1->b", 3) == "");
    CHECK(word_at("a_1->b", 5) == "b");
    CHECK(word_at("a", 1) == "");
    CHECK(word_at("a", std::string_view::npos) == "");
}

TEST_CASE("what is never closed ends somewhere") {
    CHECK(c("\"a\nb") == "s[\"a]\nb");
    CHECK(c("\"a\\\nb\" c") == "s[\"a\\\nb\"] c");
    CHECK(c("'a\nb") == "c['a]\nb");
    CHECK(c("/* a\nb") == "b[/* a\nb]");
    CHECK(c("#include <a\nb") == "#include i[<a]\nb");
    CHECK(rust("\"a\nb") == "s[\"a\nb]");
    CHECK(rust("r#\"a\"") == "s[r#\"a\"]");
    for (const char* cut :
         {"\"", "'", "/", "/*", "//", "r", "r#", "r#\"", "b", "\"\\", "'\\", "#include <", "<", "'a"}) {
        c(cut);
        rust(cut);
    }
}
