// Which of the learner's files were saved. An editor may write in place, or write another file and rename it: both count,
// and its swap files and backups do not.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sandbox/base/files.hpp"
#include "sandbox/base/unique_fd.hpp"

namespace ferrule::workbench {

class Watch {
public:
    Watch();
    int fd() const { return fd_.get(); }  // inotify; readable when something happened; -1: this host has none
    // The folder, and no other any more.
    void follow(const fs::path& folder);
    // Was a .c, .h or .rs file saved since the last call?
    bool saved();

private:
    UniqueFd fd_;
    int watched_ = -1;
    fs::path folder_;
};

}  // namespace ferrule::workbench
