#include "lessons/reader/progress_store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <ctime>
#include <variant>

namespace ferrule::reader {

namespace {

constexpr int kSchema = 3;
constexpr int kBusyMilliseconds = 5000;

constexpr const char* kCreate = R"(
    CREATE TABLE IF NOT EXISTS attempts (
        id INTEGER PRIMARY KEY,
        exercise TEXT NOT NULL,
        language TEXT NOT NULL,
        at INTEGER NOT NULL,
        verdict TEXT NOT NULL,
        seconds REAL NOT NULL,
        findings TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS attempts_of ON attempts (exercise, language, id);
    CREATE TABLE IF NOT EXISTS hints (
        exercise TEXT NOT NULL,
        language TEXT NOT NULL,
        class TEXT NOT NULL,
        shown INTEGER NOT NULL,
        PRIMARY KEY (exercise, language, class)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS notes (
        name TEXT PRIMARY KEY,
        text TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS sessions (
        exercise TEXT NOT NULL,
        language TEXT NOT NULL,
        began INTEGER NOT NULL,
        ended INTEGER NOT NULL,
        PRIMARY KEY (exercise, language, began)) WITHOUT ROWID;
)";

// What is there stays when it says more; then nothing counts as changed.
constexpr const char* kAddHints =
    "INSERT INTO hints (exercise, language, class, shown) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (exercise, language, class) DO UPDATE SET shown = excluded.shown WHERE excluded.shown > shown";
constexpr const char* kAddSession =
    "INSERT INTO sessions (exercise, language, began, ended) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (exercise, language, began) DO UPDATE SET ended = excluded.ended WHERE excluded.ended > ended";

tl::unexpected<Error> trouble(sqlite3* db, const fs::path& file, const char* what) {
    const char* words = db ? sqlite3_errmsg(db) : "out of memory";
    const int code = db ? sqlite3_errcode(db) : SQLITE_NOMEM;
    const bool damaged = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
    return fail("progress-db", fmt::format("cannot {} the progress in {}: {}", what, file.string(), words),
                damaged ? "The file is damaged: move it away and Ferrule starts a new one." : "");
}

using Parameter = std::variant<int64_t, double, std::string>;

// A prepared statement with its parameters bound; a failure shows at the first step.
class Statement {
public:
    Statement(sqlite3* db, const char* sql, const std::vector<Parameter>& parameters) {
        status_ = sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr);
        int index = 1;
        for (const Parameter& parameter : parameters) {
            if (status_ != SQLITE_OK) return;
            if (const auto* number = std::get_if<int64_t>(&parameter))
                status_ = sqlite3_bind_int64(statement_, index, *number);
            else if (const auto* real = std::get_if<double>(&parameter))
                status_ = sqlite3_bind_double(statement_, index, *real);
            else {
                const std::string& text = std::get<std::string>(parameter);
                status_ =
                    sqlite3_bind_text64(statement_, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
            }
            ++index;
        }
    }
    ~Statement() { sqlite3_finalize(statement_); }
    Statement(const Statement&) = delete;
    Statement& operator=(const Statement&) = delete;

    int step() { return status_ == SQLITE_OK ? sqlite3_step(statement_) : status_; }
    int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
    double real(int column) const { return sqlite3_column_double(statement_, column); }
    std::string text(int column) const {
        const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
        return bytes ? std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)))
                     : std::string();
    }

private:
    sqlite3_stmt* statement_ = nullptr;
    int status_ = SQLITE_OK;
};

}  // namespace

std::string word_of(const ExerciseProgress& progress, bool started) {
    if (progress.passed) return "passed";
    if (progress.attempts > 0) return fmt::format("tried {}x", progress.attempts);
    return started ? "started" : "";
}

void ProgressStore::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

fs::path ProgressStore::default_file() { return data_dir() / "progress.db"; }

