#include "lessons/workbench/watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

namespace ferrule::workbench {

Watch::Watch() : fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void Watch::follow(const fs::path& folder) {
    if (fd_.get() < 0 || folder == folder_) return;
    if (watched_ >= 0) ::inotify_rm_watch(fd_.get(), watched_);
    watched_ = ::inotify_add_watch(fd_.get(), folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
    folder_ = watched_ >= 0 ? folder : fs::path();
}

bool Watch::saved() {
    bool found = false;
    alignas(inotify_event) char buffer[16384];
    for (ssize_t n; fd_.get() >= 0 && (n = ::read(fd_.get(), buffer, sizeof buffer)) > 0;) {
        for (ssize_t at = 0; at < n;) {
            const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
            const fs::path name = event->len > 0 ? event->name : "";
            const std::string suffix = name.extension().string();
            if (event->wd == watched_ && !name.string().starts_with(".") &&
                (suffix == ".c" || suffix == ".h" || suffix == ".rs"))
                found = true;
            at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
        }
    }
    return found;
}

}  // namespace ferrule::workbench
