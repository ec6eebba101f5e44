#include "lessons/reader/lesson_text.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

#include "lessons/reader/markdown_document.hpp"

namespace ferrule::reader {

namespace {

struct IterFree {
    void operator()(cmark_iter* iter) const { cmark_iter_free(iter); }
};

bool is_inline(cmark_node* node) {
    return (cmark_node_get_type(node) & CMARK_NODE_TYPE_MASK) == CMARK_NODE_TYPE_INLINE;
}

// cmark gives lines to blocks only: the block's first, and one more for each break before the node.
int line_of(cmark_node* node) {
    int breaks = 0;
    for (; is_inline(node); node = cmark_node_parent(node))
        for (cmark_node* before = cmark_node_previous(node); before; before = cmark_node_previous(before)) {
            const auto type = cmark_node_get_type(before);
            breaks += type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK ? 1 : 0;
        }
    return cmark_node_get_start_line(node) + breaks;
}

std::string text_below(cmark_node* node) {
    std::string out;
    for (cmark_node* child = cmark_node_first_child(node); child; child = cmark_node_next(child))
        out += literal(child) + text_below(child);
    return out;
}

CodeBlock block_of(cmark_node* node) {
    CodeBlock block;
    int length = 0, offset = 0;
    char mark = 0;
    block.line = cmark_node_get_start_line(node) + (cmark_node_get_fenced(node, &length, &offset, &mark) ? 1 : 0);
    const char* info = cmark_node_get_fence_info(node);
    std::istringstream words(info ? info : "");
    std::string word;
    words >> block.language >> word;
    block.complete = word == "complete";
    block.text = literal(node);
    return block;
}

}  // namespace

LessonText read_lesson(std::string_view markdown) {
    LessonText out;
    const Document document = parse_markdown(markdown);
    const std::unique_ptr<cmark_iter, IterFree> iter(cmark_iter_new(document.get()));
    while (cmark_iter_next(iter.get()) != CMARK_EVENT_DONE) {
        if (cmark_iter_get_event_type(iter.get()) != CMARK_EVENT_ENTER) continue;
        cmark_node* node = cmark_iter_get_node(iter.get());
        switch (cmark_node_get_type(node)) {
            case CMARK_NODE_HEADING:
                out.headings.push_back(
                    {cmark_node_get_heading_level(node), cmark_node_get_start_line(node), text_below(node)});
                break;
            case CMARK_NODE_CODE_BLOCK: out.blocks.push_back(block_of(node)); break;
            case CMARK_NODE_CODE: out.code.push_back({line_of(node), literal(node)}); break;
            case CMARK_NODE_LINK:
            case CMARK_NODE_IMAGE: {
                const char* url = cmark_node_get_url(node);
                out.links.push_back({line_of(node), url ? url : ""});
                break;
            }
            default: break;
        }
    }
    return out;
}

int line_at(std::string_view text, size_t at) {
    return 1 + static_cast<int>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
}

std::string anchor_of(const std::string& heading) {
    std::string out;
    for (const char c : heading) {
        const auto u = static_cast<unsigned char>(c);
        if (std::isalnum(u) || u >= 0x80 || c == '-' || c == '_')
            out += static_cast<char>(std::tolower(u));
        else if (c == ' ')
            out += '-';
    }
    return out;
}

}  // namespace ferrule::reader
