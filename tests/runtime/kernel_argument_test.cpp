// SPDX-License-Identifier: Apache-2.0
// A launch names each mistake in its arguments and enqueues nothing.
#include "dovetail/runtime/kernel_argument.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "dovetail/core/error.hpp"
#include "dovetail/runtime/kernel.hpp"
#include "dovetail/tensor/tensor.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/image.hpp"
#include "tests/support/native_queue.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_parts;
using test::expect_throws;

/// kernel void scale(global float* data, float factor, uint n, local float* scratch)
class KernelArguments : public testing::Test {
 protected:
  /// Launches with `args`, which must throw and leave the data alone. Returns the text.
  template <typename... Args>
  std::string refusal(const Args&... args) {
    const auto text = test::text_thrown<InvalidArgument>(
        [&] { kernel.launch(stream, NDRange({16}, {16}), args...); });
    EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 1.0f)) << "something ran";
    return text;
  }

  Stream stream{context()};
  Kernel kernel = test::kernel_from(
      "kernel void scale(global float* data, float factor, uint n, local float* scratch) {\n"
      "  const size_t i = get_global_id(0);\n"
      "  scratch[get_local_id(0)] = factor;\n"
      "  if (i < n) data[i] *= scratch[get_local_id(0)];\n"
      "}\n",
      "scale");
  Tensor data = Tensor::full(stream, {16}, 1.0);
  LocalMemory scratch{16 * sizeof(float)};
};

TEST_F(KernelArguments, ReachTheKernelWhenTheyFit) {
  kernel.launch(stream, NDRange({16}, {16}), data, 2.0f, 16u, scratch);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 2.0f));
}

TEST_F(KernelArguments, ThrowWhenTooFewOrTooMany) {
  expect_parts(refusal(data, 2.0f, 16u), "[Kernel 'scale']", "takes 4 arguments", "given 3");
  expect_parts(refusal(data, 2.0f, 16u, scratch, 1), "[Kernel 'scale']", "takes 4 arguments",
               "given 5", "one for each parameter");
  expect_parts(refusal(), "[Kernel 'scale']", "takes 4 arguments", "given 0");
}

/// One wrong argument among right ones, and what the error says besides kernel and parameter.
struct Mistake {
  const char* name;
  std::size_t index;
  KernelArgument wrong;
  std::vector<const char*> parts;
};

TEST_F(KernelArguments, MistakesNameKernelIndexAndParameter) {
  constexpr const char* parameters[] = {"argument 0, 'float* data',", "argument 1, 'float factor',",
                                        "argument 2, 'uint n',", "argument 3, 'float* scratch',"};
  struct Pair {
    float a, b;
  };
  const float factor = 2.0f;
  const double wide = 2.0;
  const cl_uint n = 16;
  const cl_int whole = 2;
  const std::size_t wide_n = 16;
  const cl_uint4 vector{};
  const Pair pair{};
  const LocalMemory none{0};
  const Buffer foreign(test::other_context(), 64);
  Tensor tensor = Tensor::zeros(stream, {16});
  Buffer buffer = tensor.storage().buffer;
  BufferView view = tensor.storage();
  const BufferView behind{buffer, 68, 0}, across{buffer, 32, 36}, huge{buffer, 4, SIZE_MAX - 2};
  const BufferView misaligned{buffer, 4, 16};
  const std::string alignment =
      "alignment of " + std::to_string(context().device().base_address_alignment());
  const Tensor moved_tensor = std::move(tensor);
  const Buffer moved_buffer = std::move(buffer);
  const BufferView moved_view = std::move(view);

  const std::vector<KernelArgument> right{data, factor, n, scratch};
  const Mistake mistakes[] = {
      {"value for buffer", 0, factor, {"takes a buffer", "given a value", "what it declares"}},
      {"local for buffer", 0, scratch, {"takes a buffer", "given local memory"}},
      {"buffer for value", 1, data, {"takes a value", "given a buffer"}},
      {"local for value", 2, scratch, {"takes a value", "given local memory"}},
      {"buffer for local", 3, data, {"takes local memory", "given a buffer"}},
      {"value for local", 3, n, {"takes local memory", "given a value"}},
      {"null for value", 2, nullptr, {"takes a value", "given a buffer"}},
      {"double for float", 1, wide, {"takes 4 bytes", "has 8", "cast it"}},
      {"size_t for uint", 2, wide_n, {"takes 4 bytes", "has 8", "cast it"}},
      {"vector for scalar", 2, vector, {"takes 4 bytes", "has 16", "cast it"}},
      {"struct for scalar", 1, pair, {"takes 4 bytes", "has 8", "cast it"}},
      {"int for float", 1, whole, {"an integral value", "cast it"}},
      {"float for uint", 2, factor, {"a floating-point value", "cast it"}},
      {"another context", 0, foreign, {"another context", "copy it"}},
      {"offset behind the end", 0, behind, {"0 bytes at offset 68", "has 64", "inside it"}},
      {"size across the end", 0, across, {"36 bytes at offset 32", "has 64", "inside it"}},
      {"size that overflows", 0, huge, {"at offset 4 ", "has 64", "inside it"}},
      {"use behind the end", 0, whole_buffer(reads(across)), {"36 bytes at offset 32", "has 64"}},
      {"misaligned offset",
       0,
       misaligned,
       {"offset 4 bytes", alignment.c_str(), "pass the whole buffer and the offset"}},
      {"0 bytes of local memory", 3, none, {"0 bytes of local memory", "one work-group needs"}},
      {"moved-from tensor", 0, tensor, {"was moved from", "copy instead"}},
      {"moved-from buffer", 0, buffer, {"was moved from", "copy instead"}},
      {"moved-from view", 0, view, {"was moved from", "copy instead"}},
      {"use of a moved-from view", 0, updates(view), {"was moved from"}},
      {"use of a moved-from buffer", 0, reads(buffer), {"was moved from"}},
      {"whole of a moved-from one", 0, whole_buffer(writes(tensor)), {"was moved from"}},
  };
  for (const Mistake& mistake : mistakes) {
    SCOPED_TRACE(mistake.name);
    std::vector<KernelArgument> arguments = right;
    arguments[mistake.index] = mistake.wrong;
    const auto text = test::text_thrown<InvalidArgument>(
        [&] { kernel.launch(stream, NDRange({16}, {16}), arguments); });
    expect_parts(text, "[Kernel 'scale'] ", parameters[mistake.index]);
    for (const char* part : mistake.parts) expect_parts(text, part);
  }
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 1.0f)) << "something ran";
}

