// SPDX-License-Identifier: Apache-2.0
// ViennaCL's vectors and matrices on a queue and on memory that it shares with Dovetail.
#define VIENNACL_WITH_OPENCL  // NOLINT(readability-identifier-naming): ViennaCL's own
#include <gtest/gtest.h>

#include <viennacl/linalg/inner_prod.hpp>
#include <viennacl/linalg/prod.hpp>
#include <viennacl/matrix.hpp>
#include <viennacl/vector.hpp>

#include "dovetail/ops/elementwise.hpp"
#include "tests/interop/held_queue.hpp"

namespace dovetail {
namespace {

using test::context;

constexpr std::size_t count = 512;

/// ViennaCL numbers its contexts; each is set up once in a process and keeps a reference to the
/// context and the queue until its end.
class ViennaCL : public test::HeldQueueTest {
 protected:
  ViennaCL() {
    static const bool is_set_up = [] {
      viennacl::ocl::setup_context(0, context().get(), context().device().get(),
                                   shared_stream().get());
      return true;
    }();
    static_cast<void>(is_set_up);
    viennacl::ocl::switch_context(0);
  }
  static const Stream& shared_stream() {
    static const Stream* const stream = new Stream(context());
    return *stream;
  }
  const Stream& stream = shared_stream();
};

cl_mem memory_of(const Tensor& tensor) { return tensor.storage().buffer.lend(); }

TEST_F(ViennaCL, WorksBetweenOurOperationsOnOurQueue) {
  const Tensor x = floats(counting(count)), y = floats(counting(count));
  viennacl::vector<float> their_x(memory_of(x), count), their_y(memory_of(y), count);
  expect_held(stream, [&] {
    multiply_add(stream, x, 1, 1);
    their_y += 2.0f * their_x;
    multiply_add(stream, y, 10, 0);
  });
  EXPECT_EQ(y.to_host<float>(stream),
            mapped(counting(count), [](float i) { return (i + 2 * (i + 1)) * 10; }));
}

TEST_F(ViennaCL, MultipliesAMatrixAndAVectorBetweenOurOperations) {
  constexpr std::size_t n = 32;
  const Tensor a = floats(counting(n * n)), x = Tensor::zeros(stream, {n}),
               y = Tensor::empty(stream, {n});
  const viennacl::matrix<float> their_a(memory_of(a), n, n);
  const viennacl::vector<float> their_x(memory_of(x), n);
  viennacl::vector<float> their_y(memory_of(y), n);
  expect_held(stream, [&] {
    multiply_add(stream, x, 0, 1);
    their_y = viennacl::linalg::prod(their_a, their_x);
    multiply_add(stream, y, 2, 0);
  });
  const std::vector<float> result = y.to_host<float>(stream);
  for (std::size_t row = 0; row < n; ++row) {
    EXPECT_EQ(result[row], static_cast<float>((2 * row * n + n - 1) * n)) << "row " << row;
  }
}

TEST_F(ViennaCL, GivesAScalarToTheHostInTheOrderOfTheQueue) {
  const Tensor x = floats(counting(8));
  const viennacl::vector<float> their_x(memory_of(x), 8);
  multiply_add(stream, x, 0, 3);
  const float sum_of_squares = viennacl::linalg::inner_prod(their_x, their_x);  // waits
  EXPECT_EQ(sum_of_squares, 72.0f);
}

TEST_F(ViennaCL, KeepsTheMemoryForAsLongAsItsVector) {
  const Tensor x = floats(counting(count));
  cl_uint before = 0, during = 0, after = 0;
  const auto count_references = [&](cl_uint& references) {
    clGetMemObjectInfo(memory_of(x), CL_MEM_REFERENCE_COUNT, sizeof(cl_uint), &references, nullptr);
  };
  count_references(before);
  {
    const viennacl::vector<float> theirs(memory_of(x), count);
    count_references(during);
  }
  count_references(after);
  EXPECT_EQ(during, before + 1);
  EXPECT_EQ(after, before);
}

TEST_F(ViennaCL, HasItsOwnQueueAndVectorAdoptedByUs) {
  viennacl::ocl::setup_context(1, std::vector<cl_device_id>{context().device().get()});
  viennacl::ocl::switch_context(1);
  const viennacl::ocl::context& theirs = viennacl::ocl::current_context();
  const std::vector<float> values = counting(count);
  viennacl::vector<float> their_x(count);
  viennacl::copy(values, their_x);

  const auto ours = Context::retain(theirs.handle().get(), context().device());
  const Stream adopted = Stream::retain(ours, viennacl::ocl::get_queue().handle().get());
  const Tensor x =
      Tensor::from_buffer(Buffer::retain(ours, their_x.handle().opencl_handle().get()), {count});
  expect_held(adopted, [&] {
    their_x *= 2.0f;
    binary_into(adopted, BinaryOperation::multiply, x, x, x);
    their_x *= 3.0f;
  });
  std::vector<float> result(count);
  viennacl::copy(their_x, result);
  EXPECT_EQ(result, mapped(counting(count), [](float i) { return 12 * i * i; }));
}

}  // namespace
}  // namespace dovetail
