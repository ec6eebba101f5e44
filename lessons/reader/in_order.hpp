// Many pieces of work, several at a time, results in the order in which the pieces were given.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "sandbox/base/result.hpp"

namespace ferrule::reader {

// Calls work(0) … work(count - 1) from `workers` threads, each as soon as one is free, and done(i, result) for one
// after the other, in order, as soon as all before it are there. After the first error nothing new is begun; what was
// begun is waited for, and the error of the earliest piece is returned. `done` is never called by two threads at once.
template <class T>
Result<void> in_order(size_t count, unsigned workers, const std::function<Result<T>(size_t)>& work,
                      const std::function<void(size_t, T)>& done) {
    std::mutex mutex;
    size_t next = 0, delivered = 0;
    std::map<size_t, T> waiting;
    std::optional<std::pair<size_t, Error>> error;
    const auto worker = [&] {
        std::unique_lock lock(mutex);
        while (next < count && !error) {
            const size_t index = next++;
            lock.unlock();
            Result<T> result = work(index);
            lock.lock();
            if (!result) {
                if (!error || index < error->first) error.emplace(index, std::move(result.error()));
                continue;
            }
            waiting.emplace(index, std::move(*result));
            for (auto first = waiting.begin(); first != waiting.end() && first->first == delivered;
                 first = waiting.erase(first))
                done(delivered++, std::move(first->second));
        }
    };
    std::vector<std::thread> threads;
    for (size_t i = 1; i < std::min<size_t>(std::max(1u, workers), count); ++i) threads.emplace_back(worker);
    worker();
    for (std::thread& thread : threads) thread.join();
    if (error) return tl::unexpected(std::move(error->second));
    return {};
}

}  // namespace ferrule::reader
