// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/field.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <future>
#include <limits>
#include <optional>
#include <thread>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/support/driver_probe.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/ordered_work.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::expect_parts;
using test::expect_throws;
using test::text_thrown;

template <DType dtype, typename... Types>
constexpr bool are_elements_of() {
  unsigned width = 1;
  const auto is_next = [&](ElementType type, std::size_t nbytes) {
    const bool is_right = type.dtype == dtype && type.width == width && type.nbytes == nbytes;
    width *= 2;
    return is_right;
  };
  return (is_next(element_type_of<Types>, sizeof(Types)) && ...);
}
static_assert(are_elements_of<DType::f32, float, cl_float2, cl_float4, cl_float8, cl_float16>());
static_assert(
    are_elements_of<DType::f64, double, cl_double2, cl_double4, cl_double8, cl_double16>());
static_assert(are_elements_of<DType::i8, std::int8_t, cl_char2, cl_char4, cl_char8, cl_char16>());
static_assert(
    are_elements_of<DType::u8, std::uint8_t, cl_uchar2, cl_uchar4, cl_uchar8, cl_uchar16>());
static_assert(
    are_elements_of<DType::i16, std::int16_t, cl_short2, cl_short4, cl_short8, cl_short16>());
static_assert(
    are_elements_of<DType::u16, std::uint16_t, cl_ushort2, cl_ushort4, cl_ushort8, cl_ushort16>());
static_assert(are_elements_of<DType::i32, std::int32_t, cl_int2, cl_int4, cl_int8, cl_int16>());
static_assert(
    are_elements_of<DType::u32, std::uint32_t, cl_uint2, cl_uint4, cl_uint8, cl_uint16>());
static_assert(are_elements_of<DType::i64, std::int64_t, cl_long2, cl_long4, cl_long8, cl_long16>());
static_assert(
    are_elements_of<DType::u64, std::uint64_t, cl_ulong2, cl_ulong4, cl_ulong8, cl_ulong16>());

struct NoVector {
  float s[4];
};
union OddVector {
  float s[5];
};
union PaddedVector {
  float s[4];
  char more[32];
};
static_assert(!FieldElement<bool> && !FieldElement<char> && !FieldElement<void*>);
static_assert(!FieldElement<NoVector> && !FieldElement<OddVector> && !FieldElement<PaddedVector>);
static_assert(HasStorage<Field<cl_float4>>);

TEST(FieldElement, HasItsNameInOpenCL) {
  EXPECT_EQ(to_string(element_type_of<float>), "float");
  EXPECT_EQ(to_string(element_type_of<cl_double2>), "double2");
  EXPECT_EQ(to_string(element_type_of<std::int8_t>), "char");
  EXPECT_EQ(to_string(element_type_of<cl_uchar16>), "uchar16");
  EXPECT_EQ(to_string(element_type_of<std::int16_t>), "short");
  EXPECT_EQ(to_string(element_type_of<cl_ushort4>), "ushort4");
  EXPECT_EQ(to_string(element_type_of<std::int32_t>), "int");
  EXPECT_EQ(to_string(element_type_of<cl_uint8>), "uint8");
  EXPECT_EQ(to_string(element_type_of<std::int64_t>), "long");
  EXPECT_EQ(to_string(element_type_of<std::uint64_t>), "ulong");
}

/// Returns elements whose bytes repeat only after 251.
template <typename T>
std::vector<T> values_of(std::size_t count) {
  std::vector<T> values(count);
  auto* bytes = reinterpret_cast<unsigned char*>(values.data());
  for (std::size_t i = 0; i < count * sizeof(T); ++i)
    bytes[i] = static_cast<unsigned char>(i % 251);
  return values;
}

