// SPDX-License-Identifier: Apache-2.0
// Tensors to and from other frameworks by DLPack, without a copy.
#pragma once

#include <CL/cl.h>

#include "dovetail/core/context.hpp"
#include "dovetail/core/export.hpp"
#include "dovetail/stream/stream.hpp"
#include "dovetail/tensor/tensor.hpp"

struct DLManagedTensor;  // of dlpack/dlpack.h, which only those need who look inside

namespace dovetail::interop {

/// The tensor as OpenCL memory (kDLOpenCL): `data` is the cl_mem, `byte_offset` the storage's
/// offset, strides are those of row-major order. The memory stays until the deleter is called.
///
/// Work that the consumer enqueues on `consumer` after this call runs after everything that has
/// used the tensor; the device waits, the host does not, and on one and the same queue nothing is
/// done. The way back needs no call: Dovetail's later work with this memory, on whichever stream,
/// runs after all that is on the consumer's queue by then. That holds beyond the deleter, and makes
/// `consumer` a queue that others enqueue on, even where it is an owned stream's.
///
/// @param consumer  An in-order queue of the tensor's context, which is retained until the deleter
///                  is called. Null: this blocks until everything that has used the tensor is done,
///                  and Dovetail knows of nothing that the consumer does. It then says when it is
///                  done: by clFinish, or by giving the memory to `from_dlpack` with its queue.
/// @return          To be given to one consumer, which calls its deleter once, on any thread but
///                  not from a function that enqueues for with_queue.
/// @throws InvalidArgument  `consumer` belongs to another context or is not in-order.
/// @throws CommandError     work on the tensor has failed.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT DLManagedTensor* to_dlpack(const Tensor& tensor,
                                                         cl_command_queue consumer = nullptr);

/// The tensor as the host's memory (kDLCPU), on devices whose memory that is. The buffer is mapped
/// on `stream`, and this blocks until everything that has used the tensor is done.
///
/// The memory is the consumer's until it calls the deleter: give Dovetail no work with it before.
/// The deleter unmaps it on `stream`, or on a stream of its own where that captures or has failed;
/// later work that Dovetail is given, on whichever stream, sees what the consumer wrote.
/// @throws InvalidArgument  the device is no CPU; or the stream belongs to another context.
/// @throws CommandError     work on the tensor has failed.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT DLManagedTensor* to_dlpack_host(const Stream& stream,
                                                              const Tensor& tensor);

struct DlpackImport {
  /// For OpenCL memory: the queue on which the data are ready, the producer's own or the one that
  /// it was told to make them ready on. What Dovetail does with the memory, on whichever stream,
  /// runs after all that is on this queue now. Null: the data are ready, the host has waited.
  cl_command_queue queue = nullptr;
  /// For the host's memory: copy it where it cannot be used in place.
  bool may_copy = false;
};

/// A tensor over another framework's memory.
///
/// OpenCL memory (kDLOpenCL) is retained and used in place; it must be of `context`, whatever
/// number the producer gives its device. The host's memory (kDLCPU) is used in place by CPU
/// devices, if its address is a multiple of 64 bytes (or of the device's base_address_alignment()
/// where that is less), as torch allocates it; see `synchronize_host` for how the host gets to see
/// results there. Kernels that read vectors of 128 bytes, as double16, need that alignment.
///
/// Takes `managed` over: its deleter, which may be null, is called once, when the last handle to
/// the data is gone and the work that used them is done. That is at once, in the thread that drops
/// the handle, where nothing is in flight, else in a thread that Dovetail keeps for this. When the
/// process ends, deleters of memory in use are not called. If this throws, none was called, and
/// `managed` is still the caller's.
///
/// What others do with the memory by `Buffer::get` counts as use: of the host's memory always, of
/// OpenCL memory on streams that Dovetail used it on as well. Memory of the host that is taken
/// twice is two memories to Dovetail, with no order between them.
/// @param managed  A dtype of DType with one lane, up to 8 dimensions, row-major without gaps.
/// @throws InvalidArgument  null, another device, dtype or layout, an end beyond 2^63 - 1 bytes,
///                          memory of another context, or memory that cannot be used in place and
///                          may not be copied.
/// @throws Error            this build has no DLPack.
/// Thread-safe.
[[nodiscard]] DOVETAIL_EXPORT Tensor from_dlpack(const Context& context, DLManagedTensor* managed,
                                                 const DlpackImport& options = {});

/// Blocks until everything that has used `tensor` is done and the host sees it at the address that
/// the tensor was imported from. OpenCL promises that only to who maps the memory: this does, and
/// unmaps it at once. Then the host may read and write there until Dovetail is given work with it.
/// @throws InvalidArgument  the memory is not the host's, use to_host; or the stream belongs to
///                          another context.
/// @throws CommandError     work on the tensor has failed.
/// Thread-safe.
DOVETAIL_EXPORT void synchronize_host(const Stream& stream, const Tensor& tensor);

}  // namespace dovetail::interop
