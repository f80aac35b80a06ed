// SPDX-License-Identifier: Apache-2.0
#include "dovetail/interop/field_tensor.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::text_thrown;

constexpr Copy either_way[] = {Copy::no, Copy::yes};

std::vector<float> counted(std::size_t count) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<float>(i);
  return values;
}

class FieldTensor : public testing::Test {
 protected:
  static Tensor tensor_of(std::size_t count, const Shape& shape) {
    return Tensor::from_host<float>(context(), counted(count), shape);
  }
  template <typename T>
  std::string refusal(const Tensor& tensor, Copy copy = Copy::no) const {
    return text_thrown<InvalidArgument>(
        [&] { static_cast<void>(interop::to_field<T>(runtime, tensor, copy)); });
  }

  const Stream tensors{context()};
  const Runtime runtime;
};

template <typename T>
void expect_round_trip(const Runtime& runtime, const Stream& tensors, DType dtype) {
  for (const Copy copy : either_way) {
    const Field<T> field(runtime, {3, 5});
    const std::vector<T> values = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
    field.from_host(values);
    const Tensor tensor = interop::to_tensor(field, copy);
    EXPECT_EQ(tensor.dtype(), dtype);
    EXPECT_EQ(tensor.shape(), Shape({3, 5}));
    EXPECT_EQ(tensor.to_host<T>(tensors), values);
    const auto back = interop::to_field<T>(runtime, tensor, copy);
    EXPECT_EQ(back.shape(), Shape({3, 5}));
    EXPECT_EQ(back.to_host(), values);
    EXPECT_EQ(back.storage().buffer == field.storage().buffer, copy == Copy::no);
    EXPECT_EQ(back.stream().id(), runtime.stream().id());
  }
}

TEST_F(FieldTensor, ConvertsEachScalarTypeOfFieldsBothWays) {
  int tried = 0;
  for (const DTypeInfo& row : dtype_table) {
    with_type_of(row.dtype, [&]<typename T>(std::type_identity<T>) {
      if constexpr (FieldElement<T>) {
        expect_round_trip<T>(runtime, tensors, row.dtype);
        ++tried;
      }
    });
  }
  EXPECT_EQ(tried, 10) << "all but bool and the 16-bit floats";
}

TEST_F(FieldTensor, ConvertsVectorsToOneMoreDimensionAndBack) {
  for (const Copy copy : either_way) {
    const Field<cl_float4> field(runtime, {2, 3});
    std::vector<cl_float4> values(6);
    std::memcpy(values.data(), counted(24).data(), 24 * sizeof(float));
    field.from_host(values);
    const Tensor tensor = interop::to_tensor(field, copy);
    EXPECT_EQ(tensor.shape(), Shape({2, 3, 4}));
    EXPECT_EQ(tensor.to_host<float>(tensors), counted(24));

    const auto halves = interop::to_field<cl_float2>(runtime, tensor.view({4, 3, 2}), copy);
    EXPECT_EQ(halves.shape(), Shape({4, 3}));
    const std::vector<cl_float2> pairs = halves.to_host();
    EXPECT_EQ(std::memcmp(pairs.data(), values.data(), 24 * sizeof(float)), 0);
  }
  EXPECT_EQ(interop::to_tensor(Field<cl_int2>(runtime, {1, 2, 3, 4}), Copy::no).shape(),
            Shape({1, 2, 3, 4, 2}));
}

TEST_F(FieldTensor, ConvertsBothWaysWithoutElements) {
  for (const Copy copy : either_way) {
    const Field<cl_float4> field(runtime, {3, 0});
    const Tensor tensor = interop::to_tensor(field, copy);
    EXPECT_EQ(tensor.shape(), Shape({3, 0, 4}));
    const auto back = interop::to_field<cl_float4>(runtime, tensor, copy);
    EXPECT_EQ(back.shape(), Shape({3, 0}));
    EXPECT_TRUE(back.to_host().empty());
  }
}

TEST_F(FieldTensor, SharesTheMemoryBothWaysWithoutACopy) {
  const Field<float> field(runtime, {8});
  const Tensor tensor = interop::to_tensor(field, Copy::no);
  EXPECT_TRUE(overlap(field.storage(), tensor.storage()));
  field.fill(2);
  unary_into(tensors, UnaryOperation::negate, tensor, tensor);
  EXPECT_EQ(field.to_host(), std::vector<float>(8, -2));
  const auto back = interop::to_field<float>(runtime, tensor, Copy::no);
  back.fill(5);
  EXPECT_EQ(tensor.to_host<float>(tensors), std::vector<float>(8, 5));
}

TEST_F(FieldTensor, CopyHasMemoryOfItsOwn) {
  const Field<float> field(runtime, {8});
  field.fill(2);
  const Tensor tensor = interop::to_tensor(field, Copy::yes);
  EXPECT_FALSE(overlap(field.storage(), tensor.storage()));
  field.fill(3);
  const auto back = interop::to_field<float>(runtime, tensor, Copy::yes);
  unary_into(tensors, UnaryOperation::negate, tensor, tensor);
  EXPECT_EQ(tensor.to_host<float>(tensors), std::vector<float>(8, -2));
  EXPECT_EQ(back.to_host(), std::vector<float>(8, 2));
}

