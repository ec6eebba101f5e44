#include "lessons/reader/markdown.hpp"

#include <cmark.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "lessons/reader/text_width.hpp"

namespace ferrule::reader {

namespace {

struct NodeFree {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
using Document = std::unique_ptr<cmark_node, NodeFree>;

Document parse(std::string_view markdown) {
    return Document(cmark_parse_document(markdown.data(), markdown.size(), CMARK_OPT_VALIDATE_UTF8));
}

std::string literal(cmark_node* node) {
    const char* text = cmark_node_get_literal(node);
    return text ? text : "";
}

// What stands left of a block: for its first line and for the others (a bullet, then blanks).
struct Margin {
    Line first, rest;
};

int width_of(const Line& line) {
    int total = 0;
    for (const Span& span : line) total += columns(span.text);
    return total;
}

class Renderer {
public:
    explicit Renderer(int width) : width_(std::max(width, 20)) {}

    std::vector<Line> render(cmark_node* document) {
        children(document, {}, false);
        while (!lines_.empty() && lines_.back().empty()) lines_.pop_back();
        return std::move(lines_);
    }

private:
    void children(cmark_node* parent, Margin margin, bool tight) {
        bool first = true;
        for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node)) {
            if (!first && !tight) lines_.push_back(margin.rest);
            block(node, margin);
            margin.first = margin.rest;
            first = false;
        }
        if (first) lines_.push_back(margin.first);  // an empty item still shows its bullet
    }

    void block(cmark_node* node, const Margin& margin) {
        switch (cmark_node_get_type(node)) {
            case CMARK_NODE_HEADING: return heading(node, margin);
            case CMARK_NODE_PARAGRAPH: return wrap(inlines(node, {}), margin);
            case CMARK_NODE_BLOCK_QUOTE: return quote(node, margin);
            case CMARK_NODE_LIST: return list(node, margin);
            case CMARK_NODE_CODE_BLOCK: return verbatim(literal(node), margin, "    ", Role::code);
            case CMARK_NODE_HTML_BLOCK: return html(node, margin);
            case CMARK_NODE_THEMATIC_BREAK: return put(margin.first, {{dashes(room(margin), "─"), {Role::mark}}});
            default: return verbatim(literal(node), margin, "", Role::text);
        }
    }

    void heading(cmark_node* node, const Margin& margin) {
        const std::vector<Span> spans = inlines(node, {Role::heading, true, false});
        int width = 0;
        for (const Span& span : spans) width += columns(span.text);
        wrap(spans, margin);
        const int level = cmark_node_get_heading_level(node);
        if (level <= 2)
            put(margin.rest, {{dashes(std::min(width, room(margin)), level == 1 ? "═" : "─"), {Role::mark}}});
    }

    void quote(cmark_node* node, Margin margin) {
        margin.first.push_back({"│ ", {Role::quote}});
        margin.rest.push_back({"│ ", {Role::quote}});
        children(node, margin, false);
    }

    void list(cmark_node* node, const Margin& margin) {
        const bool ordered = cmark_node_get_list_type(node) == CMARK_ORDERED_LIST;
        const bool tight = cmark_node_get_list_tight(node);
        int number = cmark_node_get_list_start(node);
        bool first = true;
        for (cmark_node* item = cmark_node_first_child(node); item; item = cmark_node_next(item)) {
            if (!first && !tight) lines_.push_back(margin.rest);
            const std::string bullet = ordered ? std::to_string(number++) + ". " : "• ";
            Margin inner = margin;
            inner.first = first ? margin.first : margin.rest;
            inner.first.push_back({bullet, {Role::mark}});
            inner.rest.push_back({std::string(static_cast<size_t>(columns(bullet)), ' '), {}});
            children(item, inner, tight);
            first = false;
        }
    }

    // Comments are notes among authors; other HTML has no meaning here and is shown as it stands.
    void html(cmark_node* node, const Margin& margin) {
        const std::string text = literal(node);
        if (text.rfind("<!--", 0) != 0) verbatim(text, margin, "", Role::text);
    }

    void verbatim(const std::string& text, const Margin& margin, const std::string& indent, Role role) {
        Margin inner = margin;
        inner.first.push_back({indent, {}});
        inner.rest.push_back({indent, {}});
        const int space = room(inner);
        bool first = true;
        size_t at = 0;
        while (at < text.size()) {
            const size_t end = std::min(text.find('\n', at), text.size());
            const std::string whole = printable(std::string_view(text).substr(at, end - at));
            std::string_view rest = whole;
            do {
                std::string_view piece = cut(rest, space);
                if (piece.empty() && !rest.empty()) piece = rest;
                put(first ? inner.first : inner.rest, {{std::string(piece), {role}}});
                rest.remove_prefix(piece.size());
                first = false;
            } while (!rest.empty());
            at = end + 1;
        }
    }

    // --- inline text

    std::vector<Span> inlines(cmark_node* parent, Style style) {
        std::vector<Span> out;
        for (cmark_node* node = cmark_node_first_child(parent); node; node = cmark_node_next(node))
            collect(node, style, out);
        return out;
    }

