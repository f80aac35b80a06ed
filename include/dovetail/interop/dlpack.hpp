// SPDX-License-Identifier: Apache-2.0
// Tensors exchanged with other frameworks through DLPack, without a copy.
#pragma once

#include <CL/cl.h>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

struct DLManagedTensor;  // of dlpack/dlpack.h, which only a look inside needs

namespace dovetail::interop {

/// Exports the tensor as OpenCL memory (kDLOpenCL): `data` is the cl_mem, `byte_offset` the
/// storage's offset, and strides are row-major. The memory stays until the deleter is called.
///
/// Work that the consumer enqueues on `consumer` after this call runs after everything that has
/// used the tensor. The device waits, and the host does not; on one shared queue nothing is done.
/// The way back needs no call: Dovetail's later work with this memory, on any stream, runs after
/// everything on the consumer's queue by then. This holds after the deleter too, and makes
/// `consumer` a queue that others enqueue on, even if an owned stream has it.
///
/// @param consumer  An in-order queue of the tensor's context, retained until the deleter returns.
///                  Null: blocks until everything that has used the tensor is done. Dovetail then
///                  does not see the consumer's work; the consumer ends it by clFinish, or passes
///                  the memory to `from_dlpack` with its queue, before Dovetail's next work.
/// @return          For one consumer, which calls its deleter once, on any thread but not from a
///                  function that enqueues for with_queue.
/// @throws InvalidArgument  `consumer` belongs to another context or is not in-order.
/// @throws CommandError     work on the tensor has failed.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT DLManagedTensor* to_dlpack(cl_command_queue consumer,
                                                         const Tensor& tensor);
/// Exports the tensor once everything that has used it is done, for which the host waits.
[[nodiscard]] inline DLManagedTensor* to_dlpack(const Tensor& tensor) {
  return to_dlpack(nullptr, tensor);
}

/// Exports the tensor as host memory (kDLCPU) on CPU devices. Maps the buffer on `stream`, and
/// blocks until everything that has used the tensor is done.
///
/// The memory is the consumer's until it calls the deleter: enqueue no work with it before. The
/// deleter unmaps it on `stream`, or on a stream of its own if that is capturing or has failed;
/// Dovetail's later work, on any stream, sees what the consumer wrote.
/// @throws InvalidArgument  the device is no CPU, or the stream belongs to another context.
/// @throws CommandError     work on the tensor has failed.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT DLManagedTensor* to_dlpack_host(const Stream& stream,
                                                              const Tensor& tensor);

/// How to import memory.
struct DlpackImportOptions {
  /// For OpenCL memory: the queue on which the data become ready, the producer's own or the one it
  /// was asked to use. Dovetail's work with the memory, on any stream, runs after everything on
  /// this queue now. Null: the data are ready, since the host has waited.
  cl_command_queue queue = nullptr;
  bool may_copy = false;  ///< For host memory: copies it if it cannot be used in place.
};

/// Imports another framework's memory as a tensor.
///
/// Retains OpenCL memory (kDLOpenCL) and uses it in place; it must belong to `context`, whatever
/// number the producer gives its device. CPU devices use host memory (kDLCPU) in place if its
/// address is a multiple of 64 bytes (or of the device's base_address_alignment() if that is less),
/// as torch allocates it; `synchronize_host` shows results there to the host. Kernels that read
/// vectors of 128 bytes, such as double16, need that alignment.
///
/// Takes `managed` over: calls its deleter, which may be null, once, when the last handle to the
/// data is gone and the work that used them is done. Calls it in the thread that drops the handle
/// if nothing is in flight, else in a thread that Dovetail keeps for this. When the process ends,
/// deleters of memory in use are not called. After an exception no deleter was called, and
/// `managed` is still the caller's.
///
/// Others' work with the memory by `Buffer::lend` counts as use: of host memory always, of OpenCL
/// memory on streams that Dovetail used it on as well. Host memory that is imported twice is two
/// memories to Dovetail, with no order between them.
/// @param managed  A dtype of DType with one lane, up to 8 dimensions, row-major without gaps.
/// @throws InvalidArgument  `managed` is null, or has another device, dtype, layout or context; its
///                          end lies beyond 2^63 - 1 bytes; or it needs a copy without `may_copy`.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor from_dlpack(const Context& context, DLManagedTensor* managed,
                                                 const DlpackImportOptions& options = {});

/// Blocks until everything that has used `tensor` is done and the host sees it at the address that
/// the tensor was imported from. OpenCL promises that only for mapped memory, so this maps it and
/// unmaps it at once. The host may then read and write there until Dovetail's next work with it.
/// @throws InvalidArgument  it is no host memory (use to_host), or the contexts differ.
/// @throws CommandError     work on the tensor has failed.
/// Thread-safe.
DOVETAIL_EXPORT void synchronize_host(const Stream& stream, const Tensor& tensor);

}  // namespace dovetail::interop
