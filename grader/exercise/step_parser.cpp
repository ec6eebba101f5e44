#include "grader/exercise/step_parser.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "grader/exercise/kernel_abi.hpp"
#include "grader/exercise/race_rules.hpp"

namespace ferrule::grader {
namespace {

using Words = std::vector<std::string>;

// What each kind of step is called, and which keys it may have beside the common ones.
struct StepSyntax {
    const char* key;
    StepKind kind;
    Words keys;
};
const std::vector<StepSyntax>& step_syntax() {
    static const std::vector<StepSyntax> table = {
        {"load", StepKind::load, {"sweep"}},
        {"unload", StepKind::unload, {}},
        {"open", StepKind::open, {"as", "flags", "sweep"}},
        {"close", StepKind::close, {}},
        {"read", StepKind::read, {"size", "offset", "out", "sweep"}},
        {"write", StepKind::write, {"in", "offset", "count", "shared", "sweep"}},
        {"ioctl", StepKind::ioctl, {"cmd", "in", "out", "argument", "shared", "sweep"}},
        {"lseek", StepKind::lseek, {"offset", "whence", "sweep"}},
        {"poll", StepKind::poll, {"events", "timeout", "sweep"}},
        {"mmap", StepKind::mmap, {"size", "offset", "prot", "in", "out", "sweep"}},
        {"read_file", StepKind::read_file, {"size", "out", "sweep"}},
        {"write_file", StepKind::write_file, {"in", "sweep"}},
        {"program", StepKind::program, {"arguments", "out"}},
        {"parallel", StepKind::parallel, {}},
        {"race", StepKind::race, {"rounds", "seconds"}},
        {"delay", StepKind::delay, {}},
        {"poke", StepKind::poke, {"offset", "in"}},
    };
    return table;
}

const Words kCommon = {"returns", "errors", "may", "capture", "times", "why"};

bool is_call(StepKind kind) {
    return kind != StepKind::parallel && kind != StepKind::race && kind != StepKind::delay && kind != StepKind::poke;
}

class StepParser {
public:
    StepParser(Problems& problems, const toml::table& table, StepContext& context)
        : problems_(problems), raw_(table), context_(context) {}

    std::optional<Step> parse();

private:
    const StepSyntax* kind_of();
    Words known_keys(const StepSyntax& syntax) const;
    void common(TomlTable& table, const StepSyntax& syntax);
    void specific(TomlTable& table, const StepSyntax& syntax);
    void lanes(TomlTable& table, const char* key, size_t least, size_t most_steps);
    void delay(TomlTable& table);
    std::string checked_expression(TomlTable& table, const char* key);
    std::string needed_expression(TomlTable& table, const char* key, const char* expected);
    DataRule data(TomlTable& table, const char* key);
    std::string open_file(TomlTable& table, const char* key);
    template <class T>
    void check(TomlTable& table, const char* key, const Result<T>& result) {
        if (!result) problems_.add(table.line(key), result.error());
    }

