// SPDX-License-Identifier: Apache-2.0
#include <dlpack/dlpack.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <memory>
#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/core/layout.hpp"
#include "dovetail/interop/dlpack.hpp"
#include "dovetail/stream/with_queue.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/queue_info.hpp"
#include "lib/core/thrown_text.hpp"
#include "lib/interop/dlpack_format.hpp"
#include "lib/interop/host_map.hpp"
#include "lib/stream/moved_buffer.hpp"
#include "lib/stream/stream_access.hpp"

namespace dovetail::interop {
namespace {

/// What stands behind a DLManagedTensor that was given away.
struct Export {
  Export(const Tensor& tensor_in, std::optional<Stream> stream_in)
      : tensor(tensor_in), stream(std::move(stream_in)) {
    std::ranges::copy(tensor.shape().sizes(), shape.begin());
    std::ranges::copy(tensor.layout().strides(), strides.begin());
    managed.dl_tensor.ndim = static_cast<int>(tensor.rank());
    managed.dl_tensor.dtype = detail::dlpack_type(tensor.dtype());
    managed.dl_tensor.shape = shape.data();
    managed.dl_tensor.strides = strides.data();
    managed.manager_ctx = this;
    managed.deleter = [](DLManagedTensor* self) { delete static_cast<Export*>(self->manager_ctx); };
  }
  ~Export() {
    if (mapped == nullptr || detail::in_forked_child()) return;
    try {
      unmap();
    } catch (...) {  // a peer may throw anything
      std::fprintf(stderr, "dovetail: a DLPack tensor stays mapped: %s\n",
                   detail::thrown_text().c_str());
    }
  }
  Export(const Export&) = delete;
  Export& operator=(const Export&) = delete;

  /// Whichever stream unmaps it, later work with the memory comes after that.
  void unmap() const {
    constexpr const char* function = "to_dlpack_host";
    try {
      detail::unmap_from_host(*stream, tensor.storage(), mapped, function);
    } catch (const Error&) {  // it captures or has failed
      detail::unmap_from_host(Stream(tensor.context()), tensor.storage(), mapped, function);
    }
  }

  DLManagedTensor managed{};
  Tensor tensor;
  std::optional<Stream> stream;  // the consumer's, or where it was mapped
  void* mapped = nullptr;
  std::array<std::int64_t, Shape::max_rank> shape{}, strides{};
};

/// Where the first element lies within the storage, in bytes.
std::size_t first_element(const Tensor& tensor) {
  return static_cast<std::size_t>(tensor.layout().offset()) * size_of(tensor.dtype());
}

/// The device's place among all; 0 for one that is not listed, such as a sub-device.
int index_of(const Device& device) {
  const auto all = Device::all();
  const auto place = std::ranges::find(all, device);
  return place == all.end() ? 0 : static_cast<int>(place - all.begin());
}

Stream adopt_consumer(const Tensor& tensor, cl_command_queue consumer) {
  if (detail::queue_info<cl_context>(consumer, CL_QUEUE_CONTEXT) != tensor.context().get()) {
    throw InvalidArgument(
        fmt::format("[to_dlpack] the consumer's queue belongs to another context than the tensor "
                    "{}; make the queue in the tensor's context, or go by way of the host.",
                    tensor.shape().str()));
  }
  Stream stream = Stream::retain(tensor.context(), consumer);
  detail::share(stream);
  return stream;
}

/// Has what is enqueued on `stream` from now on run after all uses of the tensor.
void hand_over(const Stream& stream, const Tensor& tensor) {
  const std::array uses{updates(tensor)};
  with_queue(stream, uses, "to_dlpack", [](cl_command_queue) {});
}

}  // namespace

DLManagedTensor* to_dlpack(cl_command_queue consumer, const Tensor& tensor) {
  detail::check_not_moved_from("to_dlpack", "tensor", tensor.storage().buffer);
  std::optional<Stream> stream;
  if (consumer != nullptr) {
    stream = adopt_consumer(tensor, consumer);
    hand_over(*stream, tensor);
  } else {
    const Stream waiting(tensor.context());
    hand_over(waiting, tensor);
    waiting.synchronize();
  }
  auto given = std::make_unique<Export>(tensor, std::move(stream));
  DLTensor& described = given->managed.dl_tensor;
  described.data = tensor.storage().buffer.lend();
  described.byte_offset = tensor.storage().offset + first_element(tensor);
  described.device = {kDLOpenCL, index_of(tensor.context().device())};
  return &given.release()->managed;
}

DLManagedTensor* to_dlpack_host(const Stream& stream, const Tensor& tensor) {
  detail::check_not_moved_from("to_dlpack_host", "tensor", tensor.storage().buffer);
  const Device& device = tensor.context().device();
  if (device.type() != DeviceType::cpu) {
    throw InvalidArgument(fmt::format(
        "[to_dlpack_host] the memory of '{}' is not the host's; copy the tensor by to_host, or "
        "give it away as OpenCL memory by to_dlpack.",
        device.name()));
  }
  auto given = std::make_unique<Export>(tensor, stream);
  if (tensor.nbytes() > 0) {
    given->mapped = detail::map_to_host(stream, tensor.storage(), "to_dlpack_host");
  }
  given->managed.dl_tensor.data =
      given->mapped == nullptr ? nullptr
                               : static_cast<std::byte*>(given->mapped) + first_element(tensor);
  given->managed.dl_tensor.device = {kDLCPU, 0};
  return &given.release()->managed;
}

}  // namespace dovetail::interop
