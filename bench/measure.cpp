#include "bench/measure.hpp"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace ferrule::bench {

namespace {

namespace fs = std::filesystem;

struct Process {
    int parent = 0;
    std::string name;
};

// "PID (name) state parent …"; the name may hold anything but a newline.
bool read_process(const fs::path& folder, Process& process) {
    std::ifstream file(folder / "stat");
    std::string line;
    if (!std::getline(file, line)) return false;
    const size_t open = line.find('('), close = line.rfind(')');
    if (open == std::string::npos || close == std::string::npos || close + 4 > line.size()) return false;
    process.name = line.substr(open + 1, close - open - 1);
    const char* at = line.c_str() + close + 4;
    return std::from_chars(at, line.c_str() + line.size(), process.parent).ec == std::errc();
}

uint64_t private_bytes(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
    std::string key, rest;
    uint64_t total = 0, kib = 0;
    std::getline(file, rest);  // the address range
    while (file >> key >> kib && std::getline(file, rest))
        if (key.rfind("Private_", 0) == 0) total += kib * 1024;
    return total;
}

std::vector<int> guests() {
    std::map<int, Process> all;
    std::error_code code;
    for (fs::directory_iterator it("/proc", code), end; !code && it != end; it.increment(code)) {
        const std::string name = it->path().filename().string();
        int pid = 0;
        Process process;
        if (std::from_chars(name.data(), name.data() + name.size(), pid).ec == std::errc() &&
            read_process(it->path(), process))
            all[pid] = process;
    }
    std::vector<int> ours;
    for (const auto& [pid, process] : all) {
        if (process.name.rfind("qemu", 0) != 0) continue;
        int at = pid;
        for (int depth = 0; depth < 16 && at > 1 && at != ::getpid(); ++depth) at = all.count(at) ? all[at].parent : 0;
        if (at == ::getpid()) ours.push_back(pid);
    }
    return ours;
}

}  // namespace

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    const size_t middle = values.size() / 2;
    return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

MemoryWatch::MemoryWatch() : thread_([this] { watch(); }) {}

MemoryWatch::~MemoryWatch() {
    stop_ = true;
    thread_.join();
}

void MemoryWatch::watch() {
    while (!stop_) {
        for (const int pid : guests()) most_ = std::max<uint64_t>(most_, private_bytes(pid));
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

}  // namespace ferrule::bench
