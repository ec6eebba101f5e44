// Long work says where it is. A Progress is told facts; how they look is the sink's affair
// (cli/progress_view.cpp: a line that redraws on a terminal, plain lines elsewhere).
#pragma once

#include <string>
#include <string_view>

namespace ferrule {

class Progress {
public:
    virtual ~Progress() = default;
    // A named step begins ("kernel mem"), with how long it took when it was last measured (seconds, 0: unknown).
    virtual void begin(std::string_view step, double expected_seconds) = 0;
    // How far the step is, 0..1, and what it does right now ("CC mm/slub.o").
    virtual void update(double fraction, std::string_view detail) = 0;
    virtual void end(bool ok) = 0;
};

class NoProgress final : public Progress {
public:
    void begin(std::string_view, double) override {}
    void update(double, std::string_view) override {}
    void end(bool) override {}
};

}  // namespace ferrule