    Problems& problems_;
    const toml::table& raw_;
    StepContext& context_;
    Step step_{};
};

const StepSyntax* StepParser::kind_of() {
    const StepSyntax* found = nullptr;
    Words names;
    for (const StepSyntax& syntax : step_syntax()) {
        names.emplace_back(syntax.key);
        if (!raw_.contains(syntax.key)) continue;
        if (found) {
            problems_.add(line_of(raw_), fmt::format("found both \"{}\" and \"{}\" in one step; expected one of them",
                                                     found->key, syntax.key));
            return nullptr;
        }
        found = &syntax;
    }
    if (found) return found;
    std::string near;
    for (const auto& [key, value] : raw_)
        if (near.empty() && std::find(kCommon.begin(), kCommon.end(), key.str()) == kCommon.end())
            near = did_you_mean(key.str(), names);
    problems_.add(line_of(raw_), fmt::format("found a step that does not say what to do; expected one of {}{}",
                                             fmt::join(names, ", "), near));
    return nullptr;
}

Words StepParser::known_keys(const StepSyntax& syntax) const {
    Words known{syntax.key};
    known.insert(known.end(), syntax.keys.begin(), syntax.keys.end());
    if (std::find(known.begin(), known.end(), "sweep") != known.end()) known.emplace_back("fault_errors");
    if (!is_call(syntax.kind)) {
        known.emplace_back("why");
        if (syntax.kind == StepKind::poke) known.emplace_back("times");
    } else {
        known.insert(known.end(), kCommon.begin(), kCommon.end());
    }
    return known;
}

std::string StepParser::checked_expression(TomlTable& table, const char* key) {
    std::string expression = table.expression(key);
    if (!expression.empty()) check(table, key, check_expression(expression, context_.scope));
    return expression;
}

std::string StepParser::needed_expression(TomlTable& table, const char* key, const char* expected) {
    if (!table.has(key)) table.missing(key, expected);
    return checked_expression(table, key);
}

DataRule StepParser::data(TomlTable& table, const char* key) {
    DataRule rule;
    const auto texts = table.texts(key, true);
    const auto places = table.places(key);
    for (size_t i = 0; i < texts.size(); ++i) {
        auto piece = parse_piece(texts[i]);
        if (!piece) {
            problems_.add(places[i].line, piece.error());
            continue;
        }
        piece->at = places[i];
        if (piece->kind == DataPiece::any && std::string_view(key) == "in")
            problems_.add(
                places[i].line,
                fmt::format("found \"{}\" in \"in\"; expected bytes that are known (any is for \"out\")", texts[i]));
        if (const auto good = check_piece(*piece, context_.scope); !good) problems_.add(places[i].line, good.error());
        rule.push_back(std::move(*piece));
    }
    return rule;
}

std::string StepParser::open_file(TomlTable& table, const char* key) {
    std::string name = table.text(key);
    const auto file = context_.files.find(name);
    if (file == context_.files.end()) {
        Words names;
        for (const auto& [known, open] : context_.files)
            if (open) names.push_back(known);
        problems_.add(
            table.line(key),
            fmt::format("found {} = \"{}\"; expected the name that an earlier open gave with \"as\"{}{}", key,
                        name.substr(0, 40), context_.in_lane() ? " in the same list" : "", did_you_mean(name, names)));
    } else if (!file->second) {
        problems_.add(table.line(key),
                      fmt::format("found {} = \"{}\", which was closed before; expected an open file", key, name));
    } else if (std::string_view(key) == "close" && context_.lent.contains(name)) {
        problems_.add(table.line(key), fmt::format("found close = \"{}\" in a race's list, which did not open it; "
                                                   "expected it behind the race",
                                                   name));
    }
    return name;
}

void StepParser::common(TomlTable& table, const StepSyntax& syntax) {
    step_.why = table.text("why");
    step_.returns = checked_expression(table, "returns");
    step_.times = static_cast<unsigned>(table.integer("times", 1, 100000, 1));
    if (step_.times > 1 && (syntax.kind == StepKind::open || syntax.kind == StepKind::close ||
                            syntax.kind == StepKind::load || syntax.kind == StepKind::unload))
        problems_.add(
            table.line("times"),
            fmt::format("found \"times\" in {}; expected it in a step that can be made again at once", syntax.key));
    const auto errno_names = [&](const char* key) {
        Words names = table.texts(key, true);
        const auto places = table.places(key);
        for (size_t i = 0; i < names.size(); ++i)
            if (!errno_number(names[i]))
                problems_.add(places[i].line, fmt::format("found \"{}\" in \"{}\"; expected an errno name, as EINVAL",
                                                          names[i].substr(0, 40), key));
        if (table.has(key) && names.empty())
            problems_.add(table.line(key),
                          fmt::format("found an empty \"{}\"; expected errno names, or no such key", key));
        return names;
    };
    step_.errors = errno_names("errors");
    step_.may = errno_names("may");
    if (!step_.may.empty() && (!step_.errors.empty() || table.has("sweep") || table.has("capture")))
        problems_.add(table.line("may"),
                      "found \"may\" beside \"errors\", \"sweep\" or \"capture\"; expected it alone: success and these "
                      "errors are right");
    if (step_.may.size() > kMayMax)
        problems_.add(table.line("may"),
                      fmt::format("found {} errno names; expected at most {}", step_.may.size(), kMayMax));
    step_.sweep = table.boolean("sweep", false);
    step_.fault_errors = errno_names("fault_errors");
    if (!step_.fault_errors.empty() && !step_.sweep)
        problems_.add(table.line("fault_errors"),
                      "found \"fault_errors\" without a sweep; expected sweep = true beside it");
    if (step_.sweep && step_.times > 1)
        problems_.add(table.line("times"), "found \"times\" in a swept step; expected one of them");
    if (step_.sweep && !step_.errors.empty())
        problems_.add(table.line("sweep"), "found \"sweep\" in a step that must fail; expected one of them");
    if (step_.sweep && context_.in_lane())
        problems_.add(table.line("sweep"),
                      "found \"sweep\" in a parallel list; expected it in a step of the main sequence");
    if (context_.where == StepContext::Where::race && table.has("capture"))
        problems_.add(table.line("capture"), "found \"capture\" in a race's list; expected it in another step");
    step_.fault_errors = step_.fault_errors.empty() && step_.sweep ? Words{"ENOMEM"} : step_.fault_errors;
    if (!step_.errors.empty()) {
        for (const char* key : {"returns", "out", "capture", "as"})
            if (table.has(key))
                problems_.add(
                    table.line(key),
                    fmt::format("found \"{}\" in a step that must fail; expected one of \"{}\" and \"errors\"", key,
                                key));
    }
}

void StepParser::specific(TomlTable& table, const StepSyntax& syntax) {
    switch (syntax.kind) {
        case StepKind::load:
            step_.target = table.text("load");
            check(table, "load", check_text(step_.target, context_.scope));
            break;
        case StepKind::unload:
            if (!table.boolean("unload", true))
                problems_.add(table.line("unload"), "found unload = false; expected unload = true, or no such step");
            break;
        case StepKind::open: {
            step_.target = table.text("open");
            check(table, "open", check_text(step_.target, context_.scope));
            if (step_.target.empty() || step_.target[0] != '/')
                problems_.add(table.line("open"),
                              fmt::format("found open = \"{}\"; expected an absolute path, as /dev/slots",
                                          step_.target.substr(0, 40)));
            step_.flags = table.text("flags");
            if (table.has("flags")) check(table, "flags", open_flags(step_.flags));
            step_.as = table.text("as");
            if (!table.has("as")) {
                if (step_.errors.empty()) table.missing("as", "a name for the open file, as = \"f\"");
                break;
            }
            if (!is_value_name(step_.as))
                problems_.add(
                    table.line("as"),
                    fmt::format("found as = \"{}\"; expected a name of [a-z0-9_], at most 32", step_.as.substr(0, 40)));
            bool& open = context_.files[step_.as];
            if (open)
                problems_.add(
                    table.line("as"),
                    fmt::format("found as = \"{}\", which is open already; expected another name, or a close before",
                                step_.as));
            open = true;
            if (static_cast<size_t>(std::count_if(context_.files.begin(), context_.files.end(),
                                                  [](const auto& file) { return file.second; })) > kOpenFilesMax)
                problems_.add(table.line("as"),
                              fmt::format("found more than {} files open at once; expected fewer", kOpenFilesMax));
            break;
        }
        case StepKind::close:
            step_.target = open_file(table, "close");
            if (step_.errors.empty()) context_.files[step_.target] = false;
            break;
        case StepKind::read:
            step_.target = open_file(table, "read");
            step_.size = needed_expression(table, "size", "how many bytes to read");
            step_.offset = checked_expression(table, "offset");
            break;
        case StepKind::write:
            step_.target = open_file(table, "write");
            if (!table.has("in")) table.missing("in", "the bytes to write ([] for none)");
            step_.offset = checked_expression(table, "offset");
            step_.count = checked_expression(table, "count");
            break;
        case StepKind::ioctl:
            step_.target = open_file(table, "ioctl");
            if (!table.has("cmd")) table.missing("cmd", "the request, as _IOWR('s', 1, 16)");
            step_.cmd = table.expression("cmd");
            if (table.has("cmd")) check(table, "cmd", ioctl_number(step_.cmd));
            step_.argument = checked_expression(table, "argument");
            if (table.has("argument") && (table.has("in") || table.has("out")))
                problems_.add(table.line("argument"),
                              "found \"argument\" beside \"in\" or \"out\"; expected a value or a buffer");
            break;
        case StepKind::lseek:
            step_.target = open_file(table, "lseek");
            step_.offset = needed_expression(table, "offset", "where to");
            step_.argument = table.text("whence");
            if (table.has("whence")) check(table, "whence", seek_whence(step_.argument));
            break;
        case StepKind::poll:
            step_.target = open_file(table, "poll");
            step_.argument = needed_expression(table, "events", "what to wait for, as \"POLLIN\"");
            step_.size = checked_expression(table, "timeout");
            break;
        case StepKind::mmap:
            step_.target = open_file(table, "mmap");
            step_.size = needed_expression(table, "size", "how many bytes to map");
            step_.offset = checked_expression(table, "offset");
            step_.flags = table.text("prot");
            if (table.has("prot")) check(table, "prot", mmap_protection(step_.flags));
            break;
        case StepKind::read_file:
        case StepKind::write_file:
            step_.target = table.text(syntax.key);
            check(table, syntax.key, check_text(step_.target, context_.scope));
            if (step_.target.empty() || step_.target[0] != '/')
                problems_.add(table.line(syntax.key), fmt::format("found {} = \"{}\"; expected an absolute path",
                                                                  syntax.key, step_.target.substr(0, 40)));
            if (syntax.kind == StepKind::write_file && !table.has("in")) table.missing("in", "the bytes to write");
            step_.size = checked_expression(table, "size");
            break;
        case StepKind::program: {
            step_.file_name = step_.target = table.text("program");
            const fs::path path(step_.file_name);
            const bool inside =
                path.is_relative() && path.extension() == ".c" &&
                std::none_of(path.begin(), path.end(), [](const fs::path& part) { return part == ".."; });
            if (!inside)
                problems_.add(table.line("program"),
                              fmt::format("found program = \"{}\"; expected a .c file below the exercise's folder",
                                          step_.file_name.substr(0, 60)));
            step_.arguments = table.texts("arguments");
            const auto places = table.places("arguments");
            for (size_t i = 0; i < step_.arguments.size(); ++i)
                if (const auto good = check_text(step_.arguments[i], context_.scope); !good)
                    problems_.add(places[i].line, good.error());
            break;
        }
        case StepKind::parallel: lanes(table, "parallel", 2, 64); break;
        case StepKind::race:
            step_.rounds = static_cast<unsigned>(table.integer("rounds", 1, kRoundsMax, 0));
            step_.seconds = table.number("seconds", 0.05, 30, 1);
            if (table.has("rounds") && table.has("seconds"))
                problems_.add(table.line("seconds"), "found both \"rounds\" and \"seconds\"; expected one of them");
            lanes(table, "race", 1, kRaceCallsMax / 2);
            if (!problems_.any()) check_race(problems_, step_);
            break;
        case StepKind::delay: delay(table); break;
        case StepKind::poke:
            step_.shared = table.text("poke");
            step_.offset = checked_expression(table, "offset");
            if (!table.has("in")) table.missing("in", "the bytes that stand there for a moment");
            break;
    }
}

// delay = "random 0..3000", in microseconds; or a value.
void StepParser::delay(TomlTable& table) {
    const std::string text = table.expression("delay");
    if (!text.starts_with("random ")) {
        step_.size = text;
        check(table, "delay", check_expression(text, context_.scope));
        return;
    }
    const auto range = split_range(text.substr(7));
    if (!range) {
        problems_.add(
            table.line("delay"),
            fmt::format("found delay = \"{}\"; expected microseconds, or \"random A..B\"", text.substr(0, 40)));
        return;
    }
    step_.size = range->first;
    step_.count = range->second;
    for (const std::string& side : {step_.size, step_.count})
        check(table, "delay", check_expression(side, context_.scope));
}

void StepParser::lanes(TomlTable& table, const char* key, size_t least, size_t most_steps) {
    const toml::array* lists = raw_[key].as_array();
    if (!lists || lists->size() < least || lists->size() > kLanesMax) {
        problems_.add(table.line(key),
                      fmt::format("found {} for \"{}\"; expected an array of {} to {} lists of steps",
                                  lists ? fmt::format("{} lists", lists->size()) : describe(*raw_.get(key)), key, least,
                                  kLanesMax));
        return;
    }
    const bool race = step_.kind == StepKind::race;
    const Scope before = context_.scope;
    for (const toml::node& list : *lists) {
        const toml::array* steps = list.as_array();
        if (!steps || steps->empty() || steps->size() > most_steps) {
            problems_.add(line_of(list),
                          fmt::format("found {} in \"{}\"; expected a list of 1 to {} steps",
                                      steps ? "a list of another length" : describe(list), key, most_steps));
            return;
        }
        StepContext lane{before, {}, race ? StepContext::Where::race : StepContext::Where::parallel, {}};
        for (const auto& [name, open] : context_.files) {
            if (!race || !open) continue;
            lane.files[name] = true;
            lane.lent.insert(name);
        }
        std::vector<Step>& out = step_.lanes.emplace_back();
        for (const toml::node& node : *steps) {
            const toml::table* step = node.as_table();
            if (!step) {
                problems_.add(line_of(node), fmt::format("found {} in \"{}\"; expected a step", describe(node), key));
                return;
            }
            auto parsed = StepParser(problems_, *step, lane).parse();
            if (!parsed) return;
            out.push_back(std::move(*parsed));
        }
        close_open_files(out, lane, step_.at);
        for (const auto& [captured, is_bytes] : lane.scope)
            if (!before.contains(captured) && !context_.scope.emplace(captured, is_bytes).second)
                problems_.add(
                    line_of(list),
                    fmt::format("found capture = \"{}\" in two parallel lists; expected different names", captured));
    }
}

std::optional<Step> StepParser::parse() {
    const StepSyntax* syntax = kind_of();
    if (!syntax) return std::nullopt;
    TomlTable table(problems_, raw_, fmt::format("{} step", syntax->key), known_keys(*syntax));
    step_.kind = syntax->kind;
    step_.at = problems_.at(line_of(raw_));
    const bool raced = context_.where == StepContext::Where::race;
    const bool loads = syntax->kind == StepKind::load || syntax->kind == StepKind::unload;
    if (context_.in_lane() && (syntax->kind == StepKind::parallel || syntax->kind == StepKind::race ||
                               (loads && !raced) || (syntax->kind == StepKind::program && raced)))
        problems_.add(step_.at.line, fmt::format("found {} in a {} list; expected it in the main sequence", syntax->key,
                                                 raced ? "race's" : "parallel"));
    if (syntax->kind == StepKind::poke && !raced)
        problems_.add(step_.at.line, "found poke outside a race; expected it in one of a race's lists");
    common(table, *syntax);
    specific(table, *syntax);
    if (table.has("shared")) {
        step_.shared = table.text("shared");
        if (!raced || table.has("argument"))
            problems_.add(table.line("shared"),
                          "found \"shared\" outside a race, or beside \"argument\"; expected it with a raced buffer");
    }
    // The kernel's own answers, whatever the module does (kernel/module/main.c).
    if (raced && step_.errors.empty() && step_.may.empty() && loads)
        step_.may = syntax->kind == StepKind::load ? Words{"EEXIST", "EBUSY"} : Words{"EAGAIN", "ENOENT", "EBUSY"};
    step_.in = data(table, "in");
    if (table.has("out")) step_.out = data(table, "out");
    if (table.has("capture")) {
        step_.capture = table.text("capture");
        if (!is_value_name(step_.capture))
            problems_.add(table.line("capture"),
                          fmt::format("found capture = \"{}\"; expected a name of [a-z0-9_], at most 32",
                                      step_.capture.substr(0, 40)));
        else if (!context_.scope.emplace(step_.capture, false).second)
            problems_.add(table.line("capture"),
                          fmt::format("found capture = \"{}\", which is taken; expected a new name", step_.capture));
    }
    if (problems_.any()) return std::nullopt;
    return std::move(step_);
}

}  // namespace

std::optional<Step> parse_step(Problems& problems, const toml::table& table, StepContext& context) {
    return StepParser(problems, table, context).parse();
}

void close_open_files(std::vector<Step>& steps, const StepContext& context, const Location& at) {
    for (const auto& [name, open] : context.files) {
        if (!open || context.lent.contains(name)) continue;
        Step step{StepKind::close};
        step.at = at;
        step.target = name;
        steps.push_back(std::move(step));
    }
}

}  // namespace ferrule::grader