TEST_F(KernelArguments, RefuseVectorsOfAnotherSizeOrElement) {
  const Kernel vectors = test::kernel_from(
      "kernel void vectors(global float* out, float4 f, int2 i) { out[0] = f.x + i.x; }\n",
      "vectors");
  const auto text = [&](auto f, auto i) {
    return test::text_thrown<InvalidArgument>(
        [&] { vectors.launch(stream, NDRange({1}), data, f, i); });
  };
  const cl_float4 f{};
  const cl_int2 i{};
  vectors.launch(stream, NDRange({1}), data, f, i);
  expect_parts(text(cl_float2{}, i), "[Kernel 'vectors'] argument 1, 'float4 f',", "takes 16 bytes",
               "has 8");
  expect_parts(text(cl_uint4{}, i), "argument 1, 'float4 f',", "an integral value", "cast it");
  expect_parts(text(f, cl_float2{}), "argument 2, 'int2 i',", "a floating-point value", "cast it");
  expect_parts(text(f, cl_long2{}), "argument 2, 'int2 i',", "takes 8 bytes", "has 16");
  expect_parts(text(1.0f, i), "argument 1, 'float4 f',", "takes 16 bytes", "has 4");
}

TEST_F(KernelArguments, DriverRefusesAStructOfAnotherSize) {
  if (context().device().platform_name() == "Portable Computing Language") {
    GTEST_SKIP() << "PoCL 3.1 takes structs of any size";
  }
  struct Small {
    cl_int a;
  };
  struct Right {
    cl_int a;
    cl_float b;
  };
  const Kernel structs = test::kernel_from(
      "typedef struct { int a; float b; } Right;\n"
      "kernel void structs(global float* out, Right right) { out[0] = right.a + right.b; }\n",
      "structs");
  expect_throws<InvalidArgument>([&] { structs.launch(stream, NDRange({1}), data, Small{1}); },
                                 "[Kernel 'structs'] argument 1, 'Right right',",
                                 "a value of 4 bytes");
  structs.launch(stream, NDRange({1}), data, Right{1, 2.5f});
  EXPECT_EQ(data.to_host<float>(stream).at(0), 3.5f);
}

/// Launches with a struct of another size, which some drivers accept, then with `right`. Returns
/// what the second launch leaves in `data[0]`.
template <typename Right, typename Wrong>
float after_another_size(const Kernel& kernel, const Stream& stream, const Tensor& data,
                         const Right& right, const Wrong& wrong) {
  kernel.launch(stream, NDRange({1}), data, right);
  try {
    kernel.launch(stream, NDRange({1}), data, wrong);
  } catch (const InvalidArgument&) {
  }
  kernel.launch(stream, NDRange({1}), data, right);
  return data.to_host<float>(stream).at(0);
}

TEST_F(KernelArguments, KeepTheirValuesAfterAStructOfAnotherSize) {
  const cl_float4 small{{9, 9, 9, 9}};
  const cl_float8 large{{7, 7, 7, 7, 7, 7, 7, 7}};
  const auto kernel_of = [](const std::string& members) {
    const std::string text = "typedef struct { float " + members +
                             "; } Struct;\n"
                             "kernel void first(global float* out, Struct s) { out[0] = s.a; }\n";
    return test::kernel_from(text.c_str(), "first");
  };
  EXPECT_EQ(after_another_size(kernel_of("a, b, c, d"), stream, data, small, large), 9.0f);
  EXPECT_EQ(after_another_size(kernel_of("a, b, c, d, e, f, g, h"), stream, data, large, small),
            7.0f);
}