template <typename T>
bool same_bytes(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

template <typename T>
class AnyField : public testing::Test {};
using Elements =
    testing::Types<float, double, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t,
                   std::int32_t, std::uint32_t, std::int64_t, std::uint64_t, cl_char2, cl_uchar16,
                   cl_short4, cl_ushort8, cl_int2, cl_int16, cl_uint4, cl_long8, cl_ulong16,
                   cl_float2, cl_float4, cl_float8, cl_float16, cl_double2, cl_double16>;
TYPED_TEST_SUITE(AnyField, Elements);

TYPED_TEST(AnyField, ReturnsWhatItWasGiven) {
  const Runtime runtime;
  for (const std::int64_t count : {1, 7, 1031}) {
    const Field<TypeParam> field(runtime, {count});
    EXPECT_EQ(field.nbytes(), static_cast<std::size_t>(count) * sizeof(TypeParam));
    const auto values = values_of<TypeParam>(static_cast<std::size_t>(count));
    field.from_host(values);
    EXPECT_TRUE(same_bytes(field.to_host(), values)) << count;
  }
}

TYPED_TEST(AnyField, FillsWithOneValue) {
  const Field<TypeParam> field(Runtime(), {33, 3});
  const TypeParam value = values_of<TypeParam>(1).front();
  field.fill(TypeParam{});
  field.fill(value);
  EXPECT_TRUE(same_bytes(field.to_host(), std::vector<TypeParam>(99, value)));
}

TYPED_TEST(AnyField, EnqueuesNothingWithoutElements) {
  const Runtime runtime;
  const Field<TypeParam> field(runtime, {3, 0, 2});
  EXPECT_EQ(field.size(), 0);
  EXPECT_EQ(field.nbytes(), 0u);
  field.fill(TypeParam{});
  field.from_host({});
  EXPECT_TRUE(field.to_host().empty());
  EXPECT_EQ(runtime.stream().point().ticket, 0u);
}

TEST(Field, ReportsItsFacts) {
  const Runtime runtime;
  const Field<cl_float4> field(runtime, {5, 3});
  EXPECT_EQ(field.shape(), Shape({5, 3}));
  EXPECT_EQ(field.size(), 15);
  EXPECT_EQ(field.nbytes(), 240u);
  EXPECT_EQ(field.stream().id(), runtime.stream().id());
  EXPECT_EQ(field.context(), runtime.context());
  EXPECT_EQ(field.storage().offset, 0u);
  EXPECT_EQ(field.storage().nbytes, 240u);
}

TEST(Field, HasOneToFourDimensions) {
  const Runtime runtime;
  EXPECT_EQ(Field<float>(runtime, {7}).shape().rank(), 1u);
  EXPECT_EQ(Field<float>(runtime, {1, 2, 3, 4}).size(), 24);
  const auto refusal = [&](const Shape& shape) {
    return text_thrown<InvalidArgument>([&] { Field<float>(runtime, shape); });
  };
  expect_parts(refusal({}), "[Field] a field has 1 to 4 dimensions", "the shape is []");
  expect_parts(refusal({1, 1, 1, 1, 2}), "1 to 4 dimensions", "the shape is [1, 1, 1, 1, 2]");
}

TEST(Field, RefusesMoreBytesThanCanBeCounted) {
  const Runtime runtime;
  expect_throws<InvalidArgument>(
      [&] { Field<cl_double16>(runtime, {std::numeric_limits<std::int64_t>::max()}); },
      "[Field] shape [9223372036854775807] of double16", "64 bits");
  EXPECT_THROW(Field<float>(runtime, {std::int64_t{1} << 50}), OutOfMemory);
}

TEST(Field, RefusesAnotherNumberOfValues) {
  const Field<cl_int2> field(Runtime(), {4, 2});
  const std::vector<cl_int2> values(9);
  expect_throws<InvalidArgument>([&] { field.from_host(values); }, "[Field::from_host] 9 values",
                                 "int2 [4, 2]", "has 8 elements");
  expect_throws<InvalidArgument>([&] { field.from_host({}); }, "0 values");
}

TEST(Field, FromHostCopiesItsValuesAndWritesInOrder) {
  const Runtime runtime;
  const Field<std::int32_t> field(runtime, {64});
  const Field<std::int32_t> before(runtime, {64});
  field.fill(1);
  test::Gate gate(runtime.stream());
  runtime.launch(test::copy_kernel(), NDRange({64}), field, before);
  {
    std::vector<std::int32_t> values(64, 10);
    field.from_host(values);
    values.assign(64, -1);
  }
  runtime.launch(test::grow_kernel(), NDRange({64}), field);
  gate.release();
  EXPECT_EQ(field.to_host(), std::vector<std::int32_t>(64, 21));
  EXPECT_EQ(before.to_host(), std::vector<std::int32_t>(64, 1));
}

TEST(Field, TransfersRunAfterWorkOfOtherStreams) {
  const Runtime runtime;
  const Stream other(runtime.context());
  const Field<std::int32_t> field(runtime, {64});
  field.fill(1);
  runtime.synchronize();
  std::optional<test::Gate> gate(std::in_place, other);
  test::grow_kernel().launch(other, NDRange({64}), field);
  field.fill(5);
  test::grow_kernel().launch(other, NDRange({64}), field);
  field.from_host(std::vector<std::int32_t>(64, 7));
  test::grow_kernel().launch(other, NDRange({64}), field);
  EXPECT_EQ(runtime.stream().statistics().waits(), 2u);
  EXPECT_TRUE(test::is_held(runtime.stream().record()));
  gate->release();
  EXPECT_EQ(field.to_host(), std::vector<std::int32_t>(64, 15));
  EXPECT_EQ(runtime.stream().statistics().waits(), 3u);
}

TEST(Field, ToHostWaitsOnce) {
  const Runtime runtime;
  const Field<float> field(runtime, {64});
  field.fill(1.5f);
  EXPECT_EQ(field.to_host(), std::vector<float>(64, 1.5f));
  EXPECT_EQ(runtime.stream().statistics().host_waits, 1u);
}

TEST(Field, ServesAsAnArgumentOfAnyKernel) {
  const Runtime runtime;
  const Kernel scale = runtime.kernel(
      {.name = "scale4.cl",
       .text = "kernel void scale4(global const float4* from, global float4* to, float4 by) {\n"
               "  to[get_global_id(0)] = from[get_global_id(0)] * by;\n"
               "}\n"},
      "scale4");
  const Field<cl_float4> from(runtime, {5}), to(runtime, {5});
  from.fill({{1, 2, 3, 4}});
  const cl_float4 by = {{2, 3, 4, 5}};
  runtime.launch(scale, NDRange({5}), from, writes(to.storage()), by);
  const std::vector<cl_float4> result = to.to_host();
  for (const cl_float4& value : result) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(value.s[i], static_cast<float>((i + 1) * (i + 2)));
  }
}