Result<ProgressStore> ProgressStore::open(const fs::path& file) {
    FERRULE_TRY_VOID(make_directories(file.parent_path()));
    // SQLite's own waiting does not cover the change to WAL, which the first one to open the file makes.
    FERRULE_TRY(const FileLock opening, FileLock::acquire(file.string() + ".lock", FileLock::Mode::exclusive));
    sqlite3* raw = nullptr;
    const int status = sqlite3_open_v2(file.c_str(), &raw,
                                       SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, nullptr);
    Handle db(raw);
    if (status != SQLITE_OK) return trouble(raw, file, "open");
    sqlite3_busy_timeout(raw, kBusyMilliseconds);
    const auto execute = [&](const char* sql) {
        return sqlite3_exec(raw, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    };
    if (!execute("PRAGMA journal_mode=WAL") || !execute("PRAGMA synchronous=NORMAL")) return trouble(raw, file, "open");

    int64_t found = 0;
    {
        Statement version(raw, "PRAGMA user_version", {});
        if (version.step() != SQLITE_ROW) return trouble(raw, file, "open");
        found = version.integer(0);
    }
    if (found > kSchema)
        return fail("progress-db",
                    fmt::format("the progress in {} was written by a newer Ferrule (format {})", file.string(), found),
                    "Update Ferrule.");
    if (found < kSchema) {
        const std::string sql = fmt::format("BEGIN IMMEDIATE; {} PRAGMA user_version={}; COMMIT;", kCreate, kSchema);
        if (!execute(sql.c_str())) return trouble(raw, file, "set up");
    }
    return ProgressStore(std::move(db), file);
}

Result<void> ProgressStore::add_attempt(const Attempt& attempt) {
    const int64_t at = attempt.at ? attempt.at : static_cast<int64_t>(std::time(nullptr));
    Statement insert(
        db_.get(),
        "INSERT INTO attempts (exercise, language, at, verdict, seconds, findings) VALUES (?, ?, ?, ?, ?, ?)",
        {attempt.exercise, attempt.language, at, attempt.verdict, attempt.seconds, attempt.findings});
    if (insert.step() != SQLITE_DONE) return trouble(db_.get(), file_, "write");
    return {};
}

Result<Attempt> ProgressStore::last_attempt(const std::string& exercise, const std::string& language) const {
    Statement query(db_.get(),
                    "SELECT verdict, findings, seconds, at FROM attempts WHERE exercise = ? AND language = ? ORDER BY "
                    "id DESC LIMIT 1",
                    {exercise, language});
    const int status = query.step();
    if (status == SQLITE_DONE) return Attempt{};
    if (status != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    return Attempt{exercise, language, query.text(0), query.text(1), query.real(2), query.integer(3)};
}

Result<ExerciseProgress> ProgressStore::progress(const std::string& exercise, const std::string& language) const {
    ExerciseProgress result;
    Statement counts(
        db_.get(),
        "SELECT COUNT(*), COALESCE(SUM(verdict = 'pass'), 0) FROM attempts WHERE exercise = ? AND language = ?",
        {exercise, language});
    if (counts.step() != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    result.attempts = static_cast<int>(counts.integer(0));
    result.passed = counts.integer(1) > 0;
    FERRULE_TRY(const Attempt last, last_attempt(exercise, language));
    result.last = last.verdict;
    result.last_at = last.at;
    Statement hints(db_.get(), "SELECT COALESCE(SUM(shown), 0) FROM hints WHERE exercise = ? AND language = ?",
                    {exercise, language});
    if (hints.step() != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    result.hints = static_cast<int>(hints.integer(0));
    Statement work(db_.get(),
                   "SELECT COALESCE(SUM(ended - began), 0) FROM sessions WHERE exercise = ? AND language = ?",
                   {exercise, language});
    if (work.step() != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    result.seconds = work.integer(0);
    return result;
}

Result<int> ProgressStore::hints_shown(const std::string& exercise, const std::string& language,
                                       const std::string& finding_class) const {
    Statement query(db_.get(), "SELECT shown FROM hints WHERE exercise = ? AND language = ? AND class = ?",
                    {exercise, language, finding_class});
    const int status = query.step();
    if (status == SQLITE_DONE) return 0;
    if (status != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    return static_cast<int>(query.integer(0));
}

Result<void> ProgressStore::set_hints_shown(const std::string& exercise, const std::string& language,
                                            const std::string& finding_class, int steps) {
    Statement write(db_.get(), kAddHints, {exercise, language, finding_class, static_cast<int64_t>(steps)});
    if (write.step() != SQLITE_DONE) return trouble(db_.get(), file_, "write");
    return {};
}

Result<void> ProgressStore::worked(const std::string& exercise, const std::string& language, int64_t at) {
    return in_transaction([&] {
        // Only what is under way at `at`: clocks may be set back.
        Statement extend(db_.get(),
                         "UPDATE sessions SET ended = MAX(ended, ?3) WHERE exercise = ?1 AND language = ?2 AND "
                         "began = (SELECT MAX(began) FROM sessions WHERE exercise = ?1 AND language = ?2 AND "
                         "began <= ?3 AND ended >= ?3 - ?4)",
                         {exercise, language, at, kPause});
        if (extend.step() != SQLITE_DONE) return false;
        if (sqlite3_changes(db_.get()) > 0) return true;
        return Statement(db_.get(), kAddSession, {exercise, language, at, at}).step() == SQLITE_DONE;
    });
}

Result<Record> ProgressStore::record() const {
    Record out;
    int status = SQLITE_DONE;
    Statement attempts(db_.get(), "SELECT exercise, language, verdict, findings, seconds, at FROM attempts ORDER BY id",
                       {});
    while ((status = attempts.step()) == SQLITE_ROW)
        out.attempts.push_back({attempts.text(0), attempts.text(1), attempts.text(2), attempts.text(3),
                                attempts.real(4), attempts.integer(5)});
    if (status != SQLITE_DONE) return trouble(db_.get(), file_, "read");
    Statement hints(db_.get(), "SELECT exercise, language, class, shown FROM hints", {});
    while ((status = hints.step()) == SQLITE_ROW)
        out.hints.push_back({hints.text(0), hints.text(1), hints.text(2), static_cast<int>(hints.integer(3))});
    if (status != SQLITE_DONE) return trouble(db_.get(), file_, "read");
    Statement sessions(db_.get(), "SELECT exercise, language, began, ended FROM sessions", {});
    while ((status = sessions.step()) == SQLITE_ROW)
        out.sessions.push_back({sessions.text(0), sessions.text(1), sessions.integer(2), sessions.integer(3)});
    if (status != SQLITE_DONE) return trouble(db_.get(), file_, "read");
    return out;
}

Result<size_t> ProgressStore::merge(const Record& record) {
    const auto execute = [&](const char* sql, const std::vector<Parameter>& parameters) {
        return Statement(db_.get(), sql, parameters).step() == SQLITE_DONE;
    };
    const int before = sqlite3_total_changes(db_.get());
    FERRULE_TRY_VOID(in_transaction([&] {
        for (const Attempt& one : record.attempts)
            if (!execute("INSERT INTO attempts (exercise, language, at, verdict, seconds, findings) "
                         "SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE exercise = ?1 "
                         "AND language = ?2 AND at = ?3 AND verdict = ?4 AND seconds = ?5 AND findings = ?6)",
                         {one.exercise, one.language, one.at, one.verdict, one.seconds, one.findings}))
                return false;
        for (const HintsShown& one : record.hints)
            if (!execute(kAddHints, {one.exercise, one.language, one.finding_class, static_cast<int64_t>(one.steps)}))
                return false;
        for (const Session& one : record.sessions)
            if (!execute(kAddSession, {one.exercise, one.language, one.began, one.ended})) return false;
        return true;
    }));
    return static_cast<size_t>(sqlite3_total_changes(db_.get()) - before);
}

Result<void> ProgressStore::in_transaction(const std::function<bool()>& work) {
    const auto execute = [&](const char* sql) {
        return sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
    };
    if (!execute("BEGIN IMMEDIATE")) return trouble(db_.get(), file_, "write");
    if (work() && execute("COMMIT")) return {};
    const auto why = trouble(db_.get(), file_, "write");
    execute("ROLLBACK");
    return why;
}

Result<std::string> ProgressStore::note(const std::string& name) const {
    Statement query(db_.get(), "SELECT text FROM notes WHERE name = ?", {name});
    const int status = query.step();
    if (status == SQLITE_DONE) return std::string();
    if (status != SQLITE_ROW) return trouble(db_.get(), file_, "read");
    return query.text(0);
}

Result<void> ProgressStore::set_note(const std::string& name, const std::string& text) {
    Statement write(db_.get(),
                    "INSERT INTO notes (name, text) VALUES (?, ?) "
                    "ON CONFLICT (name) DO UPDATE SET text = excluded.text",
                    {name, text});
    if (write.step() != SQLITE_DONE) return trouble(db_.get(), file_, "write");
    return {};
}

}  // namespace ferrule::reader
