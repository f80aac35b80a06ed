// SPDX-License-Identifier: Apache-2.0
// An OpenCL layer that makes chosen calls fail as a driver might: without doing anything. It also
// refuses queues whose last reference was given back, which some drivers keep for their events.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>

#include "layer/interposition.hpp"
#include "tests/support/failing_layer/faults.h"

namespace dovetail::layer {
namespace {

/// What is to fail at one entry point.
struct Armed {
  std::atomic<bool> is_armed{false};
  std::atomic<std::int32_t> kind{0}, status{0};
  std::atomic<std::int64_t> to_skip{0}, to_fail{0};
  std::atomic<std::uint64_t> fired{0};
};
constinit std::array<Armed, entry_point_count> faults{};

/// Whether this call is one of those that the armed fault is for.
bool is_to_fail(Armed& fault, std::int32_t kind) {
  if (!fault.is_armed.load(std::memory_order_acquire) || fault.kind != kind) return false;
  if (fault.to_skip.fetch_sub(1) > 0) return false;
  if (fault.to_fail.fetch_sub(1) <= 0) return false;
  fault.fired.fetch_add(1);
  return true;
}

/// The value of a call that failed: a status, or null and a trailing `errcode_ret`.
template <typename Result, typename... Args>
Result failed(cl_int code, const std::tuple<Args&...>& arguments) {
  if constexpr (std::is_same_v<Result, cl_int>) {
    return code;
  } else {
    using Last = std::tuple_element_t<sizeof...(Args) - 1, std::tuple<Args...>>;
    if constexpr (std::is_same_v<Last, cl_int*>) {
      cl_int* const place = std::get<sizeof...(Args) - 1>(arguments);
      if (place != nullptr) *place = code;
    }
    if constexpr (!std::is_void_v<Result>) return nullptr;
  }
}

/// The references to queues that the program holds.
class Queues {
 public:
  void add(cl_command_queue queue) {
    const std::scoped_lock lock(mutex_);
    ++references_[queue];
  }
  void remove(cl_command_queue queue) {
    const std::scoped_lock lock(mutex_);
    --references_[queue];
  }
  void make(cl_command_queue queue) {
    const std::scoped_lock lock(mutex_);
    references_[queue] = 1;
  }
  bool is_gone(cl_command_queue queue) {
    const std::scoped_lock lock(mutex_);
    const auto place = references_.find(queue);
    return place != references_.end() && place->second <= 0;
  }

 private:
  std::mutex mutex_;
  std::unordered_map<cl_command_queue, int> references_;
};

Queues& queues() {
  static Queues* const instance = new Queues;  // programs call OpenCL until the end
  return *instance;
}

/// Whether a call uses a queue that is gone. The queue is the first argument, where there is one.
bool uses_queue_that_is_gone(const auto& /*arguments*/) { return false; }
template <typename... Args>
bool uses_queue_that_is_gone(const std::tuple<cl_command_queue&, Args&...>& arguments) {
  return queues().is_gone(std::get<0>(arguments));
}

/// Notes what a successful call does to references.
template <EntryPoint Id, typename Result, typename... Args>
void note(const Result& result, const std::tuple<Args&...>& arguments) {
  if constexpr (std::is_same_v<Result, cl_command_queue>) {
    if (result != nullptr) queues().make(result);
  } else if constexpr (Id == EntryPoint::clRetainCommandQueue) {
    if (result == CL_SUCCESS) queues().add(std::get<0>(arguments));
  } else if constexpr (Id == EntryPoint::clReleaseCommandQueue) {
    if (result == CL_SUCCESS) queues().remove(std::get<0>(arguments));
  }
}

template <EntryPoint Id, auto Member, typename Bytes>
struct Failing;

template <EntryPoint Id, typename Result, typename... Args,
          Result (CL_API_CALL* cl_icd_dispatch::*Member)(Args...), typename Bytes>
struct Failing<Id, Member, Bytes> {
  static Result CL_API_CALL call(Args... args) {
    const auto function = target.load(std::memory_order_acquire)->*Member;
    const std::tuple<Args&...> arguments(args...);
    Armed& fault = faults[static_cast<std::size_t>(Id)];
    if constexpr (Id == EntryPoint::clGetEventInfo) {
      if (std::get<1>(arguments) == CL_EVENT_COMMAND_EXECUTION_STATUS &&
          is_to_fail(fault, dovetail_fault_of_command)) {
        *static_cast<cl_int*>(std::get<3>(arguments)) = fault.status;
        return CL_SUCCESS;
      }
    }
    if (is_to_fail(fault, dovetail_fault_of_call)) return failed<Result>(fault.status, arguments);
    if (uses_queue_that_is_gone(arguments)) {
      return failed<Result>(CL_INVALID_COMMAND_QUEUE, arguments);
    }
    if constexpr (std::is_void_v<Result>) {
      function(args...);
    } else {
      const Result result = function(args...);
      note<Id>(result, arguments);
      return result;
    }
  }
};

Armed* find(std::string_view name) {
  const auto place = std::ranges::find(entry_point_names, name);
  return place == entry_point_names.end() ? nullptr : &faults[place - entry_point_names.begin()];
}

int arm(const char* entry_point, const dovetail_fault* wanted) {
  Armed* const fault = find(entry_point);
  if (fault == nullptr) return 0;
  fault->is_armed = false;
  if (wanted == nullptr) return 1;
  fault->kind = wanted->kind;
  fault->status = wanted->status;
  fault->to_skip = static_cast<std::int64_t>(wanted->skip);
  fault->to_fail = static_cast<std::int64_t>(wanted->count);
  fault->fired = 0;
  fault->is_armed.store(true, std::memory_order_release);
  return 1;
}

std::uint64_t fired(const char* entry_point) {
  const Armed* const fault = find(entry_point);
  return fault == nullptr ? 0 : fault->fired.load();
}

}  // namespace
}  // namespace dovetail::layer

extern "C" {

__attribute__((
    visibility("default"))) extern const dovetail_failing_layer_api dovetail_failing_layer{
    .arm = dovetail::layer::arm, .fired = dovetail::layer::fired};

__attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clGetLayerInfo(cl_layer_info param_name, std::size_t param_value_size, void* param_value,
               std::size_t* param_value_size_ret) {
  return dovetail::layer::layer_info("Dovetail faults", param_name, param_value_size, param_value,
                                     param_value_size_ret);
}

__attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clInitLayer(cl_uint num_entries, const cl_icd_dispatch* target_dispatch, cl_uint* num_entries_ret,
            const cl_icd_dispatch** layer_dispatch_ret) try {
  return dovetail::layer::init_layer<dovetail::layer::Failing>(num_entries, target_dispatch,
                                                               num_entries_ret, layer_dispatch_ret);
} catch (const std::exception&) {
  return CL_OUT_OF_HOST_MEMORY;
}

}  // extern "C"
