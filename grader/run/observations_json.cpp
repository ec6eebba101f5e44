// Bytes from the guest may be any: they are written as hex, text from it too where it need not be UTF-8.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "grader/run/observations.hpp"

namespace ferrule::grader {
namespace {

using Json = nlohmann::json;

// Valid UTF-8 goes as it is, for a human who reads the file; anything else as {"hex": "…"}.
bool valid_utf8(const std::string& text) {
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const size_t more = lead < 0x80                    ? 0
                            : lead >= 0xc2 && lead <= 0xdf ? 1
                            : lead >= 0xe0 && lead <= 0xef ? 2
                            : lead >= 0xf0 && lead <= 0xf4 ? 3
                                                           : 9;
        if (more == 9 || i + more >= text.size()) return false;
        for (size_t k = 1; k <= more; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        if (more > 1) {
            const auto second = static_cast<unsigned char>(text[i + 1]);
            if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) || (lead == 0xf0 && second < 0x90) ||
                (lead == 0xf4 && second > 0x8f))
                return false;
        }
        i += more + 1;
    }
    return true;
}

std::string to_hex(const std::string& bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

struct Broken {
    std::string what;
};

std::string from_hex(const std::string& text) {
    const auto digit = [](char c) {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        throw Broken{"hex data with a character that is no digit"};
    };
    if (text.size() % 2 != 0) throw Broken{"hex data of odd length"};
    std::string out;
    for (size_t i = 0; i < text.size(); i += 2) out += static_cast<char>(digit(text[i]) << 4 | digit(text[i + 1]));
    return out;
}

Json put_bytes(const std::string& bytes) {
    if (valid_utf8(bytes)) return bytes;
    return Json{{"hex", to_hex(bytes)}};
}
std::string get_bytes(const Json& json) {
    if (json.is_object()) return from_hex(json.at("hex").get<std::string>());
    return json.get<std::string>();
}

// One description of each struct for both directions: f(name, member), each member once.
struct Writer {
    Json json = Json::object();
    template <class T>
    void operator()(const char* name, const T& value) {
        json[name] = put(value);
    }
    // Most have none: not written then.
    template <class T>
    void rare(const char* name, const std::vector<T>& values) {
        if (!values.empty()) json[name] = put(values);
    }
    void rare(const char* name, uint64_t value) {
        if (value != 0) json[name] = value;
    }
    void rare(const char* name, bool value) {
        if (value) json[name] = value;
    }
    void rare(const char* name, const std::string& value) {
        if (!value.empty()) json[name] = put(value);
    }
    template <class T>
    static Json put(const T& value);
};
struct Reader {
    const Json& json;
    template <class T>
    void operator()(const char* name, T& value) {
        const auto found = json.find(name);
        if (found == json.end()) throw Broken{std::string("no \"") + name + "\""};
        get(*found, value);
    }
    template <class T>
    void rare(const char* name, std::vector<T>& values) {
        values.clear();
        if (const auto found = json.find(name); found != json.end()) get(*found, values);
    }
    template <class T>
    requires std::is_arithmetic_v<T> || std::is_same_v<T, std::string>
    void rare(const char* name, T& value) {
        value = {};
        if (const auto found = json.find(name); found != json.end()) get(*found, value);
    }
    template <class T>
    static void get(const Json& from, T& value);
};

#define FERRULE_FIELDS(Type, body)     \
    template <class F>                 \
    void fields(F& f, const Type& v) { \
        body                           \
    }                                  \
    template <class F>                 \
    void fields(F& f, Type& v) {       \
        body                           \
    }

FERRULE_FIELDS(build::Diagnostic, f("severity", v.severity); f("file", v.file); f("line", v.line);
               f("column", v.column); f("message", v.message); f("tool", v.tool);)
FERRULE_FIELDS(RaceTally::Errors, f("error", v.error); f("count", v.count);)
FERRULE_FIELDS(RaceTally::Values, f("value", v.value); f("count", v.count); f("round", v.round);)
FERRULE_FIELDS(RaceTally::Outs, f("data", v.data); f("length", v.length); f("count", v.count);)
FERRULE_FIELDS(RaceTally, f("made", v.made); f("skipped", v.skipped); f("good", v.good); f("overruns", v.overruns);
               f("overrun", v.overrun); f("errors", v.errors); f("values", v.values); f("outs", v.outs);
               f("other_errors", v.other_errors); f("other_values", v.other_values); f("other_outs", v.other_outs);)
FERRULE_FIELDS(StepObservation, f("step", v.step); f("lane", v.lane); f("lane_step", v.lane_step);
               f("attempted", v.attempted); f("retry", v.retry); f("lost", v.lost); f("error", v.error);
               f("value", v.value); f("data", v.data); f("overrun", v.overrun); f("truncated", v.truncated);
               f("fault_fired", v.fault_fired); f("fault_points", v.fault_points); f("seconds", v.seconds);
               f.rare("race", v.race);)
FERRULE_FIELDS(LedgerEntry, f("kind", v.kind); f("pointer", v.pointer); f("bytes", v.bytes); f("frames", v.frames);
               f("names", v.names);)
FERRULE_FIELDS(SymbolAddress, f("name", v.name); f("address", v.address);)
FERRULE_FIELDS(HangStack, f("who", v.who); f("frames", v.frames); f("names", v.names);)
FERRULE_FIELDS(DebugSymbol, f("section", v.section); f("name", v.name); f("offset", v.offset); f("size", v.size);)
FERRULE_FIELDS(DebugScope, f("low", v.low); f("high", v.high); f("function", v.function); f("depth", v.depth);
               f("call_file", v.call_file); f("call_line", v.call_line);)
FERRULE_FIELDS(DebugSection, f("name", v.name); f("size", v.size); f("rows", v.rows); f("scopes", v.scopes);)
FERRULE_FIELDS(ModuleDebug, f("files", v.files); f("sections", v.sections); f("symbols", v.symbols);)
FERRULE_FIELDS(Run, f("scenario", v.scenario); f("scenario_name", v.scenario_name); f("variant", v.variant);
               f("seed", v.seed); f("values", v.values); f("sweep_step", v.sweep_step); f("ladder", v.ladder);
               f("fail_nth", v.fail_nth); f.rare("background", v.background);
               f.rare("background_fired", v.background_fired); f.rare("background_points", v.background_points);
               f("runs_before", v.runs_before); f("files_open", v.files_open); f("fault_number", v.fault_number);
               f("steps", v.steps); f("console", v.console); f("console_truncated", v.console_truncated);
               f("console_silent", v.console_silent); f("module_symbols", v.module_symbols); f("live", v.live);
               f("ledger_complete", v.ledger_complete); f("ledger_stopped", v.ledger_stopped);
               f("leak_scan", v.leak_scan); f("unreferenced", v.unreferenced); f("ledger_read", v.ledger_read);
               f("resources_before", v.resources_before); f("resources_after", v.resources_after);
               f("resources_read", v.resources_read); f("module_gone", v.module_gone);
               f("unload_forced", v.unload_forced); f("unload_error", v.unload_error); f("debug_locks", v.debug_locks);
               f("end", v.end); f.rare("hardware_error", v.hardware_error); f("hang", v.hang);
               f("restore_seconds", v.restore_seconds); f("run_seconds", v.run_seconds);)
FERRULE_FIELDS(Canaries, f("scenario", v.scenario); f("scenario_name", v.scenario_name); f("variant", v.variant);
               f("heard", v.heard); f("console", v.console);)
FERRULE_FIELDS(Observations, f("format", v.format); f("exercise", v.exercise); f("module", v.module);
               f("language", v.language); f.rare("seed", v.seed); f("built", v.built); f("diagnostics", v.diagnostics);
               f("imports", v.imports); f("source_files", v.source_files); f("sources", v.sources); f("debug", v.debug);
               f("runs", v.runs); f("canaries", v.canaries); f.rare("clients", v.clients);
               f("kernel_release", v.kernel_release); f("image_key", v.image_key); f("accelerator", v.accelerator);
               f("build_seconds", v.build_seconds); f("restore_seconds", v.restore_seconds);
               f("run_seconds", v.run_seconds); f("total_seconds", v.total_seconds);)

Json put_one(const std::string& value) { return put_bytes(value); }
Json put_one(Language value) { return name(value); }
Json put_one(const Value& value) {
    if (const auto* integer = std::get_if<int64_t>(&value)) return *integer;
    return Json{{"bytes", to_hex(std::get<std::string>(value))}};
}
template <class T>
requires std::is_arithmetic_v<T> Json put_one(const T& value) { return value; }
template <class T>
Json put_one(const std::vector<T>& values) {
    Json array = Json::array();
    for (const auto& value : values) array.push_back(Writer::put(value));
    return array;
}
template <class T>
Json put_one(const std::map<std::string, T>& values) {
    // Keys are names of files and values; as pairs, so that any key survives.
    Json array = Json::array();
    for (const auto& [key, value] : values) array.push_back(Json::array({put_bytes(key), Writer::put(value)}));
    return array;
}
// Addresses and counters by the thousand: compact rows instead of objects.
Json put_one(const ResourceEntry& entry) { return Json::array({put_bytes(entry.kind), put_bytes(entry.name)}); }
Json put_one(const DebugRow& row) { return Json::array({row.offset, row.file, row.line}); }
template <class T>
requires requires(Writer& w, const T& v) { fields(w, v); }
Json put_one(const T& value) {
    Writer writer;
    fields(writer, value);
    return std::move(writer.json);
}
template <class T>
Json Writer::put(const T& value) {
    return put_one(value);
}

void get_one(const Json& from, std::string& value) { value = get_bytes(from); }
void get_one(const Json& from, Language& value) {
    const auto language = language_from(from.get<std::string>());
    if (!language) throw Broken{"an unknown language"};
    value = *language;
}
void get_one(const Json& from, Value& value) {
    if (from.is_object())
        value = from_hex(from.at("bytes").get<std::string>());
    else
        value = from.get<int64_t>();
}
void get_one(const Json& from, bool& value) { value = from.get<bool>(); }
template <class T>
requires(std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) void get_one(const Json& from, T& value) {
    if constexpr (std::is_integral_v<T>) {
        const bool fits = from.is_number_unsigned() ? std::in_range<T>(from.get<uint64_t>())
                                                    : from.is_number_integer() && std::in_range<T>(from.get<int64_t>());
        if (!fits) throw Broken{"a number that does not fit"};
    }
    value = from.get<T>();
}
void get_one(const Json& from, ResourceEntry& entry) {
    if (!from.is_array() || from.size() != 2) throw Broken{"a resource that is not kind and name"};
    entry = {get_bytes(from[0]), get_bytes(from[1])};
}
void get_one(const Json& from, DebugRow& row) {
    if (!from.is_array() || from.size() != 3) throw Broken{"a line row that is not three numbers"};
    Reader::get(from[0], row.offset);
    Reader::get(from[1], row.file);
    Reader::get(from[2], row.line);
}
template <class T>
void get_one(const Json& from, std::vector<T>& values) {
    if (!from.is_array()) throw Broken{"something else where an array belongs"};
    values.clear();
    for (const Json& element : from) {
        T value{};
        Reader::get(element, value);
        values.push_back(std::move(value));
    }
}
template <class T>
void get_one(const Json& from, std::map<std::string, T>& values) {
    if (!from.is_array()) throw Broken{"something else where pairs belong"};
    values.clear();
    for (const Json& pair : from) {
        if (!pair.is_array() || pair.size() != 2) throw Broken{"a pair that is none"};
        Reader::get(pair[1], values[get_bytes(pair[0])]);
    }
}
template <class T>
requires requires(Reader& r, T& v) { fields(r, v); }
void get_one(const Json& from, T& value) {
    if (!from.is_object()) throw Broken{"something else where an object belongs"};
    Reader reader{from};
    fields(reader, value);
}
template <class T>
void Reader::get(const Json& from, T& value) {
    get_one(from, value);
}

}  // namespace

const ModuleDebug& debug_of(const Observations& observations, const Run& run) {
    static const ModuleDebug none;
    const auto& all = observations.debug;
    const auto found = all.find(run.variant);
    if (found != all.end()) return found->second;
    return all.size() == 1 ? all.begin()->second : none;  // a recorded run need not say on which kernel
}

std::string to_json(const Observations& observations) { return Writer::put(observations).dump(1, ' ') + "\n"; }

Result<Observations> observations_from_json(std::string_view text) {
    const auto broken = [](const std::string& what) {
        return fail("observations-broken", fmt::format("the recorded observations cannot be read: {}", what),
                    "Record them again.");
    };
    try {
        const Json json = Json::parse(text);
        Observations out;
        if (!json.is_object() || json.value("format", 0) != 1) return broken("not of format 1");
        Reader::get(json, out);
        return out;
    } catch (const Broken& error) {
        return broken(error.what);
    } catch (const Json::exception& error) {
        return broken(error.what());
    }
}

}  // namespace ferrule::grader
