// SPDX-License-Identifier: Apache-2.0
#include "tests/oracles/matmul_data.hpp"

#include <cmath>
#include <cstring>

namespace dovetail::test {
namespace {

template <typename T>
T read(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof(value));
  return value;
}

template <typename T>
void write(std::byte* to, T value) {
  std::memcpy(to, &value, sizeof(value));
}

}  // namespace

double decode(const std::byte* from, DType dtype) {
  switch (dtype) {
    case DType::f64:
      return read<double>(from);
    case DType::f16:
      return static_cast<double>(static_cast<float>(read<Float16>(from)));
    case DType::bf16:
      return static_cast<double>(static_cast<float>(read<BFloat16>(from)));
    case DType::i8:
      return read<std::int8_t>(from);
    case DType::i32:
      return read<std::int32_t>(from);
    default:
      return static_cast<double>(read<float>(from));
  }
}

void encode(double value, std::byte* to, DType dtype) {
  switch (dtype) {
    case DType::f64:
      return write(to, value);
    case DType::f16:
      return write(to, Float16(static_cast<float>(value)));
    case DType::bf16:
      return write(to, BFloat16(static_cast<float>(value)));
    case DType::i8:
      return write(to, static_cast<std::int8_t>(value));
    case DType::i32:
      return write(to, static_cast<std::int32_t>(value));
    default:
      return write(to, static_cast<float>(value));
  }
}

MatrixView HostMatrix::view(const Buffer& buffer) const {
  return {buffer,
          {.rows = rows,
           .columns = columns,
           .row_stride = row_stride,
           .batch = batch == 1 ? std::nullopt : std::optional(batch),
           .batch_stride = batch_stride},
          dtype,
          static_cast<std::size_t>(offset) * size_of(dtype)};
}

double draw_value(std::mt19937& generator, DType dtype) {
  if (dtype == DType::i8) return static_cast<double>(generator() % 256) - 128.0;
  if (dtype == DType::i32) return static_cast<double>(generator() % 2001) - 1000.0;
  return static_cast<double>(generator()) / 0x1p31 - 1.0;
}

std::shared_ptr<HostMemory> poisoned(std::int64_t elements, DType dtype) {
  return std::make_shared<HostMemory>(static_cast<std::size_t>(elements) * size_of(dtype),
                                      std::byte{0xff});
}

}  // namespace dovetail::test
