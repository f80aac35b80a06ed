// SPDX-License-Identifier: Apache-2.0
#include "dovetail/core/context.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/core/context_attachment.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/core/opencl_release.hpp"

namespace dovetail {

struct Context::State {
  Device device;
  cl_context context;

  // What belongs to the context without core knowing its type; see context_attachment.hpp.
  mutable std::mutex attachments_mutex;
  mutable std::unordered_map<std::type_index, std::shared_ptr<void>> attachments;

  State(Device device_in, cl_context context_in)
      : device(std::move(device_in)), context(context_in) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  /// The states that are alive, so that whoever adopts a context twice gets one set of attachments.
  struct Registry {
    using Key = std::pair<cl_context, cl_device_id>;
    std::mutex mutex;
    std::map<Key, std::weak_ptr<const State>> states;

    // With `mutex` held.
    std::shared_ptr<const State> find(const Key& key) const {
      const auto place = states.find(key);
      return place == states.end() ? nullptr : place->second.lock();
    }
    void add(const std::shared_ptr<const State>& state) {
      states[{state->context, state->device.get()}] = state;
    }
  };
  static Registry& registry() {
    static auto* const instance = new Registry;  // outlives contexts in static storage
    return *instance;
  }
};

Context::State::~State() {
  if (!detail::in_forked_child()) {  // where another thread may have held the lock for good
    Registry& all = registry();
    const std::scoped_lock lock(all.mutex);
    const auto place = all.states.find({context, device.get()});
    // Somebody may have adopted the context again since the last handle went.
    if (place != all.states.end() && place->second.expired()) all.states.erase(place);
  }
  attachments.clear();
  detail::release(context);
}

Context::Context(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Context::Context(const Device& device) {
  detail::begin_opencl("Context");
  detail::check_not_moved_from("Context", "device", device);
  cl_int status = CL_SUCCESS;
  const cl_device_id id = device.get();
  const cl_context_properties properties[] = {
      CL_CONTEXT_PLATFORM, reinterpret_cast<cl_context_properties>(device.platform()), 0};
  cl_context context = clCreateContext(properties, 1, &id, nullptr, nullptr, &status);
  detail::check(status, "clCreateContext");
  state_ = std::make_shared<const State>(device, context);
  State::Registry& all = State::registry();
  const std::scoped_lock lock(all.mutex);
  all.add(state_);
}

Context Context::retain(cl_context context, const Device& device) {
  detail::begin_opencl("Context::retain");
  if (context == nullptr) {
    throw InvalidArgument("[Context::retain] the context is null; give a live cl_context.");
  }
  detail::check_not_moved_from("Context::retain", "device", device);
  std::size_t size = 0;
  detail::check(clGetContextInfo(context, CL_CONTEXT_DEVICES, 0, nullptr, &size),
                "clGetContextInfo");
  std::vector<cl_device_id> devices(size / sizeof(cl_device_id));
  detail::check(clGetContextInfo(context, CL_CONTEXT_DEVICES, size, devices.data(), nullptr),
                "clGetContextInfo");
  if (std::ranges::find(devices, device.get()) == devices.end()) {
    throw InvalidArgument(fmt::format(
        "[Context::retain] the context, of {} device(s), does not hold the device '{}'; "
        "give a device that the context was made with.",
        devices.size(), device.name()));
  }
  State::Registry& all = State::registry();
  std::shared_ptr<const State> state;  // before the lock, which its destructor takes
  const std::scoped_lock lock(all.mutex);
  state = all.find({context, device.get()});
  if (!state) {
    detail::check(clRetainContext(context), "clRetainContext");
    state = std::make_shared<const State>(device, context);
    all.add(state);
  }
  return Context(state);
}

const Context& Context::default_context() {
  detail::check_not_forked("Context::default_context");
  // Never destroyed: drivers may already be gone when static destructors run.
  static const Context* const context = new Context(Device::default_device());
  return *context;
}

namespace detail {

void* ContextAttachments::get(const Context& context, std::type_index type,
                              const std::function<std::shared_ptr<void>()>& make) {
  const Context::State& state = *context.state_;
  const std::scoped_lock lock(state.attachments_mutex);
  std::shared_ptr<void>& place = state.attachments[type];
  if (!place) place = make();
  return place.get();
}

}  // namespace detail

cl_context Context::get() const noexcept { return state_ ? state_->context : nullptr; }
const Device& Context::device() const {
  detail::check_not_moved_from("Context::device", "context", state_);
  return state_->device;
}

}  // namespace dovetail
