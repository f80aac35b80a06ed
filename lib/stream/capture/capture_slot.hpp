// SPDX-License-Identifier: Apache-2.0
// The capture that a stream takes part in.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace dovetail::detail {

class CaptureSession;

/// Holds at most one capture. Thread-safe; it changes under the stream's `submit_mutex` only.
class CaptureSlot {
 public:
  bool is_capturing() const noexcept { return is_capturing_.load(std::memory_order_acquire); }

  std::shared_ptr<CaptureSession> current() const {
    if (!is_capturing()) return nullptr;
    const std::scoped_lock lock(mutex_);
    return session_;
  }

  /// Returns false if there is a capture already.
  bool begin(const std::shared_ptr<CaptureSession>& session) {
    const std::scoped_lock lock(mutex_);
    if (session_) return false;
    session_ = session;
    is_capturing_.store(true, std::memory_order_release);
    return true;
  }
  /// Returns the capture that has ended, which may go only without the locks.
  [[nodiscard]] std::shared_ptr<CaptureSession> end() noexcept {
    const std::scoped_lock lock(mutex_);
    is_capturing_.store(false, std::memory_order_release);
    return std::exchange(session_, nullptr);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<CaptureSession> session_;
  std::atomic<bool> is_capturing_{false};
};

}  // namespace dovetail::detail