TEST_F(KernelArguments, RefuseRawHandlesOfAnotherContext) {
  const Buffer foreign(test::other_context(), 64);
  expect_parts(refusal(foreign.lend(), 2.0f, 16u, scratch),
               "[Kernel 'scale'] argument 0, 'float* data',", "another context", "copy it");
}

TEST_F(KernelArguments, RefuseRawHandlesOfImages) {
  const test::Image image(context());
  if (image.get() == nullptr) GTEST_SKIP() << "the device has no images";
  expect_parts(refusal(image.get(), 2.0f, 16u, scratch),
               "[Kernel 'scale'] argument 0, 'float* data',", "CL_MEM_TYPE 0x10f1", "with_queue");
}

TEST_F(KernelArguments, RefuseImagesAndSamplersWithTheRemedy) {
  const Kernel picture = test::kernel_from(
      "kernel void picture(global float* out, read_only image2d_t image, sampler_t how) {\n"
      "  out[0] = read_imagef(image, how, (int2)(0, 0)).x;\n"
      "}\n",
      "picture");
  const auto refused = test::text_thrown<InvalidArgument>(
      [&] { picture.launch(stream, NDRange({1}), data, data, cl_ulong{0}); });
  expect_parts(refused, "[Kernel 'picture'] argument 1, 'image2d_t image',", "with_queue");
  EXPECT_THROW(picture.launch(stream, NDRange({1}), data, nullptr, cl_ulong{0}), InvalidArgument);
  const Kernel sampler = test::kernel_from(
      "kernel void sampled(global float* out, sampler_t how) { out[0] = 5.0f; }\n", "sampled");
  expect_throws<InvalidArgument>([&] { sampler.launch(stream, NDRange({1}), data, cl_ulong{0}); },
                                 "[Kernel 'sampled'] argument 1, 'sampler_t how',", "with_queue");
}

TEST_F(KernelArguments, NullReachesTheKernelAsANullPointer) {
  const Kernel test_null = test::kernel_from(
      "kernel void test_null(global float* out, global const float* maybe, constant float* table)\n"
      "{ out[get_global_id(0)] = (maybe == 0 ? 1 : 2) + (table == 0 ? 10 : 20); }\n",
      "test_null");
  const auto result = [&](const KernelArgument& maybe, const KernelArgument& table) {
    test_null.launch(stream, NDRange({1}), data, maybe, table);
    return data.to_host<float>(stream).at(0);
  };
  const Tensor given = Tensor::zeros(stream, {4});
  EXPECT_EQ(result(given, given), 22.0f);
  EXPECT_EQ(result(nullptr, given), 21.0f);
  EXPECT_EQ(result(cl_mem{nullptr}, nullptr), 11.0f);
  EXPECT_EQ(result(Buffer(context(), 0), given), 21.0f);
  const Buffer buffer(context(), 1024);
  for (const std::size_t offset : {0, 512, 1024}) {
    EXPECT_EQ(result(buffer, given), 22.0f);
    EXPECT_EQ(result(BufferView{buffer, offset, 0}, given), 21.0f) << offset;
  }
  EXPECT_EQ(result(given, given), 22.0f);
}

TEST_F(KernelArguments, RefuseAStreamOfAnotherContext) {
  const Stream foreign(test::other_context());
  expect_throws<InvalidArgument>(
      [&] { kernel.launch(foreign, NDRange({16}), data, 2.0f, 16u, scratch); }, "[Kernel 'scale']",
      "the stream belongs to another context");
}

TEST_F(KernelArguments, RefusedLaunchLeavesTheKernelUsable) {
  refusal(data, 2, 16u, scratch);
  const Tensor shifted = Tensor::from_buffer(data.storage().buffer, {4}, DType::f32, 4);
  refusal(shifted, 2.0f, 4u, scratch);
  kernel.launch(stream, NDRange({16}, {16}), data, 3.0f, 16u, scratch);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 3.0f));
}

TEST_F(KernelArguments, EnqueueChecksAListAsLaunchDoes) {
  const float factor = 2.0f;
  const cl_uint n = 16;
  const std::vector<KernelArgument> good{data, factor, n, scratch};
  kernel.launch(stream, NDRange({16}, {16}), good);
  EXPECT_EQ(data.to_host<float>(stream), std::vector<float>(16, 2.0f));
  const std::vector<KernelArgument> bad{data, n, n, scratch};
  EXPECT_THROW(kernel.launch(stream, NDRange({16}, {16}), bad), InvalidArgument);
}

}  // namespace
}  // namespace dovetail