    void collect(cmark_node* node, Style style, std::vector<Span>& out) {
        const auto nested = [&](Style inner) {
            for (cmark_node* child = cmark_node_first_child(node); child; child = cmark_node_next(child))
                collect(child, inner, out);
        };
        switch (cmark_node_get_type(node)) {
            case CMARK_NODE_TEXT:
            case CMARK_NODE_HTML_INLINE: out.push_back({printable(literal(node)), style}); return;
            case CMARK_NODE_SOFTBREAK: out.push_back({" ", style}); return;
            case CMARK_NODE_LINEBREAK: out.push_back({"\n", style}); return;
            case CMARK_NODE_CODE:
                style.role = Role::code;
                out.push_back({printable(literal(node)), style});
                return;
            case CMARK_NODE_EMPH: style.emphasis = true; return nested(style);
            case CMARK_NODE_STRONG: style.strong = true; return nested(style);
            case CMARK_NODE_LINK:
            case CMARK_NODE_IMAGE: {
                const size_t before = out.size();
                style.role = Role::link;
                nested(style);
                std::string shown;
                for (size_t i = before; i < out.size(); ++i) shown += out[i].text;
                const std::string url = printable(cmark_node_get_url(node) ? cmark_node_get_url(node) : "");
                if (!url.empty() && url != shown) out.push_back({" (" + url + ")", {Role::mark}});
                return;
            }
            default: return nested(style);
        }
    }

    // --- lines

    int room(const Margin& margin) const { return std::max(width_ - width_of(margin.rest), 8); }

    static std::string dashes(int count, const char* one) {
        std::string out;
        for (int i = 0; i < count; ++i) out += one;
        return out;
    }

    void put(const Line& margin, Line content) {
        Line line = margin;
        for (Span& span : content)
            if (!span.text.empty()) line.push_back(std::move(span));
        lines_.push_back(std::move(line));
    }

    // Words are broken at blanks; a word may have several styles; one longer than a line is cut.
    void wrap(const std::vector<Span>& spans, const Margin& margin) {
        const int space = room(margin);
        Line line, word;
        int used = 0, word_width = 0;
        bool first = true, blank = false;
        Style blank_style;
        const auto flush_line = [&] {
            put(first ? margin.first : margin.rest, std::move(line));
            line.clear();
            used = 0;
            first = false;
            blank = false;
        };
        const auto flush_word = [&] {
            if (word.empty()) return;
            if (used > 0 && used + (blank ? 1 : 0) + word_width > space) flush_line();
            if (used > 0 && blank) {
                line.push_back({" ", blank_style});
                ++used;
            }
            for (Span& span : word) line.push_back(std::move(span));
            used += word_width;
            word.clear();
            word_width = 0;
            blank = false;
        };
        for (const Span& span : spans) {
            for (size_t at = 0; at < span.text.size();) {
                if (span.text[at] == '\n') {
                    flush_word();
                    flush_line();
                    ++at;
                    continue;
                }
                if (span.text[at] == ' ') {
                    flush_word();
                    blank = true;
                    blank_style = span.style;
                    ++at;
                    continue;
                }
                const Glyph glyph = next_glyph(span.text, at);
                if (word_width + glyph.columns > space) flush_word(), flush_line();
                if (word.empty() || !(word.back().style == span.style)) word.push_back({"", span.style});
                word.back().text += span.text.substr(at, glyph.bytes);
                word_width += glyph.columns;
                at += glyph.bytes;
            }
        }
        flush_word();
        if (!line.empty() || first) flush_line();
    }

    int width_;
    std::vector<Line> lines_;
};

std::string escape_of(const Style& style, Look look) {
    std::string codes;
    const auto add = [&](const char* code) {
        if (!codes.empty()) codes += ';';
        codes += code;
    };
    if (style.strong || style.role == Role::heading) add("1");
    if (style.emphasis) add("3");
    if (style.role == Role::link) add("4");
    if (look == Look::colour) {
        if (style.role == Role::code) add("36");
        if (style.role == Role::link) add("34");
        if (style.role == Role::mark || style.role == Role::quote) add("2");
    }
    return codes.empty() ? "" : "\x1b[" + codes + "m";
}

}  // namespace

std::vector<Line> render_markdown(std::string_view markdown, int width) {
    const Document document = parse(markdown);
    return Renderer(width).render(document.get());
}

std::string markdown_title(std::string_view markdown) {
    const Document document = parse(markdown);
    for (cmark_node* node = cmark_node_first_child(document.get()); node; node = cmark_node_next(node)) {
        if (cmark_node_get_type(node) != CMARK_NODE_HEADING) continue;
        std::string title;
        cmark_iter* iterator = cmark_iter_new(node);
        while (cmark_iter_next(iterator) != CMARK_EVENT_DONE) {
            cmark_node* part = cmark_iter_get_node(iterator);
            const cmark_node_type type = cmark_node_get_type(part);
            if (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE) title += printable(literal(part));
            if (type == CMARK_NODE_SOFTBREAK) title += ' ';
        }
        cmark_iter_free(iterator);
        return title;
    }
    return {};
}

std::string to_text(const Line& line, Look look) {
    std::string out;
    for (const Span& span : line) {
        if (look == Look::plain) {
            out += span.text;
            continue;
        }
        const std::string escape = escape_of(span.style, look);
        out += escape.empty() ? span.text : escape + span.text + "\x1b[0m";
    }
    const size_t end = out.find_last_not_of(' ');
    return end == std::string::npos ? "" : out.substr(0, end + 1);
}

Look look_of(int fd) {
    if (!::isatty(fd)) return Look::plain;
    const char* term = std::getenv("TERM");
    if (!term || std::string_view(term) == "dumb" || !*term) return Look::plain;
    const char* no_colour = std::getenv("NO_COLOR");
    return no_colour && *no_colour ? Look::attributes : Look::colour;
}

}  // namespace ferrule::reader
