// SPDX-License-Identifier: Apache-2.0
#include "dovetail/tensor/tensor.hpp"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/stream/moved_buffer.hpp"
#include "lib/stream/stream_access.hpp"
#include "lib/stream/submit/transfer.hpp"
#include "lib/tensor/gather.hpp"

namespace dovetail {
namespace {

std::size_t nbytes_of(const Shape& shape, DType dtype) {
  std::size_t nbytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.size()), size_of(dtype), &nbytes)) {
    throw InvalidArgument(
        fmt::format("[Tensor] shape {} of {} takes more bytes than 64 bits count.", shape.str(),
                    to_string(dtype)));
  }
  return nbytes;
}

/// Returns the nearest value that `T` has; of an integer without the fraction, and 0 for NaN.
template <typename T>
T converted(double value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0.0;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    if (std::isnan(value)) return 0;
    if (value <= static_cast<double>(least)) return least;
    if (value >= static_cast<double>(most)) return most;
    return static_cast<T>(value);
  } else if constexpr (!std::is_arithmetic_v<T>) {
    return T(static_cast<float>(value));
  } else {
    return static_cast<T>(value);
  }
}

/// The bytes of one element; a pattern for clEnqueueFillBuffer.
class Element {
 public:
  Element(double value, DType dtype) : nbytes_(size_of(dtype)) {
    with_type_of(dtype, [&]<typename T>(std::type_identity<T>) { store(converted<T>(value)); });
  }
  const void* data() const noexcept { return bytes_.data(); }
  std::size_t nbytes() const noexcept { return nbytes_; }

 private:
  template <typename T>
  void store(T value) {
    std::memcpy(bytes_.data(), &value, sizeof(value));
  }
  std::array<unsigned char, 8> bytes_{};
  std::size_t nbytes_;
};

}  // namespace

Tensor::Tensor(BufferView storage, const Layout& layout, DType dtype)
    : storage_(std::move(storage)), layout_(layout), dtype_(dtype) {}

Tensor Tensor::empty(const Stream& stream, const Shape& shape, DType dtype) {
  return allocate("Tensor::empty", stream, shape, dtype);
}

Tensor Tensor::allocate(const char* function, const Stream& stream, const Shape& shape,
                        DType dtype) {
  const std::size_t nbytes = nbytes_of(shape, dtype);
  const Context& context = detail::context_of(stream, function);
  return Tensor({MemoryPool::of(context).allocate(stream, nbytes), 0, nbytes}, Layout(shape),
                dtype);
}

Tensor Tensor::full(const Stream& stream, const Shape& shape, double value, DType dtype) {
  const Element element(value, dtype);
  Tensor tensor = allocate("Tensor::full", stream, shape, dtype);
  if (tensor.nbytes() == 0) return tensor;
  detail::fill(stream, tensor.storage_, element.data(), element.nbytes());
  return tensor;
}

Tensor Tensor::from_host_bytes(const Context& context, const void* values, std::size_t count,
                               const Shape& shape, DType dtype) {
  if (count != static_cast<std::size_t>(shape.size())) {
    throw InvalidArgument(
        fmt::format("[Tensor::from_host] {} values for shape {}, which has {} elements.", count,
                    shape.str(), shape.size()));
  }
  const std::size_t nbytes = nbytes_of(shape, dtype);
  return Tensor({Buffer(context, nbytes, values), 0, nbytes}, Layout(shape), dtype);
}

Tensor Tensor::from_buffer(const Buffer& buffer, const Shape& shape, DType dtype,
                           std::size_t offset) {
  static_cast<void>(nbytes_of(shape, dtype));
  return from_buffer(buffer, Layout(shape), dtype, offset);
}

Tensor Tensor::from_buffer(const Buffer& buffer, const Layout& layout, DType dtype,
                           std::size_t offset) {
  const std::size_t element = size_of(dtype);
  if (offset % element != 0) {
    throw InvalidArgument(
        fmt::format("[Tensor::from_buffer] offset {} is not a multiple of the {} bytes of a {}.",
                    offset, element, to_string(dtype)));
  }
  const auto end = static_cast<std::size_t>(layout.range().end);
  if (offset > buffer.nbytes() || end > (buffer.nbytes() - offset) / element) {
    throw InvalidArgument(
        fmt::format("[Tensor::from_buffer] {} of {} takes {} bytes behind offset {}, but the "
                    "buffer has {}.",
                    layout.is_contiguous() ? "shape " + layout.shape().str() : layout.str(),
                    to_string(dtype), end * element, offset, buffer.nbytes()));
  }
  return Tensor({buffer, offset, end * element}, layout, dtype).viewed(layout);
}

void Tensor::copy_to_host_bytes(const Stream& stream, void* values, DType dtype) const {
  detail::check_not_moved_from("Tensor::to_host", "tensor", storage_.buffer);
  if (dtype != dtype_) {
    throw InvalidArgument(
        fmt::format("[Tensor::to_host] the tensor {} is {}, but {} was asked for.", shape().str(),
                    to_string(dtype_), to_string(dtype)));
  }
  if (!(detail::context_of(stream, "Tensor::to_host") == context())) {
    throw InvalidArgument(
        "[Tensor::to_host] the stream belongs to another context than the tensor.");
  }
  if (nbytes() == 0) return;
  if (is_contiguous()) return detail::read_to_host(stream, storage_, values, "Tensor::to_host");
  std::vector<std::byte> reached(storage_.nbytes);
  detail::read_to_host(stream, storage_, reached.data(), "Tensor::to_host");
  detail::gather(reached.data(), layout_, size_of(dtype_), static_cast<std::byte*>(values));
}

}  // namespace dovetail
