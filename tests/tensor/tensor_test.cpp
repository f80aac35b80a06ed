// SPDX-License-Identifier: Apache-2.0
#include "dovetail/tensor/tensor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <type_traits>

#include "dovetail/core/error.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

template <typename T>
std::vector<T> counting(std::size_t count) {
  std::vector<T> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<T>(i % 251);
  return values;
}

template <typename T>
Tensor from_vector(const std::vector<T>& values, const Shape& shape) {
  return Tensor::from_host<T>(context(), values, shape);
}

template <typename T>
void expect_round_trip(const Stream& stream) {
  for (const Shape& shape :
       {Shape{}, Shape{0}, Shape{1}, Shape{7}, Shape{3, 0, 2}, Shape{5, 13, 11}}) {
    SCOPED_TRACE(shape.str());
    const auto values = counting<T>(static_cast<std::size_t>(shape.size()));
    const Tensor tensor = from_vector(values, shape);
    EXPECT_EQ(tensor.dtype(), dtype_of<T>);
    EXPECT_EQ(tensor.shape(), shape);
    EXPECT_EQ(tensor.nbytes(), values.size() * sizeof(T));
    EXPECT_EQ(tensor.to_host<T>(stream), values);
  }
}

TEST(Tensor, ComesBackFromTheDeviceAsItWent) {
  const Stream stream(context());
  for (const DTypeInfo& row : dtype_table) {
    with_type_of(row.dtype, [&]<typename T>(std::type_identity<T>) {
      if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
        expect_round_trip<T>(stream);
      }
    });
  }
}

TEST(Tensor, FromHostNeedsItsSourceOnlyDuringTheCall) {
  const Stream stream(context());
  const test::Gate gate(Stream{context()});  // waits for no queue: another one is held
  auto values = counting<float>(1000);
  const Tensor tensor = from_vector(values, {1000});
  std::ranges::fill(values, -1.0f);
  values = std::vector<float>();
  EXPECT_EQ(tensor.to_host<float>(stream), counting<float>(1000));
}

TEST(Tensor, FromHostRefusesAnotherNumberOfValues) {
  const std::vector<float> five(5);
  expect_throws<InvalidArgument>(
      [&] {
        from_vector(five, {2, 3});
      },
      "[Tensor::from_host]", "5 values", "[2, 3]", "6 elements");
}

template <typename T>
void expect_filled(const Stream& stream, double value, T expected) {
  const Tensor tensor = Tensor::full(stream, {3, 5}, value, dtype_of<T>);
  EXPECT_EQ(tensor.to_host<T>(stream), std::vector<T>(15, expected)) << to_string(dtype_of<T>);
}

TEST(Tensor, FullHoldsTheValueInEveryDTypeThatCanBeFilled) {
  const Stream stream(context());
  expect_filled<float>(stream, -1.25, -1.25f);
  expect_filled<double>(stream, 0.1, 0.1);
  expect_filled<std::int64_t>(stream, -3e15, std::int64_t{-3000000000000000});
  expect_filled<std::int32_t>(stream, 2147483647.0, 2147483647);
  expect_filled<std::uint8_t>(stream, 255.0, std::uint8_t{255});
  EXPECT_EQ(Tensor::zeros(stream, {4}).to_host<float>(stream), std::vector<float>(4, 0.0f));
  EXPECT_TRUE(std::isnan(Tensor::full(stream, {1}, std::nan("")).to_host<float>(stream).at(0)));
  EXPECT_EQ(Tensor::full(stream, {0}, 1.0).size(), 0);
  expect_filled<bool>(stream, 0.5, true);
  expect_filled<bool>(stream, -0.0, false);

  // A bool's byte is 0 or 1.
  const Tensor truth = Tensor::full(stream, {6}, 0.5, DType::boolean);
  EXPECT_EQ(
      Tensor::from_buffer(truth.storage().buffer, {6}, DType::u8).to_host<std::uint8_t>(stream),
      std::vector<std::uint8_t>(6, 1));
}

template <typename Integer>
void expect_saturation(const Stream& stream) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr Integer least = std::numeric_limits<Integer>::min();
  constexpr Integer most = std::numeric_limits<Integer>::max();
  constexpr auto top = static_cast<double>(most), bottom = static_cast<double>(least);
  for (const double above : {top, top + 0.5, top + 1.0, 1e300, infinity}) {
    expect_filled<Integer>(stream, above, most);
  }
  for (const double below : {bottom, bottom - 0.5, bottom - 1.0, -1e300, -infinity}) {
    expect_filled<Integer>(stream, below, least);
  }
  expect_filled<Integer>(stream, std::nan(""), 0);
  expect_filled<Integer>(stream, 41.9, 41);
  expect_filled<Integer>(stream, -0.9, 0);
}

