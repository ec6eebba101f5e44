// The reports of one caller (a task or a CPU): its lines are read on their own, and it has at most one report open.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "grader/console/lines.hpp"
#include "grader/console/open_report.hpp"
#include "grader/console/splat_list.hpp"

namespace ferrule::grader {

class CallerReader {
public:
    explicit CallerReader(SplatList& done) : done_(done) {}

    void line(const ConsoleLine& line);
    void truncated();  // lines were lost here
    void end();

private:
    // Behind "cut here": what it is comes next, and a WARN's message comes before its "WARNING:" line.
    struct Pending {
        std::string text;
        std::optional<std::string> message;
        std::string detail;
        size_t number = 0, count = 0;
    };

    void begin(std::string_view kind, std::string_view title, const ConsoleLine& line);
    void named(std::string_view kind, std::string_view title, const ConsoleLine& line);
    bool settles(const ConsoleLine& line, std::string_view text);
    void warning(const ConsoleLine& line, std::string_view text);
    void bug(const ConsoleLine& line, std::string_view text);
    bool goes_on(std::string_view kind) const;

    SplatList& done_;
    std::optional<OpenReport> open_;
    std::optional<Pending> pending_;
    bool lost_ = false;
};

}  // namespace ferrule::grader
