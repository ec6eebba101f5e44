// A report begins at a start pattern (starts.cpp), and ends at its own end mark, at the next start of the same
// caller, or when it grows beyond its budget.
//
// "------------[ cut here ]------------" begins one whose kind is not known yet: the lines behind it say
// ("WARNING:", "UBSAN:", "kernel BUG at").
#include "grader/console/caller_reader.hpp"

#include <algorithm>

#include "grader/console/frames.hpp"
#include "grader/console/starts.hpp"

namespace ferrule::grader {

void CallerReader::line(const ConsoleLine& line) {
    const std::string_view text = trim(line.text);
    if (line.cut) {
        truncated();
        if (!start_of(text)) return;
    }
    if (text == "------------[ cut here ]------------") {
        // usercopy and Rust's panic say their word first, then BUG().
        if (open_ && (open_->splat.kind == "usercopy" || open_->splat.kind == "rust-panic")) return;
        end();
        pending_ = Pending{};
        pending_->number = line.number;
        return;
    }
    if (settles(line, text)) return;
    if (const Start* start = start_of(text); start && !(start->also_inside && goes_on(start->kind))) {
        begin(start->kind, text, line);
        open_->add_text(line.text);
        if (open_->splat.kind == "rust-panic") take_source(text, "panicked at ", open_->splat);
        if (open_->splat.kind == "atomic-sleep") take_source(text, "context at ", open_->splat);
        if (line.cut) open_->splat.truncated = true;
        return;
    }
    if (pending_) {
        pending_->text.append(line.text).push_back('\n');
        if (!pending_->message && !text.empty())
            pending_->message = std::string(text.substr(0, OpenReport::kMaxTitle));
        else if (text.starts_with("One of leaked entries details: "))  // kernel/dma/debug.c
            pending_->detail = std::string(text.substr(0, OpenReport::kMaxTitle));
        if (++pending_->count > 20) pending_.reset();  // nothing behind it: not a report
        return;
    }
    if (open_ && !open_->line(line.text, text)) end();
}

// The lines that say what was cut here.
bool CallerReader::settles(const ConsoleLine& line, std::string_view text) {
    if (pending_ && text.starts_with("WARNING: ") && !start_of(text)) {
        warning(line, text);
        return true;
    }
    if (pending_ && text.starts_with("UBSAN: ")) {
        named("ubsan", text, line);
        take_source(text, " in ", open_->splat);
        return true;
    }
    if (text.starts_with("kernel BUG at ") &&
        (pending_ || !open_ || open_->splat.kind == "rust-panic" || open_->splat.kind == "usercopy")) {
        bug(line, text);
        return true;
    }
    return false;
}

// "WARNING: FILE:LINE at func+0x1/0x2 [mod], CPU#0: comm/pid"
void CallerReader::warning(const ConsoleLine& line, std::string_view text) {
    const std::optional<std::string> message = pending_->message;
    const char* kind = message ? message_kind(*message) : nullptr;
    named(kind ? kind : "warn", message ? std::string_view(*message) : text, line);
    Splat& splat = open_->splat;
    take_source(text, "WARNING: ", splat);
    if (size_t cpu = text.rfind(": "); cpu != std::string_view::npos && text.find("CPU#") != std::string_view::npos) {
        std::string_view who = text.substr(cpu + 2);
        if (size_t slash = who.rfind('/'); slash != std::string_view::npos)
            splat.task = std::string(who.substr(0, std::min<size_t>(slash, 32)));
    }
    if (!message) open_->expect_message();
}

void CallerReader::bug(const ConsoleLine& line, std::string_view text) {
    if (pending_) {
        const std::optional<std::string> message = pending_->message;
        const char* kind = message ? message_kind(*message) : nullptr;
        named(kind ? kind : "bug", message ? std::string_view(*message) : text, line);
    } else if (!open_) {
        begin("bug", text, line);
        open_->add_text(line.text);
    } else {
        open_->add_text(line.text);
    }
    if (open_->splat.source_file.empty()) take_source(text, "kernel BUG at ", open_->splat);
}

bool CallerReader::goes_on(std::string_view kind) const {
    static constexpr std::string_view kBefore[] = {"oops", "bug", "rust-panic", "usercopy", "list", "fortify"};
    return kind == "oops" && open_ && open_->stack_is_to_come() &&
           std::find(std::begin(kBefore), std::end(kBefore), open_->splat.kind) != std::end(kBefore);
}

void CallerReader::begin(std::string_view kind, std::string_view title, const ConsoleLine& line) {
    // A record of several lines that the console replayed begins twice.
    if (open_ && open_->bare() && open_->splat.kind == kind && open_->splat.title == title) open_.reset();
    end();
    Splat splat;
    splat.kind = std::string(kind);
    splat.title = std::string(title.substr(0, OpenReport::kMaxTitle));
    splat.at_line = line.number;
    open_.emplace(std::move(splat));
}

// What was pending is a report now.
void CallerReader::named(std::string_view kind, std::string_view title, const ConsoleLine& line) {
    const Pending pending = std::move(*pending_);
    begin(kind, title, line);
    open_->splat.at_line = pending.number;
    open_->splat.text = pending.text;
    open_->splat.detail = pending.detail;
    open_->splat.truncated = lost_;
    open_->add_text(line.text);
}

void CallerReader::truncated() {
    lost_ = pending_.has_value();
    if (open_) open_->splat.truncated = true;
}

void CallerReader::end() {
    if (open_) done_.add(std::move(open_->splat));
    open_.reset();
    pending_.reset();
    lost_ = false;
}

}  // namespace ferrule::grader
