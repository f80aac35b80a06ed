// SPDX-License-Identifier: Apache-2.0
// A kernel-language runtime: a context, a stream, a program cache.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/runtime/program_cache.hpp"
#include "dovetail/stream/peer.hpp"
#include "dovetail/stream/stream.hpp"

namespace dovetail {

/// The device and the queue of a runtime.
struct RuntimeOptions {
  /// The device. Default: the external queue's device, else `Device::default_device()`.
  std::optional<Device> device = std::nullopt;
  /// A live, in-order cl_command_queue as an integer, such as `interop::queue_handle()` returns.
  /// With 0 the runtime makes its own queue.
  std::uintptr_t external_queue = 0;
  /// `retained` to keep the external queue alive, or `borrowed` if its owner does for as long as
  /// the runtime and its fields exist: see Stream::borrow.
  StreamOrigin external_origin = StreamOrigin::retained;
  /// Promises that only Dovetail enqueues on the external queue: see AdoptionOptions.
  bool exclusive = false;
  /// A framework that shares the external queue and may batch lazily. The stream keeps it attached
  /// until the last handle to the runtime goes, so the peer must not hold one.
  std::shared_ptr<Peer> peer = nullptr;
};

class Runtime;
namespace detail {
/// Returns the runtime's stream.
/// @throws InvalidArgument  `function` was given a runtime that was moved from.
DOVETAIL_EXPORT const Stream& stream_of(const Runtime& runtime, std::string_view function);
}  // namespace detail

/// A kernel runtime: a copyable handle to a stream, its context and the context's program cache.
///
/// The stream's queue is the runtime's own or an external one. On the queue of the tensor side, or
/// of another framework, kernels run in order with its work and nothing stands between. On its own
/// queue, Dovetail inserts the device-side waits that memory requires. The library compares queues
/// to find out whether one is shared, and uses no flag.
///
/// After a move, the runtime has no queue of its own and shares none; every other use of the handle
/// throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Runtime {
 public:
  /// Makes a runtime. Its own queue is on `Context::default_context()` if that has the wanted
  /// device, else on a new context. The context of an external queue is retained.
  /// @throws InvalidArgument  the external queue is not on `options.device`, is out-of-order or a
  ///                          device-side queue; `external_origin` is `owned`; the peer has no
  ///                          external queue, contradicts `exclusive`, or is attached already.
  /// @throws NoDevice         there is no OpenCL device.
  explicit Runtime(const RuntimeOptions& options = {});

  /// Makes a runtime on an existing stream and keeps that as any handle does.
  /// @throws InvalidArgument  `stream` was moved from.
  explicit Runtime(const Stream& stream);

  /// Returns the runtime's stream.
  const Stream& stream() const { return detail::stream_of(*this, "Runtime::stream"); }
  /// Returns the stream's context.
  const Context& context() const { return detail::stream_of(*this, "Runtime::context").context(); }
  /// Returns the stream's device.
  const Device& device() const { return detail::stream_of(*this, "Runtime::device").device(); }
  /// Returns the context's own cache, `ProgramCache::of(context())`.
  ProgramCache& programs() const {
    return ProgramCache::of(detail::stream_of(*this, "Runtime::programs").context());
  }

  bool has_own_queue() const noexcept;  ///< Returns whether the runtime made its queue.
  /// Returns whether one queue orders the runtime's work and that of `other`.
  bool shares_queue_with(const Stream& other) const noexcept;
  /// Returns whether the runtime shares its queue with the calling thread's current stream, the
  /// default of tensor operations.
  bool shares_queue_with_tensors() const;

  /// Returns a sentence for people: the device, the queue's owner and who shares it.
  std::string str() const;

  /// Returns a kernel of a program from `programs()`, which builds it once.
  /// @throws BuildError       the source does not build.
  /// @throws InvalidArgument  it has no kernel `name`.
  Kernel kernel(const ProgramSource& source, std::string_view name,
                const BuildOptions& options = {}) const;

  /// Launches `kernel` on the runtime's stream, and returns before it runs.
  template <typename... Args>
  void launch(const Kernel& kernel, const NDRange& range, const Args&... args) const {
    kernel.launch(detail::stream_of(*this, "Runtime::launch"), range, args...);
  }

  /// Blocks until all work so far on the queue, from any party, is done.
  /// @throws CommandError  a command failed; see Stream::synchronize.
  void synchronize() const { detail::stream_of(*this, "Runtime::synchronize").synchronize(); }

 private:
  friend const Stream& detail::stream_of(const Runtime&, std::string_view);
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace dovetail