TEST_F(FieldTensor, KeepsATensorsOffset) {
  const Buffer buffer = Tensor::from_host<float>(context(), counted(32), {32}).storage().buffer;
  const Tensor part = Tensor::from_buffer(buffer, {2, 4}, DType::f32, 16 * sizeof(float));
  const std::vector<float> values = {16, 17, 18, 19, 20, 21, 22, 23};
  for (const Copy copy : either_way) {
    const auto field = interop::to_field<float>(runtime, part, copy);
    EXPECT_EQ(field.to_host(), values);
    EXPECT_EQ(interop::to_tensor(field, copy).to_host<float>(tensors), values);
  }
  const auto vectors = interop::to_field<cl_float4>(runtime, part, Copy::no);
  vectors.fill({{1, 2, 3, 4}});
  EXPECT_EQ(part.to_host<float>(tensors), (std::vector<float>{1, 2, 3, 4, 1, 2, 3, 4}));
  const Tensor whole = Tensor::from_buffer(buffer, {32});
  EXPECT_EQ(whole.to_host<float>(tensors)[15], 15.0f);
  EXPECT_EQ(whole.to_host<float>(tensors)[24], 24.0f);
}

TEST_F(FieldTensor, CopiesOrRefusesVectorsAtAnOffsetBetweenThem) {
  const Buffer buffer = Tensor::from_host<float>(context(), counted(32), {32}).storage().buffer;
  const Tensor part = Tensor::from_buffer(buffer, {2, 4}, DType::f32, 2 * sizeof(float));
  expect_parts(refusal<cl_float4>(part), "[to_field] the tensor [2, 4]", "offset 8 bytes",
               "the 16 bytes of a float4", "Copy::yes");
  const auto copy = interop::to_field<cl_float4>(runtime, part, Copy::yes).to_host();
  EXPECT_EQ(copy[1].s[3], 9.0f);
}

TEST_F(FieldTensor, RefusesATensorOfAnotherType) {
  for (const Copy copy : either_way) {
    expect_parts(refusal<std::int32_t>(tensor_of(6, {2, 3}), copy), "[to_field]",
                 "a field of int takes a int32 tensor", "the tensor [2, 3] is float32");
    expect_parts(refusal<std::uint8_t>(Tensor::zeros(tensors, {2}, DType::boolean), copy), "uint8",
                 "bool");
  }
}

TEST_F(FieldTensor, RefusesATensorOfAnotherShape) {
  expect_parts(refusal<float>(tensor_of(1, {})), "a field of float has 1 to 4 dimensions",
               "shape is []");
  expect_parts(refusal<float>(tensor_of(1, {1, 1, 1, 1, 1})), "shape is [1, 1, 1, 1, 1]");
  expect_parts(refusal<cl_float4>(tensor_of(4, {4})), "1 to 4 dimensions beside the vector's",
               "shape is [4]");
  expect_parts(refusal<cl_float4>(tensor_of(4, {1, 1, 1, 1, 1, 4})), "[1, 1, 1, 1, 1, 4]");
  expect_parts(refusal<cl_float4>(tensor_of(1, {})), "innermost size is 4", "shape is []");
  for (const Copy copy : either_way) {
    expect_parts(refusal<cl_float4>(tensor_of(16, {2, 8}), copy),
                 "a field of float4 takes a tensor whose innermost size is 4", "shape is [2, 8]");
  }
}

TEST_F(FieldTensor, RefusesAViewThatIsNotContiguous) {
  for (const Copy copy : either_way) {
    expect_parts(refusal<float>(tensor_of(6, {2, 3}).transpose(), copy),
                 "[to_field] the tensor [3, 2] strides [1, 3]", "contiguous()");
  }
}

TEST_F(FieldTensor, RefusesATensorOfAnotherContext) {
  const auto tensor = Tensor::from_host<float>(test::other_context(), counted(6), {2, 3});
  for (const Copy copy : either_way) {
    expect_parts(refusal<float>(tensor, copy), "[to_field] the tensor [2, 3]",
                 "belongs to a context on '" + context().device().name() + "'", "another");
  }
}

TEST_F(FieldTensor, CopiesOnTheRuntimesStream) {
  const Tensor tensor = tensor_of(8, {8});
  test::Gate gate(runtime.stream());
  const auto field = interop::to_field<float>(runtime, tensor, Copy::yes);
  const Tensor back = interop::to_tensor(field, Copy::yes);
  EXPECT_EQ(runtime.stream().point().ticket, 2u);
  unary_into(tensors, UnaryOperation::negate, tensor, tensor);
  EXPECT_TRUE(test::is_held(tensors.record())) << "the copy has yet to read it";
  gate.release();
  EXPECT_EQ(field.to_host(), counted(8));
  EXPECT_EQ(back.to_host<float>(tensors), counted(8));
  EXPECT_EQ(tensor.to_host<float>(tensors)[7], -7.0f);
}

}  // namespace
}  // namespace dovetail
