// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/runtime.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstdio>
#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/core/queue_info.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail {

struct Runtime::State {
  Stream stream;
  bool has_own_queue;
  std::shared_ptr<Peer> peer;

  State(Stream stream_in, bool has_own_queue_in)
      : stream(std::move(stream_in)), has_own_queue(has_own_queue_in) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (!peer || detail::in_forked_child()) return;
    try {
      // Whoever wants to hear what the peer's last submit() throws detaches it before.
      if (detail::is_attached(stream, *peer)) stream.detach(*peer);
    } catch (...) {
      report(detail::thrown_text().c_str());
    }
  }

  void attach(std::shared_ptr<Peer> wanted) {
    stream.attach(wanted);
    peer = std::move(wanted);
  }

 private:
  void report(const char* what) const noexcept {
    const std::string_view name = peer->name();
    std::fprintf(stderr, "dovetail: the runtime's peer '%.*s' is detached from stream #%llu: %s\n",
                 static_cast<int>(name.size()), name.data(),
                 static_cast<unsigned long long>(stream.id()), what);
  }
};

namespace {

void check_options(const RuntimeOptions& options) {
  if (options.external_origin == StreamOrigin::owned) {
    throw InvalidArgument(
        "[Runtime] external_origin is 'owned', but an external queue is borrowed or retained; "
        "leave external_queue 0 for a queue of the runtime's own.");
  }
  if (options.device) detail::check_not_moved_from("Runtime", "device", *options.device);
  if (!options.peer) return;
  if (options.external_queue == 0) {
    throw InvalidArgument(
        fmt::format("[Runtime] the peer '{}' was given without external_queue, so that it has no "
                    "queue to share; give the queue that it enqueues on.",
                    options.peer->name()));
  }
  if (options.exclusive) {
    throw InvalidArgument(fmt::format(
        "[Runtime] exclusive promises that nobody else enqueues on the external queue, but the "
        "peer '{}' does; leave one of the two away.",
        options.peer->name()));
  }
}

Stream own_stream(const RuntimeOptions& options) {
  const Context& usual = Context::default_context();
  if (!options.device || *options.device == usual.device()) return Stream(usual);
  return Stream(Context(*options.device));
}

Stream external_stream(const RuntimeOptions& options) {
  detail::begin_opencl("Runtime");
  const auto queue = std::bit_cast<cl_command_queue>(options.external_queue);
  const Device device(detail::queue_info<cl_device_id>(queue, CL_QUEUE_DEVICE));
  if (options.device && !(*options.device == device)) {
    throw InvalidArgument(fmt::format(
        "[Runtime] the external queue is on device '{}' (platform '{}'), but device '{}' (platform "
        "'{}') was asked for; leave the device away, or give a queue of that device.",
        device.name(), device.platform_name(), options.device->name(),
        options.device->platform_name()));
  }
  const auto context =
      Context::retain(detail::queue_info<cl_context>(queue, CL_QUEUE_CONTEXT), device);
  const AdoptionOptions adoption{.exclusive = options.exclusive};
  return options.external_origin == StreamOrigin::retained
             ? Stream::retain(context, queue, adoption)
             : Stream::borrow(context, queue, adoption);
}

}  // namespace

Runtime::Runtime(const RuntimeOptions& options) {
  check_options(options);
  const bool is_own = options.external_queue == 0;
  const auto state =
      std::make_shared<State>(is_own ? own_stream(options) : external_stream(options), is_own);
  if (options.peer) state->attach(options.peer);
  state_ = state;
}

Runtime::Runtime(const Stream& stream) {
  detail::check_not_moved_from("Runtime", "stream", stream);
  state_ = std::make_shared<const State>(stream, false);
}

const Stream& detail::stream_of(const Runtime& runtime, std::string_view function) {
  check_not_moved_from(function, "runtime", runtime.state_);
  return runtime.state_->stream;
}

bool Runtime::has_own_queue() const noexcept { return state_ && state_->has_own_queue; }

bool Runtime::shares_queue_with(const Stream& other) const noexcept {
  return state_ && state_->stream == other;
}

bool Runtime::shares_queue_with_tensors() const { return shares_queue_with(current_stream()); }

std::string Runtime::str() const {
  const Stream& own = detail::stream_of(*this, "Runtime::str");
  const std::string queue = has_own_queue()
                                ? "a queue of its own"
                                : fmt::format("an external queue, {}", to_string(own.origin()));
  return fmt::format("runtime on '{}' with {} (stream #{}), {}shared with this thread's tensors{}",
                     own.device().name(), queue, own.id(),
                     shares_queue_with_tensors() ? "" : "not ",
                     state_->peer ? fmt::format(", peer '{}'", state_->peer->name()) : "");
}

Kernel Runtime::kernel(const ProgramSource& source, std::string_view name,
                       const BuildOptions& options) const {
  const Context& context = detail::stream_of(*this, "Runtime::kernel").context();
  return {ProgramCache::of(context).get(source, options), name};
}

}  // namespace dovetail
