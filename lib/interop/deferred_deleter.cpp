// SPDX-License-Identifier: Apache-2.0
#include "lib/interop/deferred_deleter.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

namespace dovetail::detail {
namespace {

using namespace std::chrono_literals;

/// Whether nothing uses the memory any more. What the driver does not answer is asked again.
bool is_free(DeferredDeleter& deleter) noexcept {
  try {
    if (!deleter.markers) deleter.markers = deleter.find_markers();
    if (!deleter.markers) return false;
    return std::ranges::all_of(*deleter.markers,
                               [](const auto& m) { return is_over(m->status_if_known()); });
  } catch (...) {  // a peer may throw anything
    return false;
  }
}

void finish(DeferredDeleter deleter) noexcept {
  { const MemoryBlock released = std::move(deleter.block); }
  call_deleter(deleter.managed);
}

/// One for the process, never destroyed. Its thread begins with the first tensor that has to wait.
class Worker {
 public:
  static Worker& instance() {
    static Worker* const worker = new Worker;
    return *worker;
  }

  void add(DeferredDeleter deleter) {
    const std::scoped_lock lock(mutex_);
    if (!is_running_ && !is_stopping_) {
      std::thread([this] { run(); }).detach();
      is_running_ = true;
      static const int registered = std::atexit([] { instance().stop(); });
      static_cast<void>(registered);
    }
    added_.push_back(std::move(deleter));
    changed_.notify_all();
  }

 private:
  /// Waits for a deleter that is under way, but not for ever: it may want a lock of the thread that
  /// ends the process.
  void stop() {
    std::unique_lock lock(mutex_);
    is_stopping_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, 2s, [&] { return !is_running_; });
  }

  void run() {
    constexpr std::chrono::nanoseconds shortest = 10us, longest = 1ms;
    auto pause = shortest;
    std::unique_lock lock(mutex_);
    while (!is_stopping_) {
      std::ranges::move(added_, std::back_inserter(waiting_));
      added_.clear();
      if (waiting_.empty()) {
        changed_.wait(lock);
        continue;
      }
      lock.unlock();  // what is called may add more
      const bool has_finished = finish_what_is_free();
      lock.lock();
      pause = has_finished ? shortest : std::min(2 * pause, longest);
      // OpenCL has no wait for one of several events, nor callbacks that failures reach on PoCL.
      if (!has_finished && added_.empty()) changed_.wait_for(lock, pause);
    }
    is_running_ = false;
    changed_.notify_all();
  }

  bool finish_what_is_free() {
    const auto first_free =
        std::stable_partition(waiting_.begin(), waiting_.end(),
                              [](DeferredDeleter& deleter) { return !is_free(deleter); });
    std::vector<DeferredDeleter> free(std::make_move_iterator(first_free),
                                      std::make_move_iterator(waiting_.end()));
    waiting_.erase(first_free, waiting_.end());
    for (DeferredDeleter& deleter : free) finish(std::move(deleter));
    return !free.empty();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DeferredDeleter> added_;
  std::vector<DeferredDeleter> waiting_;  // the thread's own
  bool is_running_ = false, is_stopping_ = false;
};

}  // namespace

void call_deleter(DLManagedTensor* managed) noexcept {
  if (managed->deleter != nullptr) managed->deleter(managed);
}

void defer(DeferredDeleter deleter) { Worker::instance().add(std::move(deleter)); }

}  // namespace dovetail::detail