TEST(Tensor, FullSaturatesIntegers) {
  const Stream stream(context());
  for (const DTypeInfo& row : dtype_table) {
    with_type_of(row.dtype, [&]<typename T>(std::type_identity<T>) {
      if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>) expect_saturation<T>(stream);
    });
  }
  expect_filled<std::uint8_t>(stream, 300.0, 255);
  expect_filled<bool>(stream, std::nan(""), true);
}

TEST(Tensor, FullRoundsToHalfPrecision) {
  const Stream stream(context());
  const auto half = Tensor::full(stream, {2}, 0.1, DType::f16).to_host<Float16>(stream);
  ASSERT_EQ(half.size(), 2u);
  EXPECT_EQ(half[1].bits(), 0x2e66);
  const auto brain = Tensor::full(stream, {2}, 0.1, DType::bf16).to_host<BFloat16>(stream);
  ASSERT_EQ(brain.size(), 2u);
  EXPECT_EQ(brain[1].bits(), 0x3dcd);
}

TEST(Tensor, FullOverflowsFloatsToInfinity) {
  const Stream stream(context());
  const auto element = [&]<typename T>(double value, T) {
    return static_cast<double>(static_cast<float>(
        Tensor::full(stream, {1}, value, dtype_of<T>).template to_host<T>(stream).at(0)));
  };
  constexpr double infinity = std::numeric_limits<double>::infinity();
  for (const double value : {1e300, infinity}) {
    EXPECT_EQ(element(value, float()), infinity);
    EXPECT_EQ(element(-value, float()), -infinity);
    EXPECT_EQ(element(value, Float16()), infinity);
    EXPECT_EQ(element(-value, Float16()), -infinity);
    EXPECT_EQ(element(value, BFloat16()), infinity);
    EXPECT_EQ(element(-value, BFloat16()), -infinity);
  }
  // Half a step above the largest rounds to even, which is infinity.
  EXPECT_EQ(element(65519.0, Float16()), 65504.0);
  EXPECT_EQ(element(65520.0, Float16()), infinity);
  EXPECT_EQ(element(0x1.fep127, BFloat16()), 0x1.fep127);
  EXPECT_EQ(element(0x1.ffp127, BFloat16()), infinity);
  EXPECT_TRUE(std::isnan(element(std::nan(""), Float16())));
  EXPECT_TRUE(std::isnan(element(std::nan(""), BFloat16())));
}

TEST(Tensor, BoolsComeBackAsTheyWent) {
  const Stream stream(context());
  const bool array[] = {true, false, false, true, true, false};
  const std::vector<bool> values(std::begin(array), std::end(array));
  EXPECT_EQ(Tensor::from_host<bool>(context(), array, {2, 3}).to_host<bool>(stream), values);
  const Tensor tensor = Tensor::from_host(context(), values, {6});
  EXPECT_EQ(tensor.dtype(), DType::boolean);
  EXPECT_EQ(tensor.nbytes(), 6u);
  EXPECT_EQ(tensor.to_host<bool>(stream), values);
  EXPECT_TRUE(Tensor::zeros(stream, {0}, DType::boolean).to_host<bool>(stream).empty());
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.to_host<std::uint8_t>(stream)); },
                                 "is bool", "uint8 was asked for");
  EXPECT_THROW(Tensor::from_host(context(), values, {7}), InvalidArgument);
}

TEST(Tensor, ReadsEveryByteOfABoolThatIsNotZeroAsTrue) {
  const Stream stream(context());
  const std::vector<std::uint8_t> bytes{0, 1, 2, 255};
  const Tensor tensor =
      Tensor::from_buffer(from_vector(bytes, {4}).storage().buffer, {4}, DType::boolean);
  EXPECT_EQ(tensor.to_host<bool>(stream), (std::vector<bool>{false, true, true, true}));
}

TEST(Tensor, FullWritesInStreamOrder) {
  const Stream stream(context());
  test::Gate gate(stream);
  const Tensor tensor = Tensor::full(stream, {4}, 3.0);
  EXPECT_FALSE(stream.record().is_done());
  test::multiply_add_kernel().launch(stream, NDRange({4}), tensor, 2.0f, 1.0f);
  gate.release();
  EXPECT_EQ(tensor.to_host<float>(stream), std::vector<float>(4, 7.0f));
}

TEST(Tensor, ReadsInStreamOrder) {
  const Stream stream(context());
  const Tensor tensor = Tensor::full(stream, {8}, 1.0);
  const Kernel kernel = test::multiply_add_kernel();
  for (int i = 0; i < 10; ++i) kernel.launch(stream, NDRange({8}), tensor, 2.0f, 0.0f);
  EXPECT_EQ(tensor.to_host<float>(stream), std::vector<float>(8, 1024.0f));
}

