// cmark's tree of a lesson: CommonMark with GitHub's tables. For this folder's own files.
#pragma once

#include <cmark-gfm.h>

#include <memory>
#include <string>
#include <string_view>

namespace ferrule::reader {

struct NodeFree {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
using Document = std::unique_ptr<cmark_node, NodeFree>;

Document parse_markdown(std::string_view markdown);
std::string literal(cmark_node* node);  // "" for what has none

}  // namespace ferrule::reader
