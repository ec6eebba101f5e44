// Like a compiler's: what, where, the line itself, what else is involved.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "grader/console/console.hpp"
#include "grader/report/report.hpp"

namespace ferrule::grader {
namespace {

constexpr const char* kRed = "\x1b[1;31m";
constexpr const char* kGreen = "\x1b[1;32m";
constexpr const char* kBlue = "\x1b[1;34m";
constexpr const char* kBold = "\x1b[1m";
constexpr const char* kDim = "\x1b[2m";
constexpr const char* kReset = "\x1b[0m";

// One line of clean text.
std::string clean(const std::string& text, size_t cap = 400) {
    std::string out = sanitise(text, cap);
    std::replace(out.begin(), out.end(), '\n', ' ');
    return out;
}

// Columns, near enough: every code point counts one.
size_t columns(std::string_view text) {
    return static_cast<size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string_view first_columns(std::string_view text, size_t count) {
    size_t at = 0;
    for (size_t seen = 0; at < text.size(); ++at) {
        if ((static_cast<unsigned char>(text[at]) & 0xc0) != 0x80 && seen++ == count) break;
    }
    return text.substr(0, at);
}

class Writer {
public:
    Writer(const Verdict& verdict, const TextOptions& options)
        : verdict_(verdict), options_(options), width_(std::max(40u, options.width)) {}

    std::string run() {
        size_t shown = 0;
        for (const auto& finding : verdict_.findings) {
            if (shown++ == options_.max_findings) {
                line("", std::to_string(verdict_.findings.size() - options_.max_findings) + " more findings.");
                out_ += "\n";
                break;
            }
            this->finding(finding);
        }
        scenarios();
        summary();
        return std::move(out_);
    }

private:
    const char* paint(const char* colour) const { return options_.colour ? colour : ""; }
    const char* plain() const { return options_.colour ? kReset : ""; }

    // Text folded at word ends, each line behind the indent; `first` stands in front of the first one.
    void line(const std::string& first, const std::string& text, size_t indent = 0, const char* colour = "") {
        std::string_view rest = text;
        bool begin = true;
        size_t used = columns(first);
        do {
            size_t room = width_ > (begin ? used : indent) + 10 ? width_ - (begin ? used : indent) : 10;
            std::string_view part = first_columns(rest, room);
            if (part.size() < rest.size()) {
                size_t space = part.rfind(' ');
                if (space != std::string_view::npos && space > part.size() / 3) part = part.substr(0, space);
            }
            out_ += begin ? first : std::string(indent, ' ');
            if (options_.colour) out_ += colour;
            out_ += part;
            if (options_.colour && *colour) out_ += kReset;
            out_ += "\n";
            rest.remove_prefix(part.size());
            while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
            begin = false;
        } while (!rest.empty());
    }

    void place(const std::string& file, int number, const std::string& function) {
        std::string where = clean(file, 200) + (number > 0 ? ":" + std::to_string(number) : "");
        if (!function.empty()) where += " in " + clean(function, 120);
        line(std::string("  ") + paint(kBlue) + "--> " + plain(), where, 6);
    }

    void excerpt(const std::string& file, int number) {
        auto source = options_.sources.find(file);
        if (source == options_.sources.end() || number <= 0) return;
        std::vector<std::string_view> lines;
        std::string_view text = source->second;
        int from = std::max(1, number - 2), at = 1;
        while (!text.empty() && at <= number + 1) {
            size_t end = text.find('\n');
            if (at >= from) lines.push_back(text.substr(0, end));
            if (end == std::string_view::npos) break;
            text.remove_prefix(end + 1);
            ++at;
        }
        if (static_cast<int>(lines.size()) <= number - from) return;  // no such line
        size_t gutter = std::to_string(from + static_cast<int>(lines.size()) - 1).size();
        for (size_t i = 0; i < lines.size(); ++i) {
            int current = from + static_cast<int>(i);
            bool hit = current == number;
            std::string label = std::to_string(current);
            // Four columns for a tab, as in the rest of the report no more than the width.
            std::string shown;
            for (char c : lines[i]) shown += c == '\t' ? std::string("    ") : std::string(1, c);
            shown = clean(shown, 2000);
            size_t room = width_ > gutter + 8 ? width_ - gutter - 8 : 10;
            if (columns(shown) > room) shown = std::string(first_columns(shown, room - 1)) + "…";
            out_ += hit ? std::string(" ") + paint(kRed) + ">" + plain() + " " : "   ";
            out_ += std::string(gutter - label.size(), ' ') + paint(kBlue) + label + " |" + plain() + " ";
            out_ += (hit ? paint(kBold) : "") + shown + (hit ? plain() : "") + "\n";
            if (hit) {
                size_t first = shown.find_first_not_of(' ');
                if (first != std::string::npos) {
                    std::string_view code = std::string_view(shown).substr(first);
                    // The marker ends where a comment begins.
                    size_t comment = std::min(code.find("//"), code.find("/*"));
                    if (comment != std::string_view::npos && comment > 0) code = code.substr(0, comment);
                    while (!code.empty() && code.back() == ' ') code.remove_suffix(1);
                    out_ += "   " + std::string(gutter, ' ') + paint(kBlue) + " |" + plain() + " " +
                            std::string(first, ' ') + paint(kRed) +
                            std::string(std::max<size_t>(1, columns(code)), '^') + plain() + "\n";
                }
            }
        }
    }

    void finding(const Finding& f) {
        std::string head = clean(f.finding_class);
        std::string mark = std::string(paint(kRed)) + head + plain() + ": ";
        // The escape bytes take no room: folded by hand with the visible width.
        std::string title = clean(f.title);
        std::string_view part = first_columns(title, width_ > head.size() + 12 ? width_ - head.size() - 2 : 10);
        if (part.size() < title.size())
            if (size_t space = part.rfind(' '); space != std::string_view::npos && space > 0)
                part = part.substr(0, space);
        out_ += mark + paint(kBold) + std::string(part) + plain() + "\n";
        std::string rest = title.substr(part.size());
        while (!rest.empty() && rest.front() == ' ') rest.erase(0, 1);
        if (!rest.empty()) line("    ", rest, 4, kBold);
        if (!f.file.empty()) {
            place(f.file, f.line, f.function);
            excerpt(f.file, f.line);
        }
        for (const auto& related : f.related) {
            if (related.file == f.file && related.line == f.line) continue;
            std::string text =
                clean(related.role, 60) + " at " + clean(related.file, 200) + ":" + std::to_string(related.line);
            if (!related.function.empty()) text += " in " + clean(related.function, 120);
            line("  = ", text, 4);
            excerpt_line(related.file, related.line);
        }
        for (const auto& words : f.led_to) line("  = ", "led to " + clean(words), 4);
        if (!f.scenario.empty())
            line("  = ", "scenario: " + clean(f.scenario) + (f.fault.empty() ? "" : ", when " + clean(f.fault)), 4);
        if (!f.lesson.empty()) line("  = ", "lesson: " + clean(f.lesson), 4);
        out_ += "\n";
    }

    void excerpt_line(const std::string& file, int number) {
        auto source = options_.sources.find(file);
        if (source == options_.sources.end() || number <= 0) return;
        std::string_view text = source->second;
        for (int at = 1; at < number && !text.empty(); ++at) {
            size_t end = text.find('\n');
            text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
        }
        std::string shown = clean(std::string(text.substr(0, text.find('\n'))), 2000);
        size_t first = shown.find_first_not_of(' ');
        if (first == std::string::npos) return;
        shown.erase(0, first);
        std::string label = std::to_string(number);
        size_t room = width_ > label.size() + 9 ? width_ - label.size() - 9 : 10;
        if (columns(shown) > room) shown = std::string(first_columns(shown, room - 1)) + "…";
        out_ += std::string("      ") + paint(kBlue) + label + " |" + plain() + " " + shown + "\n";
    }

    void scenarios() {
        if (verdict_.scenarios.empty()) return;
        for (const auto& scenario : verdict_.scenarios) {
            bool pass = scenario.result == "pass";
            char seconds[32];
            std::snprintf(seconds, sizeof seconds, "%6.1f s", scenario.seconds);
            size_t room = width_ - 2 - 6 - 8;
            std::string name = clean(scenario.name);
            if (columns(name) > room) name = std::string(first_columns(name, room - 1)) + "…";
            out_ += std::string("  ") + paint(pass ? kGreen : kRed) + (pass ? "pass" : "FAIL") + plain() + "  " + name +
                    std::string(room - columns(name), ' ') + seconds + "\n";
        }
        out_ += "\n";
    }

    void summary() {
        if (!verdict_.audit.empty()) {
            line("  ", clean(verdict_.audit), 2, kDim);
            out_ += "\n";
        }
        char took[64];
        std::snprintf(took, sizeof took, "%.1f s (build %.1f s)", verdict_.timing.total_seconds,
                      verdict_.timing.build_seconds);
        std::string what =
            clean(verdict_.exercise) + (verdict_.language.empty() ? "" : " (" + clean(verdict_.language) + ")");
        if (verdict_.verdict == "pass") {
            out_ += std::string(paint(kGreen)) + "PASS" + plain() + " ";
            line("", what + ", " + took, 0);
            if (!options_.remark.empty()) line("", clean(options_.remark), 0, kDim);
            return;
        }
        size_t count = verdict_.findings.size();
        out_ += std::string(paint(kRed)) + "FAIL" + plain() + " ";
        line("", what + ", " + std::to_string(count) + (count == 1 ? " finding, " : " findings, ") + took, 0);
        if (verdict_.seed != 0)
            line("", "Seed " + std::to_string(verdict_.seed) + ": --seed repeats these runs.", 0, kDim);
        if (!options_.hint_command.empty()) line("", "Stuck? " + clean(options_.hint_command), 0, kDim);
        if (!options_.remark.empty()) line("", clean(options_.remark), 0, kDim);
    }

    const Verdict& verdict_;
    const TextOptions& options_;
    size_t width_;
    std::string out_;
};

}  // namespace

std::string to_text(const Verdict& verdict, const TextOptions& options) { return Writer(verdict, options).run(); }

bool want_colour(int fd) {
    const char* no = std::getenv("NO_COLOR");
    return isatty(fd) == 1 && !(no && *no);
}

}  // namespace ferrule::grader
