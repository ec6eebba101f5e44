#include "lessons/reader/markdown.hpp"

#include <cmark-gfm-core-extensions.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <numeric>
#include <utility>

#include "lessons/reader/highlight.hpp"
#include "lessons/reader/markdown_document.hpp"
#include "lessons/reader/text_width.hpp"

namespace ferrule::reader {

namespace {

bool is(cmark_node* node, const char* type) { return std::string_view(cmark_node_get_type_string(node)) == type; }

// What stands left of a block: for its first line and for the others (a bullet, then blanks).
struct Margin {
    Line first, rest;
};

class Renderer {
public:
    Renderer(int width, Links links) : width_(std::max(width, 20)), links_(links) {}

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
            case CMARK_NODE_CODE_BLOCK: return code(node, margin);
            case CMARK_NODE_HTML_BLOCK: return html(node, margin);
            case CMARK_NODE_THEMATIC_BREAK: return put(margin.first, {{dashes(room(margin), "─"), {Role::mark}}});
            default: return is(node, "table") ? table(node, margin) : verbatim(unstyled(literal(node)), margin, "");
        }
    }

    void code(cmark_node* node, const Margin& margin) {
        const char* info = cmark_node_get_fence_info(node);
        const std::string_view words = info ? info : "";
        verbatim(highlight(literal(node), words.substr(0, words.find(' '))), margin, "    ");
    }

    void heading(cmark_node* node, const Margin& margin) {
        const std::vector<Span> spans = inlines(node, {Role::heading, true, false});
        const int width = columns(spans);
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
        if (text.rfind("<!--", 0) != 0) verbatim(unstyled(text), margin, "");
    }

    static std::vector<Line> unstyled(const std::string& text) {
        std::vector<Line> lines = highlight(text, "");
        for (Line& line : lines)
            for (Span& span : line) span.style = {};
        return lines;
    }

    // As it stands; what is too long goes on below.
    void verbatim(const std::vector<Line>& lines, const Margin& margin, const std::string& indent) {
        Margin inner = margin;
        inner.first.push_back({indent, {}});
        inner.rest.push_back({indent, {}});
        const int space = room(inner);
        bool first = true;
        for (const Line& line : lines)
            for (Line& piece : fold(line, space)) {
                put(first ? inner.first : inner.rest, std::move(piece));
                first = false;
            }
    }

    // --- tables

    using Cells = std::vector<std::vector<Span>>;

    static constexpr int kGap = 2, kNarrowest = 8;  // columns between two columns; of one

    // Each column as wide as it wants to be; where that is too wide, the widest ones give way and their cells wrap.
    void table(cmark_node* node, const Margin& margin) {
        std::vector<Cells> rows;
        for (cmark_node* row = cmark_node_first_child(node); row; row = cmark_node_next(row)) {
            const Style style{rows.empty() ? Role::heading : Role::text, rows.empty(), false};
            Cells cells;
            for (cmark_node* cell = cmark_node_first_child(row); cell; cell = cmark_node_next(cell))
                cells.push_back(inlines(cell, style));
            rows.push_back(std::move(cells));
        }
        std::vector<int> widths(cmark_gfm_extensions_get_table_columns(node), 1);
        for (const Cells& row : rows)
            for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
                widths[i] = std::max(widths[i], columns(row[i]));
        const auto total = [&] {
            return std::accumulate(widths.begin(), widths.end(), kGap * (static_cast<int>(widths.size()) - 1));
        };
        while (total() > room(margin)) {
            const auto widest = std::max_element(widths.begin(), widths.end());
            if (*widest <= kNarrowest) return records(rows, margin);
            --*widest;
        }
        for (size_t i = 0; i < rows.size(); ++i) {
            row(rows[i], widths, i == 0 ? margin.first : margin.rest, margin.rest);
            if (i == 0) put(margin.rest, {{dashes(total(), "─"), {Role::mark}}});
        }
    }

    void row(const Cells& cells, const std::vector<int>& widths, const Line& first, const Line& rest) {
        std::vector<std::vector<Line>> wrapped_cells;
        size_t height = 1;
        for (size_t i = 0; i < widths.size(); ++i) {
            wrapped_cells.push_back(i < cells.size() ? wrapped(cells[i], widths[i]) : std::vector<Line>{});
            height = std::max(height, wrapped_cells.back().size());
        }
        for (size_t line = 0; line < height; ++line) {
            Line out;
            for (size_t i = 0; i < widths.size(); ++i) {
                const Line cell = line < wrapped_cells[i].size() ? wrapped_cells[i][line] : Line{};
                out.insert(out.end(), cell.begin(), cell.end());
                if (i + 1 < widths.size())
                    out.push_back({std::string(blanks(widths[i] - columns(cell) + kGap), ' '), {}});
            }
            put(line == 0 ? first : rest, std::move(out));
        }
    }