TEST(Tensor, FromBufferStartsAtItsOffset) {
  const Stream stream(context());
  const auto values = counting<float>(20);
  const Tensor whole = from_vector(values, {20});
  const Tensor part = Tensor::from_buffer(whole.storage().buffer, {2, 3}, DType::f32, 7 * 4);
  EXPECT_EQ(part.storage().offset, 28u);
  EXPECT_EQ(part.storage().nbytes, 24u);
  EXPECT_EQ(part.storage().buffer, whole.storage().buffer);
  EXPECT_EQ(part.to_host<float>(stream),
            std::vector<float>(values.begin() + 7, values.begin() + 13));
  const Buffer& buffer = whole.storage().buffer;
  EXPECT_EQ(Tensor::from_buffer(buffer, {20}).to_host<float>(stream), values);
  EXPECT_EQ(Tensor::from_buffer(buffer, {1}, DType::f32, 76).to_host<float>(stream).at(0), 19.0f);
  EXPECT_EQ(Tensor::from_buffer(buffer, {0}, DType::f32, 80).size(), 0);
}

TEST(Tensor, FromBufferRefusesWhatDoesNotFit) {
  const Buffer buffer(context(), 80);
  expect_throws<InvalidArgument>([&] { static_cast<void>(Tensor::from_buffer(buffer, {21})); },
                                 "[Tensor::from_buffer]", "[21]", "float32", "84 bytes", "80");
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(buffer, {10}, DType::f64, 8)); },
      "80 bytes behind offset 8");
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(buffer, {0}, DType::f32, 84)); }, "offset 84");
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(buffer, {1}, DType::f32, 6)); },
      "[Tensor::from_buffer]", "offset 6", "multiple of the 4 bytes", "float32");
}

TEST(Tensor, RefusesMoreBytesThanAMachineCanCount) {
  const Stream stream(context());
  const Buffer buffer(context(), 80);
  // 2^61 elements of 8 bytes are 2^64 bytes, which would wrap to 0.
  const Shape shape{std::int64_t{1} << 61};
  expect_throws<InvalidArgument>(
      [&] { static_cast<void>(Tensor::from_buffer(buffer, shape, DType::f64)); }, shape.str(),
      "float64");
  EXPECT_THROW(Tensor::empty(stream, shape, DType::f64), InvalidArgument);
  EXPECT_THROW(Tensor::zeros(stream, shape, DType::f64), InvalidArgument);
  EXPECT_THROW(Tensor::empty(stream, {std::int64_t{1} << 58}), OutOfMemory);
}

TEST(Tensor, ViewGivesTheSameData) {
  const Stream stream(context());
  const Tensor tensor = from_vector(counting<std::int32_t>(12), {12});
  const Tensor reshaped = tensor.view({3, 4});
  EXPECT_EQ(reshaped.shape(), (Shape{3, 4}));
  EXPECT_EQ(reshaped.storage().buffer, tensor.storage().buffer);
  EXPECT_EQ(reshaped.to_host<std::int32_t>(stream), counting<std::int32_t>(12));
  EXPECT_EQ(from_vector<float>({5.0f}, {1, 1}).view({}).rank(), 0u);
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.view({5})); }, "[reshape]",
                                 "[12] has 12", "[5] has 5");
}

TEST(Tensor, CopiesShareTheirData) {
  const Stream stream(context());
  const Tensor tensor = Tensor::full(stream, {16}, 1.0);
  const Tensor copy = tensor;
  const Tensor flat = tensor.view({4, 4});
  test::multiply_add_kernel().launch(stream, NDRange({16}), copy, 0.0f, 9.0f);
  EXPECT_EQ(tensor.to_host<float>(stream), std::vector<float>(16, 9.0f));
  EXPECT_EQ(flat.to_host<float>(stream), std::vector<float>(16, 9.0f));
}

TEST(Tensor, ToHostRefusesAnotherTypeAndAnotherContext) {
  const Stream stream(context());
  const Tensor tensor = Tensor::zeros(stream, {2, 2});
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.to_host<double>(stream)); },
                                 "[Tensor::to_host]", "[2, 2]", "is float32",
                                 "float64 was asked for");
  const Stream other(test::other_context());
  expect_throws<InvalidArgument>([&] { static_cast<void>(tensor.to_host<float>(other)); },
                                 "[Tensor::to_host]", "another context");
}

TEST(Tensor, WorksOnTheCurrentStream) {
  const Stream stream(context());
  const StreamGuard guard(stream);
  test::Gate gate(stream);
  const Tensor full = Tensor::full({2, 2}, 5.0), zeros = Tensor::zeros({3}, DType::i32);
  EXPECT_EQ(Tensor::empty({4}).context(), context());
  EXPECT_FALSE(stream.record().is_done());
  gate.release();
  EXPECT_EQ(full.to_host<float>(), std::vector<float>(4, 5.0f));
  EXPECT_EQ(zeros.to_host<std::int32_t>(), std::vector<std::int32_t>(3, 0));
}

}  // namespace
}  // namespace dovetail
