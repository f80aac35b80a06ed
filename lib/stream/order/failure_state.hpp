// SPDX-License-Identifier: Apache-2.0
// Why a stream takes no more work.
#pragma once

#include <CL/cl.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "dovetail/core/source_location.hpp"
#include "lib/core/fork_guard.hpp"

namespace dovetail::detail {

struct Failure {
  cl_int code;
  std::string call;
  std::string what;
  std::uint64_t after;  ///< Work up to this ticket is not concerned.
  SourceLocation where;
};

[[noreturn]] void throw_command_error(const Failure& why, std::string_view function);

/// Returns whether any stream has failed and not been reset, or is gone and cannot be waited for.
/// While none is, which is nearly always, new work need not look at each stream that it depends on.
bool any_stream_is_in_trouble() noexcept;
/// Counts such streams.
void count_trouble(int change) noexcept;

/// The first failure of a stream, until it is cleared. Thread-safe.
class FailureState {
 public:
  /// @param inherited  Counted as trouble by whoever enters the stream in the registry.
  explicit FailureState(std::shared_ptr<const Failure> inherited)
      : failure_(std::move(inherited)), is_set_(failure_ != nullptr) {}

  bool is_set() const noexcept { return is_set_.load(std::memory_order_acquire); }
  std::shared_ptr<const Failure> current() const;
  /// @throws CommandError, ForkedProcess  the stream has failed; or the process was forked.
  void check(std::string_view function) const {
    check_not_forked(function);
    if (is_set()) [[unlikely]]
      throw_current(function);
  }

  /// Keeps `why` unless there is a failure already.
  void set(Failure why);
  /// Forgets the failure, if there is one, after `clean()`: no work is taken before both are done.
  template <typename Clean>
  void clear(const Clean& clean) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) return;
    clean();
    failure_.reset();
    is_set_.store(false, std::memory_order_release);
    count_trouble(-1);
  }

 private:
  void throw_current(std::string_view function) const;

  mutable std::mutex mutex_;
  std::shared_ptr<const Failure> failure_;
  std::atomic<bool> is_set_;
};

}  // namespace dovetail::detail