TEST(Field, SharesItsDataWithItsCopies) {
  const Field<float> field(Runtime(), {8});
  const Field<float> copy = field;
  copy.fill(3);
  EXPECT_EQ(field.storage().buffer, copy.storage().buffer);
  EXPECT_EQ(field.to_host(), std::vector<float>(8, 3));
}

TEST(Field, TakesItsMemoryFromThePoolAndReturnsIt) {
  const Runtime runtime;
  MemoryPool& pool = MemoryPool::of(runtime.context());
  const std::size_t before = pool.statistics().in_use;
  {
    const Field<float> field(runtime, {1 << 20});
    EXPECT_GE(pool.statistics().in_use, before + (std::size_t{4} << 20));
    const Field<float> copy = field;
  }
  EXPECT_EQ(pool.statistics().in_use, before);
}

TEST(Field, OutlivesItsRuntime) {
  std::optional<Runtime> runtime(std::in_place);
  const std::uint64_t id = runtime->stream().id();
  const Field<float> field(*runtime, {8});
  field.fill(3);
  runtime.reset();
  EXPECT_EQ(field.stream().id(), id);
  EXPECT_EQ(field.to_host(), std::vector<float>(8, 3));
  field.fill(4);
  EXPECT_EQ(field.to_host(), std::vector<float>(8, 4));
}

TEST(Field, ToHostReportsAFailureDuringTheRead) {
  DOVETAIL_SKIP_UNLESS_FAILURES_PROPAGATE();
  const Runtime runtime;
  const Field<float> field(runtime, {8});
  field.fill(1);
  runtime.synchronize();
  test::Gate gate(runtime.stream());
  auto text = std::async(std::launch::async, [&] {
    return text_thrown<CommandError>([&] { static_cast<void>(field.to_host()); });
  });
  while (runtime.stream().point().ticket < 2) std::this_thread::yield();  // the read is enqueued
  gate.fail(CL_OUT_OF_RESOURCES);
  expect_parts(text.get(), "[Field::to_host]");
  EXPECT_THROW(field.fill(2), CommandError);
  EXPECT_THROW(field.from_host(std::vector<float>(8)), CommandError);
  EXPECT_THROW(static_cast<void>(field.to_host()), CommandError);
}

}  // namespace
}  // namespace dovetail
