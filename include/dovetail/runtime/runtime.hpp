// SPDX-License-Identifier: Apache-2.0
// What a kernel-language runtime needs: a context, a stream, a program cache.
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

struct RuntimeOptions {
  /// Where to run. Not given: the external queue's device, else `Device::default_device()`.
  std::optional<Device> device = std::nullopt;
  /// A live, in-order cl_command_queue as an integer, such as `interop::queue_handle()` gives; with
  /// 0 the runtime makes a queue of its own.
  std::uintptr_t external_queue = 0;
  /// Whether the external queue is kept alive (`retained`) or its owner sees to that (`borrowed`),
  /// for as long as the runtime and its fields exist: see Stream::borrow.
  StreamOrigin external_origin = StreamOrigin::retained;
  /// A promise for the external queue: see AdoptionOptions.
  bool exclusive = false;
  /// A framework that shares the external queue and may batch lazily. It is attached to the stream
  /// until the last handle to the runtime goes, and so must not hold one itself.
  std::shared_ptr<Peer> peer = nullptr;
};

class Runtime;
namespace detail {
/// The runtime's stream.
/// @throws InvalidArgument  `function` was given a runtime that was moved from.
DOVETAIL_EXPORT const Stream& stream_of(const Runtime& runtime, std::string_view function);
}  // namespace detail

/// A kernel runtime: a copyable handle to a stream, its context and the context's program cache.
///
/// The stream's queue is the runtime's own, or an external one. On the queue of the tensor side, or
/// of another framework, kernels run in order with its work and nothing stands between; on a queue
/// of its own, Dovetail inserts the device-side waits that the memory asks for. Whether a queue is
/// shared is told by comparing queues, and by nothing else.
///
/// A handle that was moved from has no queue of its own and shares none; whatever else it is asked
/// for, or given to, throws InvalidArgument. Thread-safe.
class DOVETAIL_EXPORT Runtime {
 public:
  /// An own queue is on `Context::default_context()` where `options.device` is that context's or is
  /// not given, else on a new context. An external queue's context is retained.
  /// @throws InvalidArgument  the external queue is not on `options.device`, is out-of-order or a
  ///                          device-side queue; `external_origin` is `owned`; a peer without an
  ///                          external queue, beside a promise that nobody else enqueues, or that
  ///                          is attached to the stream already.
  /// @throws NoDevice         there is no OpenCL device.
  explicit Runtime(const RuntimeOptions& options = {});

  /// On a stream that exists, which is kept as by any handle to it.
  /// @throws InvalidArgument  `stream` was moved from.
  explicit Runtime(const Stream& stream);

  const Stream& stream() const { return detail::stream_of(*this, "Runtime::stream"); }
  const Context& context() const { return detail::stream_of(*this, "Runtime::context").context(); }
  const Device& device() const { return detail::stream_of(*this, "Runtime::device").device(); }
  /// The context's own cache: `ProgramCache::of(context())`.
  ProgramCache& programs() const {
    return ProgramCache::of(detail::stream_of(*this, "Runtime::programs").context());
  }

  /// Whether the runtime made its queue; false for every queue that it was given.
  bool has_own_queue() const noexcept;
  /// Whether the runtime's work and that of `stream` are ordered by one queue.
  bool shares_queue_with(const Stream& other) const noexcept;
  /// The same with the calling thread's current stream, which tensor operations use unless they are
  /// given another.
  bool shares_queue_with_tensors() const;

  /// A sentence for people: the device, whose queue it is and who shares it.
  std::string str() const;

  /// A kernel of a program from `programs()`, which builds it once.
  /// @throws BuildError       the source does not build.
  /// @throws InvalidArgument  it has no kernel `name`.
  Kernel kernel(const ProgramSource& source, std::string_view name,
                const BuildOptions& options = {}) const;

  /// `kernel.launch` on the runtime's stream: returns before it runs.
  template <typename... Args>
  void launch(const Kernel& kernel, const NDRange& range, const Args&... args) const {
    kernel.launch(detail::stream_of(*this, "Runtime::launch"), range, args...);
  }

  /// Blocks until everything given to the queue so far, by any party, is done.
  /// @throws CommandError  a command failed; see Stream::synchronize.
  void synchronize() const { detail::stream_of(*this, "Runtime::synchronize").synchronize(); }

 private:
  friend const Stream& detail::stream_of(const Runtime&, std::string_view);
  struct State;
  std::shared_ptr<const State> state_;
};

}  // namespace dovetail
