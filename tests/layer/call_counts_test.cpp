// SPDX-License-Identifier: Apache-2.0
// Which OpenCL calls the library makes, counted by the layer, and that the layer counts right.
#include "layer/call_counts.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "dovetail/ops/elementwise.hpp"
#include "dovetail/ops/matmul.hpp"
#include "dovetail/ops/softmax.hpp"
#include "dovetail/stream/memory_pool.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/counted_stream.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/threads.hpp"

namespace dovetail {
namespace {

using test::Calls;
using test::calls_during;
using test::context;
using test::LayerTest;
using test::without_queries;

using CallCounts = test::CountedStream;

TEST_F(LayerTest, FailsWhereALoaderThatTakesLayersDidNotOpenThisOne) {
  if (test::in_child()) return;  // what is set up has failed
  const auto child = test::run_again_in_child({{"OPENCL_LAYERS", "/no/such/layer.so"}});
  EXPECT_FALSE(child.passed);
  EXPECT_NE(child.output.find("the loader did not open the layer"), std::string::npos)
      << child.output;
}

TEST_F(CallCounts, LaunchSetsChangedArgumentsAndEnqueues) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::zeros(stream, {16}), other = Tensor::zeros(stream, {16});
  const auto launch = [&](const Tensor& tensor, float factor, float summand) {
    return calls_during([&] { kernel.launch(stream, NDRange({16}), tensor, factor, summand); });
  };
  const auto expected = [](std::uint64_t arguments) {
    return Calls{{"clSetKernelArg", arguments}, {"clEnqueueNDRangeKernel", 1}};
  };
  const Calls enqueue_alone{{"clEnqueueNDRangeKernel", 1}};
  EXPECT_EQ(launch(data, 1.0f, 2.0f), expected(3));
  EXPECT_EQ(launch(data, 1.0f, 2.0f), enqueue_alone);
  EXPECT_EQ(launch(data, 1.0f, 3.0f), expected(1));
  EXPECT_EQ(launch(other, 1.0f, 3.0f), expected(1));
  EXPECT_EQ(launch(data, 4.0f, 5.0f), expected(3));
  EXPECT_EQ(launch(data, 4.0f, 5.0f), enqueue_alone);
}

TEST_F(CallCounts, LaunchWithAnOffsetAddsASubBuffer) {
  const Kernel kernel = test::multiply_add_kernel();
  const std::size_t alignment = context().device().base_address_alignment();
  const Buffer buffer(context(), 2 * alignment);
  const Tensor part = Tensor::from_buffer(buffer, {4}, DType::f32, alignment);
  kernel.launch(stream, NDRange({4}), part, 1.0f, 2.0f);
  EXPECT_EQ(calls_during([&] { kernel.launch(stream, NDRange({4}), part, 1.0f, 2.0f); }),
            (Calls{{"clCreateSubBuffer", 1},
                   {"clSetKernelArg", 1},
                   {"clEnqueueNDRangeKernel", 1},
                   {"clReleaseMemObject", 1}}));
}

TEST_F(CallCounts, RefusedLaunchMakesNoCall) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::zeros(stream, {16});
  EXPECT_EQ(calls_during([&] {
              EXPECT_THROW(kernel.launch(stream, NDRange({16}), data, 1.0f), std::exception);
              EXPECT_THROW(kernel.launch(stream, NDRange({16}), data, 1.0f, 2), std::exception);
              EXPECT_THROW(kernel.launch(stream, NDRange({16}), 3, 1.0f, 2.0f), std::exception);
            }),
            Calls{});
}

TEST_F(CallCounts, WarmOperationOnlyEnqueues) {
  const Tensor a = Tensor::zeros(stream, {3, 5});
  for (const auto& operation : std::vector<std::function<Tensor()>>{
           [&] { return exp(stream, a); }, [&] { return add(stream, a, a); },
           [&] { return softmax(stream, a); }}) {
    operation();
    EXPECT_EQ(calls_during([&] { operation(); }), (Calls{{"clEnqueueNDRangeKernel", 1}}));
  }
}