    // More columns than there is room for: each row is a list of "heading: cell".
    void records(const std::vector<Cells>& rows, const Margin& margin) {
        bool first = true;
        for (size_t i = 1; i < rows.size(); ++i) {
            if (!first) put(margin.rest, {});
            for (size_t cell = 0; cell < rows[i].size() && cell < rows[0].size(); ++cell) {
                std::vector<Span> spans = rows[0][cell];
                spans.push_back({": ", {Role::mark}});
                spans.insert(spans.end(), rows[i][cell].begin(), rows[i][cell].end());
                wrap(spans, {first ? margin.first : margin.rest, margin.rest});
                first = false;
            }
        }
    }

    static size_t blanks(int count) { return static_cast<size_t>(std::max(count, 0)); }

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
                for (size_t i = before; i < out.size(); ++i) out[i].link = url;
                const bool lesson = url.ends_with("lesson.md") || url.find("lesson.md#") != std::string::npos;
                if (!url.empty() && url != shown && !(lesson && links_ == Links::followed))
                    out.push_back({" (" + url + ")", {Role::mark}});
                return;
            }
            default: return nested(style);
        }
    }

    // --- lines

    int room(const Margin& margin) const { return std::max(width_ - columns(margin.rest), 8); }

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

    void wrap(const std::vector<Span>& spans, const Margin& margin) {
        bool first = true;
        for (Line& line : wrapped(spans, room(margin))) {
            put(first ? margin.first : margin.rest, std::move(line));
            first = false;
        }
    }

    // Words are broken at blanks; a word may have several styles; one longer than a line is cut. At least one line.
    static std::vector<Line> wrapped(const std::vector<Span>& spans, int space) {
        std::vector<Line> lines;
        Line line, word;
        int used = 0, word_width = 0;
        bool blank = false;
        Span between;  // how a blank looks
        const auto flush_line = [&] {
            lines.push_back(std::exchange(line, {}));
            used = 0;
            blank = false;
        };
        const auto flush_word = [&] {
            if (word.empty()) return;
            if (used > 0 && used + (blank ? 1 : 0) + word_width > space) flush_line();
            if (used > 0 && blank) {
                line.push_back({" ", between.style, between.link});
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
                    between = {"", span.style, span.link};
                    ++at;
                    continue;
                }
                const Glyph glyph = next_glyph(span.text, at);
                if (word_width + glyph.columns > space) flush_word(), flush_line();
                if (word.empty() || word.back().style != span.style || word.back().link != span.link)
                    word.push_back({"", span.style, span.link});
                word.back().text += span.text.substr(at, glyph.bytes);
                word_width += glyph.columns;
                at += glyph.bytes;
            }
        }
        flush_word();
        if (!line.empty() || lines.empty()) flush_line();
        return lines;
    }

    int width_;
    Links links_;
    std::vector<Line> lines_;
};

std::string escape_of(const Style& style, Look look) {
    const Paint paint = paint_of(style);
    std::string codes;
    const auto add = [&](const std::string& code) { codes += (codes.empty() ? "" : ";") + code; };
    if (paint.bold) add("1");
    if (paint.italic) add("3");
    if (paint.underline) add("4");
    if (look == Look::colour && paint.dim) add("2");
    if (look == Look::colour && paint.colour >= 0) add(std::to_string(30 + paint.colour));
    return codes.empty() ? "" : "\x1b[" + codes + "m";
}

}  // namespace

Paint paint_of(const Style& style) {
    Paint paint{style.strong || style.role == Role::heading, style.emphasis, style.role == Role::link, false, -1};
    switch (style.role) {
        case Role::removed: paint.colour = 1; break;
        case Role::string:
        case Role::number:
        case Role::added: paint.colour = 2; break;
        case Role::link: paint.colour = 4; break;
        case Role::keyword: paint.colour = 5; break;
        case Role::code: paint.colour = 6; break;
        case Role::mark:
        case Role::quote:
        case Role::comment: paint.dim = true; break;
        case Role::text:
        case Role::heading: break;
    }
    return paint;
}

int columns(const Line& line) {
    int total = 0;
    for (const Span& span : line) total += columns(span.text);
    return total;
}

std::vector<Line> fold(const Line& line, int width) {
    std::vector<Line> out(1);
    int used = 0;
    for (const Span& span : line)
        for (std::string_view rest = span.text; !rest.empty();) {
            std::string_view part = cut(rest, width - used);
            if (part.empty() && used == 0) part = rest;  // wider than a whole line
            if (!part.empty()) out.back().push_back({std::string(part), span.style});
            used += columns(part);
            rest.remove_prefix(part.size());
            if (rest.empty()) break;
            out.emplace_back();
            used = 0;
        }
    return out;
}

std::vector<Line> render_markdown(std::string_view markdown, int width, Links links) {
    const Document document = parse_markdown(markdown);
    return Renderer(width, links).render(document.get());
}

std::string markdown_title(std::string_view markdown) {
    const Document document = parse_markdown(markdown);
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
