// SPDX-License-Identifier: Apache-2.0
#include "dovetail/interop/field_tensor.hpp"

#include <fmt/format.h>

#include <vector>

#include "dovetail/core/error.hpp"
#include "lib/stream/submit/transfer.hpp"

namespace dovetail::detail {
namespace {

Shape tensor_shape(const Shape& shape, unsigned width) {
  std::vector<std::int64_t> sizes(shape.sizes().begin(), shape.sizes().end());
  if (width > 1) sizes.push_back(width);
  return Shape(sizes);
}

/// What of the tensor's shape counts elements.
Shape field_shape(const Tensor& tensor, ElementType element) {
  auto sizes = tensor.shape().sizes();
  if (element.width > 1) {
    if (sizes.empty() || sizes.back() != element.width) {
      throw InvalidArgument(
          fmt::format("[to_field] a field of {} takes a tensor whose innermost size is "
                      "{}, but the tensor's shape is {}; reshape it.",
                      to_string(element), element.width, tensor.shape().str()));
    }
    sizes = sizes.first(sizes.size() - 1);
  }
  if (sizes.empty() || sizes.size() > FieldData::max_rank) {
    throw InvalidArgument(fmt::format(
        "[to_field] a field of {} has 1 to 4 dimensions{}, but the tensor's "
        "shape is {}; reshape it.",
        to_string(element), element.width > 1 ? " beside the vector's" : "", tensor.shape().str()));
  }
  return Shape(sizes);
}

void check_tensor(const Stream& stream, const Tensor& tensor, ElementType element) {
  if (tensor.dtype() != element.dtype) {
    throw InvalidArgument(fmt::format(
        "[to_field] a field of {} takes a {} tensor, but the tensor {} is {}.", to_string(element),
        to_string(element.dtype), tensor.shape().str(), to_string(tensor.dtype())));
  }
  if (!tensor.is_contiguous()) {
    throw InvalidArgument(fmt::format(
        "[to_field] the tensor {} is a view that is not contiguous, and fields are; take a "
        "contiguous() copy of it.",
        tensor.layout().str()));
  }
  if (!(tensor.context() == stream.context())) {
    throw InvalidArgument(fmt::format(
        "[to_field] the tensor {} belongs to a context on '{}', and the runtime to "
        "another, on '{}'; make the Runtime on a stream of the tensor's context.",
        tensor.shape().str(), tensor.context().device().name(), stream.device().name()));
  }
}

}  // namespace

Tensor tensor_from_field(const FieldData& field, Copy copy) {
  field.check_not_moved_from("to_tensor");
  const Shape shape = tensor_shape(field.shape(), field.element().width);
  const BufferView& memory = field.memory();
  const DType dtype = field.element().dtype;
  if (copy == Copy::no) return Tensor::from_buffer(memory.buffer, shape, dtype, memory.offset);
  Tensor tensor = Tensor::empty(field.stream(), shape, dtype);
  detail::copy(field.stream(), memory, tensor.storage());
  return tensor;
}

FieldData field_from_tensor(const Runtime& runtime, const Tensor& tensor, ElementType element,
                            Copy copy) {
  const Stream& stream = stream_of(runtime, "to_field");
  check_tensor(stream, tensor, element);
  const Shape shape = field_shape(tensor, element);
  const BufferView& memory = tensor.storage();
  if (copy == Copy::no) {
    if (memory.offset % element.nbytes != 0) {
      throw InvalidArgument(fmt::format(
          "[to_field] the tensor {} lies at offset {} bytes, which is not a multiple of "
          "the {} bytes of a {}; take a copy (Copy::yes).",
          tensor.shape().str(), memory.offset, element.nbytes, to_string(element)));
    }
    return {stream, memory, shape, element};
  }
  FieldData field(runtime, shape, element);
  detail::copy(stream, memory, field.memory());
  return field;
}

}  // namespace dovetail::detail