TEST_F(CallCounts, OperationWhoseResultStaysAllocatesItsMemory) {
  const Tensor a = Tensor::zeros(stream, {3, 5});
  static_cast<void>(exp(stream, a));
  MemoryPool::of(context()).trim();
  std::vector<Tensor> kept;
  const Calls expected{{"clCreateBuffer", 1},
                       {"clSetMemObjectDestructorCallback", 1},
                       {"clSetKernelArg", 1},
                       {"clEnqueueNDRangeKernel", 1}};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(calls_during([&] { kept.push_back(exp(stream, a)); }), expected);
  }
  EXPECT_EQ(calls_during([&] { kept.clear(); }), Calls{});
  EXPECT_EQ(calls_during([&] { MemoryPool::of(context()).trim(); }),
            (Calls{{"clReleaseMemObject", 2}}));
}

TEST_F(CallCounts, MatmulWaitsOnNoBackend) {
  for (const MatmulBackend backend : matmul_backends()) {
    for (const Shape& shape : {Shape{48, 48}, Shape{400, 400}, Shape{3, 48, 48}}) {
      SCOPED_TRACE(std::string(to_string(backend)) + " " + shape.str());
      const Tensor a = Tensor::zeros(stream, shape);
      for (const std::string state : {"cold", "warm"}) {
        const Calls calls =
            calls_during([&] { static_cast<void>(matmul(stream, a, a, {.backend = backend})); });
        EXPECT_EQ(calls.count("clFinish"), 0u) << state;
        EXPECT_EQ(calls.count("clWaitForEvents"), 0u) << state;
        EXPECT_EQ(calls.count("clEnqueueReadBuffer"), 0u) << state;
        EXPECT_EQ(calls.count("clEnqueueMapBuffer"), 0u) << state;
        const bool may_compile_apart = backend == MatmulBackend::clblast && state == "cold";
        EXPECT_LE(calls.count("clCreateCommandQueueWithProperties"), may_compile_apart ? 1u : 0u)
            << state;
        EXPECT_EQ(calls.count("clCreateCommandQueue"), 0u) << state;
        EXPECT_GE(calls.at("clEnqueueNDRangeKernel"), 1u) << state;
      }
    }
  }
}

TEST_F(CallCounts, WarmProductAllocatesNoMemory) {
  for (const MatmulBackend backend : matmul_backends()) {
    for (const Shape& shape : {Shape{48, 48}, Shape{400, 400}}) {
      const Tensor a = Tensor::zeros(stream, shape);
      static_cast<void>(matmul(stream, a, a, {.backend = backend}));
      const Calls calls =
          calls_during([&] { static_cast<void>(matmul(stream, a, a, {.backend = backend})); });
      EXPECT_EQ(calls.count("clCreateBuffer"), 0u) << to_string(backend) << " " << shape.str();
      EXPECT_EQ(calls.count("clReleaseMemObject"), 0u) << to_string(backend) << " " << shape.str();
    }
  }
}

TEST_F(CallCounts, HandOffBetweenKernelAndMatmulHasNoSynchronisation) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor a = Tensor::zeros(stream, {48, 48});
  for (const MatmulBackend backend : matmul_backends()) {
    const auto step = [&] {
      kernel.launch(stream, NDRange({48 * 48}), a, 1.0f, 1.0f);
      const Tensor out = matmul(stream, a, a, {.backend = backend});
      kernel.launch(stream, NDRange({48 * 48}), out, 1.0f, 1.0f);
    };
    step();
    const auto before = test::totals();
    const Calls calls = calls_during(step);
    EXPECT_EQ(test::totals().wait_list_events, before.wait_list_events) << to_string(backend);
    EXPECT_EQ(test::totals().bytes, before.bytes) << to_string(backend);
    for (const char* wait : {"clFinish", "clFlush", "clWaitForEvents",
                             "clEnqueueBarrierWithWaitList", "clEnqueueMarkerWithWaitList"}) {
      EXPECT_EQ(calls.count(wait), 0u) << wait << ", " << to_string(backend);
    }
  }
}

