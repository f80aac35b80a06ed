// SPDX-License-Identifier: Apache-2.0
// The function in front of each OpenCL entry point: calls the target, and feeds the call to sinks.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

#include "layer/interposition.hpp"
#include "layer/sink.hpp"

namespace dovetail::layer {

/// Returns the position of type `T` among `Ts`, or their number if it is not among them.
template <typename T, typename... Ts>
consteval std::size_t index_of() {
  std::size_t index = 0;
  static_cast<void>(((std::is_same_v<T, Ts> || (++index, false)) || ...));
  return index;
}

/// Returns the length of the event list among the arguments: OpenCL puts it before the list.
template <typename... Args>
std::uint64_t events_in(const std::tuple<Args&...>& arguments) {
  constexpr std::size_t list = index_of<const cl_event*, Args...>();
  if constexpr (list < sizeof...(Args)) {
    const cl_uint& length = std::get<list - 1>(arguments);
    return length;
  } else {
    return 0;
  }
}

/// Returns whether the caller asked for an event.
template <typename... Args>
bool asks_for_event(const std::tuple<Args&...>& arguments) {
  constexpr std::size_t event = index_of<cl_event*, Args...>();
  if constexpr (event < sizeof...(Args)) {
    return std::get<event>(arguments) != nullptr;
  } else {
    return false;
  }
}

/// Returns whether the result, or the status in a trailing `errcode_ret`, is an error.
template <typename Result, typename... Args>
bool has_failed(const Result& result, const std::tuple<Args&...>& arguments) {
  if constexpr (std::is_pointer_v<Result>) {
    using Last = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>;
    if constexpr (std::is_same_v<Last, cl_int*>) {
      const cl_int* status = std::get<sizeof...(Args) - 1>(arguments);
      if (status != nullptr && *status != CL_SUCCESS) return true;
    }
    return result == nullptr;
  } else {
    static_assert(std::is_same_v<Result, cl_int>);
    return result != CL_SUCCESS;
  }
}

/// `call` has the type of the dispatch table's `Member`, so that it can stand in its place. It
/// reads the clock twice, however many sinks there are.
template <EntryPoint Id, auto Member, typename Bytes, typename... Sinks>
struct Interposed;

template <EntryPoint Id, typename Result, typename... Args,
          Result (CL_API_CALL* cl_icd_dispatch::*Member)(Args...), typename Bytes,
          typename... Sinks>
struct Interposed<Id, Member, Bytes, Sinks...> {
  static Result CL_API_CALL call(Args... args) {
    using Clock = std::chrono::steady_clock;
    const auto function = target.load(std::memory_order_acquire)->*Member;
    const std::tuple<Args&...> arguments(args...);
    (Sinks::before(Id, arguments), ...);
    const auto finish = [&arguments, start = Clock::now()](auto failed) {
      const std::chrono::nanoseconds elapsed = Clock::now() - start;
      const bool error = failed();
      const Call call{.entry_point = Id,
                      .nanoseconds = static_cast<std::uint64_t>(elapsed.count()),
                      .bytes = error ? 0 : Bytes::in(arguments),
                      .wait_list_events = events_in(arguments),
                      .events = !error && asks_for_event(arguments) ? 1u : 0u,
                      .failed = error};
      (Sinks::after(call, arguments), ...);
    };
    if constexpr (std::is_void_v<Result>) {
      function(args...);
      finish([] { return false; });
    } else {
      const Result result = function(args...);
      finish([&] { return has_failed(result, arguments); });
      return result;
    }
  }
};

}  // namespace dovetail::layer
