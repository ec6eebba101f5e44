// The learner's own files: <workspace>/<exercise>/<c|rust>/. Ferrule puts a starter there once and never writes
// over work; reset moves the work to <exercise>/kept/<language>-<n>/ first.
#pragma once

#include <optional>
#include <vector>

#include "grader/exercise/exercise.hpp"

namespace ferrule::reader {

class Workspace {
public:
    explicit Workspace(fs::path root) : root_(std::move(root)) {}
    static fs::path default_root();  // $FERRULE_WORKSPACE or ~/ferrule

    const fs::path& root() const { return root_; }
    fs::path folder(const grader::Exercise& exercise, grader::Language language) const;
    bool started(const grader::Exercise& exercise, grader::Language language) const;
    std::vector<grader::Language> started_languages(const grader::Exercise& exercise) const;

    struct Started {
        fs::path folder;
        bool kept = false;  // work was there already and is untouched
    };
    // Errors: "no-language", "workspace".
    Result<Started> start(const grader::Exercise& exercise, grader::Language language) const;
    struct Reset {
        fs::path folder;
        fs::path kept;  // where the work went; empty: there was none
    };
    Result<Reset> reset(const grader::Exercise& exercise, grader::Language language) const;

private:
    fs::path root_;
};

// Which language a submission is in, by the names of its files. None: no .c and no .rs, or both.
std::optional<grader::Language> language_of(const fs::path& path);

}  // namespace ferrule::reader
