// Runs one of the build scripts of kernel-image/ and turns what it prints into progress, a log and, when it
// fails, one clear error. The words a script may say:
//   @progress F TEXT   the step is F (0..1) done and now does TEXT
//   @when F TEXT       when a line starts with TEXT, F is done
//   @note TEXT         for a person to know, kept with the part
//   @failed TEXT       why it failed, in one line
// Make's own lines ("  CC      mm/slub.o") count towards the expected number of lines.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sandbox/base/progress.hpp"
#include "sandbox/base/result.hpp"
#include "sandbox/base/unique_fd.hpp"
#include "sandbox/image/part.hpp"

namespace ferrule::image {

class ScriptOutput {
public:
    // `from`..`to`: the share of the step's fraction that make's lines fill, `expected_lines` of them.
    ScriptOutput(Progress& progress, double from, double to, double expected_lines)
        : progress_(progress), fraction_(from), from_(from), to_(to), expected_lines_(expected_lines) {}

    void feed(std::string_view bytes);
    void finish();  // the last line may have no newline

    double fraction() const { return fraction_; }
    double lines() const { return lines_; }
    const std::vector<std::string>& notes() const { return notes_; }
    // The error of a script that ended badly, from what it printed. `what`: "toolchain"; `log`: where all of it is.
    Error error(const std::string& what, const fs::path& log) const;

private:
    void line(std::string_view text);

    Progress& progress_;
    double fraction_, from_, to_, expected_lines_;
    double lines_ = 0;
    std::string rest_;
    std::vector<std::pair<std::string, double>> marks_;
    std::vector<std::string> notes_;
    std::string failed_, disk_full_, unreachable_, keyring_, first_error_, last_;
};

// Runs `argv`, appending its output to the part's log. Takes lines and notes over into `build`.
Result<void> run_script(PartBuild& build, const std::string& what, const std::vector<std::string>& argv, double from,
                        double to, std::vector<std::string> environment = {});

}  // namespace ferrule::image
