#include "lessons/reader/progress_file.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace ferrule::reader {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;
constexpr size_t kLongest = 1u << 20;  // bytes of one text; an attempt's findings are the longest

// What is not as it should be ends the reading.
struct Wrong {
    std::string what;
};

class Entry {
public:
    Entry(const Json& json, std::string where) : json_(json), where_(std::move(where)) {
        if (!json.is_object()) throw Wrong{where_ + " is no object"};
    }
    std::string text(const char* key) const {
        const Json& value = at(key);
        if (!value.is_string()) throw Wrong{fmt::format("{}.{} is no string", where_, key)};
        auto out = value.get<std::string>();
        if (out.size() > kLongest) throw Wrong{fmt::format("{}.{} is longer than {} bytes", where_, key, kLongest)};
        return out;
    }
    std::string name(const char* key) const {
        std::string out = text(key);
        if (out.empty()) throw Wrong{fmt::format("{}.{} is empty", where_, key)};
        return out;
    }
    std::string one_of(const char* key, std::string_view first, std::string_view second) const {
        std::string out = text(key);
        if (out != first && out != second)
            throw Wrong{fmt::format("{}.{} is neither \"{}\" nor \"{}\"", where_, key, first, second)};
        return out;
    }
    int64_t count(const char* key, int64_t most) const {
        const Json& value = at(key);
        const bool fits = value.is_number_unsigned() && value.get<uint64_t>() <= static_cast<uint64_t>(most);
        if (!fits) throw Wrong{fmt::format("{}.{} is no whole number from 0 to {}", where_, key, most)};
        return value.get<int64_t>();
    }
    double seconds(const char* key) const {
        const Json& value = at(key);
        const double out = value.is_number() ? value.get<double>() : -1;
        if (!std::isfinite(out) || out < 0) throw Wrong{fmt::format("{}.{} is no time in seconds", where_, key)};
        return out;
    }
    const Json& at(const char* key) const {
        const auto found = json_.find(key);
        if (found == json_.end()) throw Wrong{fmt::format("{}.{} is missing", where_, key)};
        return *found;
    }

private:
    const Json& json_;
    std::string where_;
};

constexpr int64_t kLastTime = 253402300799;  // the year 9999
constexpr int64_t kMostSteps = 1000;

template <class Take>
void each(const Json& root, const char* key, const Take& take) {
    const auto list = root.find(key);
    if (list == root.end() || !list->is_array()) throw Wrong{fmt::format("{} is no list", key)};
    for (size_t i = 0; i < list->size(); ++i) take(Entry((*list)[i], fmt::format("{}[{}]", key, i)));
}

Record read(const Json& root) {
    if (!root.is_object() || !root.contains("format")) throw Wrong{"it is no record of progress"};
    if (root["format"] != kFormat) throw Wrong{fmt::format("its format is not {}", kFormat)};
    Record out;
    each(root, "attempts", [&](const Entry& entry) {
        const Json& findings = entry.at("findings");
        if (!findings.is_array() || findings.dump().size() > kLongest) throw Wrong{"an attempt's findings are no list"};
        out.attempts.push_back({entry.name("exercise"), entry.one_of("language", "c", "rust"),
                                entry.one_of("verdict", "pass", "fail"), findings.dump(), entry.seconds("seconds"),
                                entry.count("at", kLastTime)});
    });
    each(root, "hints", [&](const Entry& entry) {
        out.hints.push_back({entry.name("exercise"), entry.one_of("language", "c", "rust"), entry.name("class"),
                             static_cast<int>(entry.count("steps", kMostSteps))});
    });
    each(root, "sessions", [&](const Entry& entry) {
        const Session session{entry.name("exercise"), entry.one_of("language", "c", "rust"),
                              entry.count("began", kLastTime), entry.count("ended", kLastTime)};
        if (session.ended < session.began) throw Wrong{"a session ends before it begins"};
        out.sessions.push_back(session);
    });
    return out;
}

}  // namespace

std::string to_json(const Record& record) {
    Json attempts = Json::array(), hints = Json::array(), sessions = Json::array();
    for (const Attempt& one : record.attempts) {
        // The database is ours, but an older or a damaged one must not bring us down.
        Json findings = Json::parse(one.findings, nullptr, false);
        attempts.push_back({{"exercise", one.exercise},
                            {"language", one.language},
                            {"at", one.at},
                            {"verdict", one.verdict},
                            {"seconds", one.seconds},
                            {"findings", findings.is_array() ? std::move(findings) : Json::array()}});
    }
    for (const HintsShown& one : record.hints)
        hints.push_back({{"exercise", one.exercise},
                         {"language", one.language},
                         {"class", one.finding_class},
                         {"steps", one.steps}});
    for (const Session& one : record.sessions)
        sessions.push_back(
            {{"exercise", one.exercise}, {"language", one.language}, {"began", one.began}, {"ended", one.ended}});
    const Json all = {{"format", kFormat}, {"attempts", attempts}, {"hints", hints}, {"sessions", sessions}};
    return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Record> record_from_json(const std::string& text) {
    const Json root = Json::parse(text, nullptr, false);
    try {
        if (root.is_discarded()) throw Wrong{"it is not JSON"};
        return read(root);
    } catch (const Wrong& wrong) {
        return fail("progress-file", wrong.what, "`ferrule progress export FILE` writes such a file.");
    }
}

}  // namespace ferrule::reader
