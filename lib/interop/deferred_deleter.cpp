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
    pending_.push_back(std::move(deleter));
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
      if (pending_.empty()) {
        changed_.wait(lock);
        continue;
      }
      std::vector<DeferredDeleter> done = take_done();
      if (done.empty()) {
        // OpenCL has no wait for one of several events, nor callbacks that failures reach on PoCL.
        changed_.wait_for(lock, pause);
        pause = std::min(2 * pause, longest);
        continue;
      }
      pause = shortest;
      lock.unlock();
      for (DeferredDeleter& deleter : done) finish(std::move(deleter));
      lock.lock();
    }
    is_running_ = false;
    changed_.notify_all();
  }

  std::vector<DeferredDeleter> take_done() {
    const auto first_done =
        std::stable_partition(pending_.begin(), pending_.end(), [](const DeferredDeleter& deleter) {
          return !std::ranges::all_of(deleter.markers, [](const auto& m) { return is_over(*m); });
        });
    std::vector<DeferredDeleter> done(std::make_move_iterator(first_done),
                                      std::make_move_iterator(pending_.end()));
    pending_.erase(first_done, pending_.end());
    return done;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<DeferredDeleter> pending_;
  bool is_running_ = false, is_stopping_ = false;
};

}  // namespace

bool is_over(const Marker& marker) noexcept {
  try {
    return marker.status() <= CL_COMPLETE;
  } catch (const std::exception&) {
    return true;  // an event that cannot be asked is not waited for
  }
}

void call_deleter(DLManagedTensor* managed) noexcept {
  if (managed->deleter != nullptr) managed->deleter(managed);
}

void defer(DeferredDeleter deleter) { Worker::instance().add(std::move(deleter)); }

}  // namespace dovetail::detail
