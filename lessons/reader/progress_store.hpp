// What the learner did, in SQLite (WAL) below the data folder: safe against kill -9 and two programs at once.
// Kept by exercise id, so that it survives an update of the course.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/result.hpp"

struct sqlite3;

namespace ferrule::reader {

struct Attempt {
    std::string exercise, language;  // "c", "rust"
    std::string verdict;             // "pass", "fail"
    std::string findings;            // the contract's findings array, as JSON
    double seconds = 0;              // how long grading took
    int64_t at = 0;                  // Unix time; filled in by add_attempt when 0
};

struct ExerciseProgress {
    int attempts = 0;
    bool passed = false;  // ever
    std::string last;     // verdict of the last attempt; empty: none
    int64_t last_at = 0;
    int hints = 0;        // steps shown, over all classes
    int64_t seconds = 0;  // at work, pauses left out
};

struct HintsShown {
    std::string exercise, language, finding_class;
    int steps = 0;
};

// A stretch of work without a long pause, in Unix time.
struct Session {
    std::string exercise, language;
    int64_t began = 0, ended = 0;
};
constexpr int64_t kPause = 600;  // seconds without a sign of work that end a session

// All that a learner did. Of the same things in two records, merging keeps one.
struct Record {
    std::vector<Attempt> attempts;
    std::vector<HintsShown> hints;
    std::vector<Session> sessions;
};

// "passed", "tried 3x", "started", or "" when nothing was begun.
std::string word_of(const ExerciseProgress& progress, bool started);

class ProgressStore {
public:
    // Errors: "progress-db".
    static Result<ProgressStore> open(const fs::path& file);
    static fs::path default_file();  // data_dir()/progress.db

    Result<void> add_attempt(const Attempt& attempt);
    // The newest one; an attempt with an empty exercise when there is none.
    Result<Attempt> last_attempt(const std::string& exercise, const std::string& language) const;
    Result<ExerciseProgress> progress(const std::string& exercise, const std::string& language) const;

    // Steps of the hint for a class of finding that were shown so far.
    Result<int> hints_shown(const std::string& exercise, const std::string& language,
                            const std::string& finding_class) const;
    Result<void> set_hints_shown(const std::string& exercise, const std::string& language,
                                 const std::string& finding_class, int steps);

    // A sign of work, a key or a grading, at `at` (Unix time): the session under way goes on, or a new one begins.
    Result<void> worked(const std::string& exercise, const std::string& language, int64_t at);

    Result<Record> record() const;
    // All or nothing. How many things were new.
    Result<size_t> merge(const Record& record);

    // What the terminal program remembers, where one stopped for example. Empty: nothing yet.
    Result<std::string> note(const std::string& name) const;
    Result<void> set_note(const std::string& name, const std::string& text);

private:
    struct Close {
        void operator()(sqlite3* db) const;
    };
    using Handle = std::unique_ptr<sqlite3, Close>;
    ProgressStore(Handle db, fs::path file) : db_(std::move(db)), file_(std::move(file)) {}

    // What `work` wrote is kept when it returns true.
    Result<void> in_transaction(const std::function<bool()>& work);

    Handle db_;
    fs::path file_;
};

}  // namespace ferrule::reader
