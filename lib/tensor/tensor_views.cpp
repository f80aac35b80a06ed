// SPDX-License-Identifier: Apache-2.0
// Tensors that share the data of others.
#include <fmt/format.h>

#include <numeric>
#include <utility>
#include <vector>

#include "dovetail/core/error.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "lib/stream/moved_buffer.hpp"

namespace dovetail {

Tensor Tensor::viewed(const Layout& layout) const {
  const Layout::Range range = layout.range();
  const auto element = size_of(dtype_);
  return Tensor({storage_.buffer, storage_.offset + static_cast<std::size_t>(range.begin) * element,
                 static_cast<std::size_t>(range.end - range.begin) * element},
                Layout(layout.shape(), layout.strides(),
                       layout.size() == 0 ? 0 : layout.offset() - range.begin),
                dtype_);
}

const Layout& Tensor::held(const char* function) const {
  detail::check_not_moved_from(function, "tensor", storage_.buffer);
  return layout_;
}

Tensor Tensor::view(const Shape& shape) const {
  const auto layout = held("Tensor::view").reshape(shape);
  if (!layout) {
    throw InvalidArgument(
        fmt::format("[Tensor::view] {} in shape {} is no view of the same memory; copy it first.",
                    layout_.str(), shape.str()));
  }
  return viewed(*layout);
}

Tensor Tensor::slice(int axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                     std::int64_t step) const {
  return viewed(held("Tensor::slice").slice(axis, start, stop, step));
}

Tensor Tensor::select(int axis, std::int64_t index) const {
  return viewed(held("Tensor::select").select(axis, index));
}

Tensor Tensor::flip(int axis) const { return viewed(held("Tensor::flip").flip(axis)); }

Tensor Tensor::permute(std::span<const int> axes) const {
  return viewed(held("Tensor::permute").permute(axes));
}

Tensor Tensor::transpose() const {
  const Layout& layout = held("Tensor::transpose");
  if (rank() < 2) {
    throw InvalidArgument(
        fmt::format("[Tensor::transpose] {} has not two dimensions to exchange; expand_dims first.",
                    shape().str()));
  }
  std::vector<int> axes(rank());
  std::iota(axes.begin(), axes.end(), 0);
  std::swap(axes[rank() - 1], axes[rank() - 2]);
  return viewed(layout.permute(axes));
}

Tensor Tensor::broadcast_to(const Shape& shape) const {
  return viewed(held("Tensor::broadcast_to").broadcast_to(shape));
}

Tensor Tensor::expand_dims(int axis) const {
  return viewed(held("Tensor::expand_dims").expand_dims(axis));
}

Tensor Tensor::squeeze(int axis) const { return viewed(held("Tensor::squeeze").squeeze(axis)); }

}  // namespace dovetail
