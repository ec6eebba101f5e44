#include "lessons/reader/progress_store.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <ctime>
#include <variant>

namespace ferrule::reader {

namespace {

constexpr int kSchema = 2;
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
)";

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
    Statement write(db_.get(),
                    "INSERT INTO hints (exercise, language, class, shown) VALUES (?, ?, ?, ?) "
                    "ON CONFLICT (exercise, language, class) DO UPDATE SET shown = MAX(shown, excluded.shown)",
                    {exercise, language, finding_class, static_cast<int64_t>(steps)});
    if (write.step() != SQLITE_DONE) return trouble(db_.get(), file_, "write");
    return {};
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
