#include "lessons/reader/excerpts.hpp"

#include "sandbox/base/catch.hpp"

using namespace ferrule::reader;
using ferrule::grader::Language;

TEST_CASE("what does not count in code") {
    const auto c = [](const char* code) { return squeezed(code, Language::c); };
    CHECK(c("int  a;\t/* b */ // c\n\nint d;") == "inta;intd;");
    CHECK(c("#define x(a) \\\n\tf(a)") == "#definex(a)f(a)");
    CHECK(c("s = \"a  // b\"; t = '\\''; u = '\"';") == "s=\"a  // b\";t='\\'';u='\"';");
    CHECK(c("/* /* */ int a;") == "inta;");
    CHECK(c("f(a,\n  b,\n)") == "f(a,b)");
    CHECK(c("s = \"never closed\nint a;") == "s=\"never closedinta;");
    CHECK(c("/* never closed") == "");
    CHECK(squeezed("/* /* */ */ fn a<'b>(c: &'b str) {} // d", Language::rust) == "fna<'b>(c:&'bstr){}");
}

TEST_CASE("a block is an excerpt of a source that says the same") {
    const std::string source = squeezed(
        "static int ring_open(struct inode *inode, struct file *file)\n{\n\tstruct ring *ring;\n\n"
        "\tring = kzalloc_obj(*ring);\n\tif (!ring)\n\t\treturn -ENOMEM;\n\tfile->private_data = ring;\n\treturn "
        "0;\n}\n",
        Language::c);
    const auto in = [&](const char* block) { return is_excerpt(block, source, Language::c); };
    CHECK(in("ring = kzalloc_obj(*ring);\nif (!ring)\n\treturn -ENOMEM;\t/* nothing to undo */\n"));
    CHECK(in("static int ring_open(struct inode *inode,\n\t\t     struct file *file)\n{\n\t…\n\treturn 0;\n}\n"));
    CHECK(in("\tring = kzalloc_obj(*ring);\n\n\treturn 0;\n"));
    CHECK(in("if (!ring) … return 0;\n"));
    CHECK_FALSE(in("\tring = kzalloc_obj(*ring);\n\treturn 0;\n"));
    CHECK(in("\tring = kzalloc_obj(*ring);\n\t/* it may … fail */\n\tif (!ring)\n"));
    CHECK_FALSE(in("\tring = kzalloc_obj(*ring);\n\t/* … */\n\treturn 0;\n"));
    CHECK_FALSE(in("\treturn 0;\n\n\tring = kzalloc_obj(*ring);\n"));
    CHECK_FALSE(in("\tring = kmalloc_obj(*ring);\n"));
    CHECK(in("/* nothing */\n…\n"));
    CHECK(in(""));
}
