// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/field.hpp"

#include <fmt/format.h>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "lib/core/moved_from.hpp"
#include "lib/stream/submit/transfer.hpp"

namespace dovetail::detail {
namespace {

BufferView allocate(const Stream& stream, const Shape& shape, ElementType element) {
  if (shape.rank() == 0 || shape.rank() > FieldData::max_rank) {
    throw InvalidArgument(
        fmt::format("[Field] a field has 1 to {} dimensions, but the shape is {}; fold dimensions "
                    "into one, or take [1] for one element.",
                    FieldData::max_rank, shape.str()));
  }
  std::size_t nbytes = 0;
  if (__builtin_mul_overflow(static_cast<std::size_t>(shape.size()), element.nbytes, &nbytes)) {
    throw InvalidArgument(fmt::format("[Field] shape {} of {} takes more bytes than 64 bits count.",
                                      shape.str(), to_string(element)));
  }
  return {MemoryPool::of(stream.context()).allocate(stream, nbytes), 0, nbytes};
}

}  // namespace

FieldData::FieldData(const Runtime& runtime, const Shape& shape, ElementType element)
    : FieldData(stream_of(runtime, "Field"), allocate(stream_of(runtime, "Field"), shape, element),
                shape, element) {}

FieldData::FieldData(Stream stream, BufferView memory, const Shape& shape, ElementType element)
    : stream_(std::move(stream)), memory_(std::move(memory)), shape_(shape), element_(element) {}

void FieldData::check_not_moved_from(std::string_view function) const {
  if (handle_of(memory_.buffer).context != nullptr) return;
  throw_moved_from(function, "field");
}

void FieldData::fill(const void* value) const {
  check_not_moved_from("Field::fill");
  if (memory_.nbytes == 0) return;
  detail::fill(stream_, memory_, value, element_.nbytes);
}

void FieldData::from_host(const void* values, std::size_t count) const {
  check_not_moved_from("Field::from_host");
  if (count != static_cast<std::size_t>(shape_.size())) {
    throw InvalidArgument(
        fmt::format("[Field::from_host] {} values for a field of {} {}, which has {} elements.",
                    count, to_string(element_), shape_.str(), shape_.size()));
  }
  if (count == 0) return;
  // Written straight to the field, the values would have to stay until earlier work is done.
  const Buffer staging(stream_.context(), memory_.nbytes, values);
  copy(stream_, {staging, 0, memory_.nbytes}, memory_);
}

void FieldData::to_host(void* values) const {
  check_not_moved_from("Field::to_host");
  if (memory_.nbytes == 0) return;
  read_to_host(stream_, memory_, values, "Field::to_host");
}

}  // namespace dovetail::detail
