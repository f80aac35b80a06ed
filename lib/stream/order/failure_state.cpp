// SPDX-License-Identifier: Apache-2.0
#include "lib/stream/order/failure_state.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"

namespace dovetail::detail {
namespace {

std::atomic<int> troubled_streams{0};

}  // namespace

bool any_stream_is_in_trouble() noexcept {
  return troubled_streams.load(std::memory_order_relaxed) != 0;
}

void count_trouble(int change) noexcept {
  troubled_streams.fetch_add(change, std::memory_order_relaxed);
}

void throw_command_error(const Failure& why, std::string_view function) {
  throw CommandError(why.code, why.call, why.where, fmt::format("[{}] {}", function, why.what));
}

std::shared_ptr<const Failure> FailureState::current() const {
  const std::scoped_lock lock(mutex_);
  return failure_;
}

void FailureState::throw_current(std::string_view function) const {
  if (const auto why = current()) throw_command_error(*why, function);
}

void FailureState::set(Failure why) {
  const std::scoped_lock lock(mutex_);
  if (failure_) return;
  failure_ = std::make_shared<const Failure>(std::move(why));
  is_set_.store(true, std::memory_order_release);
  count_trouble(1);
}

}  // namespace dovetail::detail