TEST_F(CallCounts, TransferMakesOneCallWithItsBytes) {
  const std::vector<float> values(1000, 1.0f);
  const auto before = test::totals();
  EXPECT_EQ(calls_during([&] {
              EXPECT_EQ(Tensor::from_host<float>(context(), values, {1000}).size(), 1000);
            }),
            (Calls{{"clCreateBuffer", 1},
                   {"clSetMemObjectDestructorCallback", 1},
                   {"clReleaseMemObject", 1}}));
  EXPECT_EQ(test::totals().bytes - before.bytes, 4000u);
  const Tensor tensor = Tensor::zeros(stream, {500});
  const auto between = test::totals();
  EXPECT_EQ(
      without_queries(calls_during([&] { static_cast<void>(tensor.to_host<float>(stream)); })),
      (Calls{{"clEnqueueReadBuffer", 1}, {"clWaitForEvents", 1}, {"clReleaseEvent", 1}}));
  EXPECT_EQ(test::totals().bytes - between.bytes, 2000u);
}

TEST_F(CallCounts, EightThreadsAreCountedExactly) {
  const Kernel kernel = test::multiply_add_kernel();
  const Tensor data = Tensor::zeros(stream, {1});
  const Calls calls = calls_during([&] {
    test::on_threads(8, [&](int thread) {
      for (int i = 0; i < 500; ++i) {
        const auto summand = static_cast<float>(500 * thread + i);
        kernel.launch(stream, NDRange({1}), data, 1.0f, summand);
      }
    });
  });
  // The summand changes each time, the others are set once for each cl_kernel; one is there
  // already.
  const std::uint64_t kernels =
      1 + (calls.contains("clCreateKernel") ? calls.at("clCreateKernel") : 0);
  EXPECT_LE(kernels, 8u);
  EXPECT_EQ(calls.at("clEnqueueNDRangeKernel"), 4000u);
  EXPECT_EQ(calls.at("clSetKernelArg"), 4000u + 2 * kernels);
  EXPECT_EQ(data.to_host<float>(stream).at(0), 3999.0f * 4000.0f / 2);
}

TEST_F(CallCounts, FailuresAreCountedApart) {
  const Program program =
      Program::from_source(context(), {.name = "f.cl", .text = "kernel void f() {}"});
  const auto before = test::totals();
  const Calls calls = calls_during([&] {
    EXPECT_EQ(clCreateKernel(program.get(), "absent", nullptr), nullptr);
    clReleaseKernel(clCreateKernel(program.get(), "f", nullptr));
  });
  EXPECT_EQ(calls, (Calls{{"clCreateKernel", 2}, {"clReleaseKernel", 1}}));
  EXPECT_EQ(test::totals().failures - before.failures, 1u);
}

TEST_F(CallCounts, ProcessWritesItsReportAsItEnds) {
  if (test::in_child()) {
    for (int i = 0; i < 7; ++i) stream.flush();
    return;
  }
  const test::TemporaryDirectory folder;
  const auto child = test::run_again_in_child(
      {{"DOVETAIL_LAYER_REPORT", (folder.path() / "calls of %p").string()}});
  ASSERT_TRUE(child.passed) << child.output;
  ASSERT_NE(std::filesystem::directory_iterator(folder.path()),
            std::filesystem::directory_iterator{});
  std::ifstream file(std::filesystem::directory_iterator(folder.path())->path());
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_TRUE(text.starts_with("# Dovetail layer: OpenCL calls of process ")) << text;
  const auto row = text.find("\nclFlush ");
  ASSERT_NE(row, std::string::npos) << text;
  EXPECT_EQ(std::stoi(text.substr(row + 9)), 7) << text;
}

}  // namespace
}  // namespace dovetail
