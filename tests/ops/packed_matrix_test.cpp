// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/packed_matrix.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <variant>

#include "dovetail/core/error.hpp"
#include "dovetail/ops/matmul_tuning.hpp"
#include "dovetail/stream/explain.hpp"
#include "tests/support/contexts.hpp"
#include "tests/support/gate.hpp"
#include "tests/support/matrices.hpp"
#include "tests/support/thrown.hpp"

namespace dovetail {
namespace {

using test::context;
using test::expect_throws;

constexpr DType dtypes[] = {DType::f32, DType::f64, DType::f16, DType::bf16, DType::i8};

template <typename T>
Tensor counted(const Shape& shape, int seed) {
  // Small whole numbers: every product and sum is exact in every type, in every order.
  std::mt19937 random(static_cast<unsigned>(seed));
  std::vector<T> values(static_cast<std::size_t>(shape.size()));
  for (T& value : values) {
    const int whole = static_cast<int>(random() % 5) - 2;
    if constexpr (std::is_arithmetic_v<T>) {
      value = static_cast<T>(whole);
    } else {
      value = T(static_cast<float>(whole));
    }
  }
  return Tensor::from_host<T>(context(), values, shape);
}

Tensor counted(DType dtype, const Shape& shape, int seed) {
  switch (dtype) {
    case DType::f64:
      return counted<double>(shape, seed);
    case DType::f16:
      return counted<Float16>(shape, seed);
    case DType::bf16:
      return counted<BFloat16>(shape, seed);
    case DType::i8:
      return counted<std::int8_t>(shape, seed);
    default:
      return counted<float>(shape, seed);
  }
}

class PackedMatrixTest : public testing::Test {
 protected:
  std::vector<unsigned char> bytes(const Tensor& tensor) const {
    return Tensor::from_buffer(tensor.storage().buffer,
                               {static_cast<std::int64_t>(tensor.nbytes())}, DType::u8)
        .to_host<std::uint8_t>(stream);
  }
  void expect_same(DType dtype, std::int64_t m, std::int64_t n, std::int64_t k, bool transpose) {
    SCOPED_TRACE(testing::Message() << to_string(dtype) << " m " << m << " n " << n << " k " << k
                                    << (transpose ? " transposed" : ""));
    const Tensor a = counted(dtype, {m, k}, 1);
    const Tensor b = counted(dtype, transpose ? Shape{n, k} : Shape{k, n}, 2);
    const PackedMatrix packed(stream, b, {.transpose = transpose});
    EXPECT_EQ(packed.n(), n);
    EXPECT_EQ(packed.k(), k);
    EXPECT_EQ(packed.dtype(), dtype);
    const Tensor expected =
        matmul(stream, a, b, {.backend = MatmulBackend::reference, .transpose_b = transpose});
    EXPECT_EQ(bytes(matmul(stream, a, packed)), bytes(expected));
  }
  Stream stream{context()};
};

TEST_F(PackedMatrixTest, GivesTheSameProductForEveryType) {
  for (const DType dtype : dtypes) {
    for (const bool transpose : {false, true}) {
      expect_same(dtype, 5, 37, 19, transpose);
      expect_same(dtype, 1, 64, 40, transpose);
    }
  }
}

TEST_F(PackedMatrixTest, GivesTheSameProductForEverySize) {
  for (const std::int64_t m : {1, 2, 3, 4, 7, 8, 9, 33}) {
    for (const std::int64_t n : {1, 15, 16, 17, 32, 33, 65}) {
      expect_same(DType::f32, m, n, 13, (m + n) % 2 == 0);
    }
  }
  for (const std::int64_t k : {1, 2, 16, 257, 2049, 5000}) {
    for (const bool transpose : {false, true}) expect_same(DType::f32, 3, 40, k, transpose);
  }
}

TEST_F(PackedMatrixTest, TakesBatchesStridesAndAnEpilogue) {
  const Tensor a = counted(DType::f32, {3, 6, 20}, 1);
  const Tensor wide = counted(DType::f32, {3, 20, 50}, 2);
  const MatrixView b = MatrixView(wide).block(0, 9, 20, 30);
  const Tensor bias = counted(DType::f32, {30}, 3);
  const Epilogue epilogue{.alpha = 2.0, .bias = bias, .activation = Activation::relu};
  const MatmulOptions trusted{.backend = MatmulBackend::reference};
  const Tensor expected = Tensor::empty(stream, {3, 6, 30});
  matmul_into(stream, a, b, expected, trusted,
              {.alpha = 2.0, .bias = bias, .activation = Activation::relu});
  EXPECT_EQ(bytes(matmul(stream, a, PackedMatrix(stream, b), {}, epilogue)), bytes(expected));
  // One matrix for all of the batch.
  const Tensor one = counted(DType::f32, {20, 30}, 4);
  const Tensor shared = matmul(stream, a, one, trusted, epilogue);
  EXPECT_EQ(bytes(matmul(stream, a, PackedMatrix(stream, one), {}, epilogue)), bytes(shared));
}

TEST_F(PackedMatrixTest, ProductWithAnAlphaOfZeroDoesNotReadIt) {
  const Tensor nan = Tensor::full(stream, {8, 8}, std::numeric_limits<double>::quiet_NaN());
  const PackedMatrix packed(stream, nan);
  const Tensor bias = Tensor::full(stream, {8}, 4.0);
  const Tensor out = matmul(stream, nan, packed, {}, {.alpha = 0.0, .bias = bias});
  EXPECT_EQ(out.to_host<float>(stream), std::vector<float>(64, 4.0f));
}

TEST_F(PackedMatrixTest, TakesASnapshotInStreamOrder) {
  const Tensor a = counted(DType::f32, {4, 8}, 1);
  const Tensor b = Tensor::full(stream, {8, 16}, 1.0);
  const auto expected = matmul(stream, a, b).to_host<float>(stream);
  test::Gate gate(stream);
  const PackedMatrix packed(stream, b);
  const Tensor other = Tensor::full(stream, {8, 16}, 7.0);
  matmul_into(stream, counted(DType::f32, {8, 4}, 5), counted(DType::f32, {4, 16}, 6), b);
  const Stream second(context());
  const Tensor out = matmul(second, a, packed);  // waits for the packing on the first
  gate.release();
  EXPECT_EQ(out.to_host<float>(second), expected);
}

TEST_F(PackedMatrixTest, ProductReadsItToItsLastByte) {
  for (const DType dtype : dtypes) {
    // Fewer columns than a panel has, and than rows that are aligned.
    const PackedMatrix packed(stream, counted(dtype, {8, 3}, 1));
    const Tensor a = counted(dtype, {4, 8}, 2);
    const MatrixView last(packed.view().storage().buffer, {.rows = 1, .columns = 1}, DType::f32,
                          packed.nbytes() - sizeof(float));
    const Tensor one = Tensor::full(stream, {1, 1}, 1.0);
    stream.synchronize();
    const Stream reader(context()), writer(context());
    static_cast<void>(matmul(reader, a, packed));  // compiles
    test::Gate gate(reader);
    const Tensor out = matmul(reader, a, packed);
    OrderRecorder recorder;
    matmul_into(writer, one, one, last);
    bool has_waited = false;
    for (const OrderEntry& entry : recorder.take()) {
      const auto* const decision = std::get_if<DecisionEntry>(&entry);
      has_waited |= decision != nullptr && decision->hazard == Hazard::write_after_read &&
                    decision->verdict == Verdict::waited;
    }
    EXPECT_TRUE(has_waited) << to_string(dtype) << ": a write does not come after the product";
    gate.release();
    reader.synchronize();
    writer.synchronize();
  }
}

TEST_F(PackedMatrixTest, RefusesWhatCannotBeMultiplied) {
  expect_throws<InvalidArgument>(
      [&] {
        PackedMatrix(stream, Tensor::zeros(stream, {0, 4}));
      },
      "[PackedMatrix] b [0, 4]", "from 1", "leave out");
  constexpr std::int64_t far = std::int64_t{1} << 32;
  const MatrixView wide(Tensor::zeros(stream, {4}).storage().buffer,
                        {.rows = 1, .columns = 4, .row_stride = far});
  expect_throws<InvalidArgument>([&] { PackedMatrix(stream, wide); },
                                 "[PackedMatrix] b [1, 4] with rows 4294967296 apart",
                                 "closer together");
  expect_throws<InvalidArgument>(
      [&] {
        PackedMatrix(stream, Tensor::zeros(stream, {4, 4}, DType::i32));
      },
      "[PackedMatrix] b [4, 4] is int32");
  const Tensor foreign = Tensor::zeros(Stream(test::other_context()), {4, 4});
  expect_throws<InvalidArgument>([&] { PackedMatrix(stream, foreign); }, "[PackedMatrix] b [4, 4]",
                                 "another context");
}

TEST_F(PackedMatrixTest, RefusesAnOperandWhoseInnerSizeDiffers) {
  const PackedMatrix packed(stream, Tensor::zeros(stream, {4, 4}));
  expect_throws<InvalidArgument>(
      [&] {
        static_cast<void>(matmul(stream, Tensor::zeros(stream, {4, 5}), packed));
      },
      "inner sizes 5 and 4 differ");
}

TEST_F(PackedMatrixTest, TuningForSuchSizesDoesNotChangeHowPanelsAreRead) {
  const Tensor a = counted(DType::f32, {61, 62}, 1), b = counted(DType::f32, {62, 63}, 2);
  const MatmulCase product{.m = 61, .n = 63, .k = 62};
  const auto expected = bytes(matmul(stream, a, PackedMatrix(stream, b)));
  for (const char* choice : {"reference", ""}) {
    set_matmul_tuning(context().device(), product, {.choice = choice});
    EXPECT_EQ(bytes(matmul(stream, a, PackedMatrix(stream, b))), expected) << choice;
  }
}

TEST_F(PackedMatrixTest, KeepsTheBatchOfItsOperand) {
  const Tensor a = counted(DType::f32, {4, 8}, 1), b = counted(DType::f32, {1, 8, 16}, 2);
  EXPECT_EQ(matmul(stream, a, PackedMatrix(stream, b)).shape(), (Shape{1, 4, 16}));
  EXPECT_EQ(matmul(stream, a, PackedMatrix(stream, b.view({8, 16}))).shape(), (Shape{4, 16}));
}

TEST_F(PackedMatrixTest, MultipliesOnTheCurrentStream) {
  const StreamGuard guard(stream);
  const Tensor a = counted(DType::f32, {4, 8}, 1), b = counted(DType::f32, {8, 16}, 2);
  const PackedMatrix packed(b);
  const Tensor bias = Tensor::full(stream, {16}, 1.0);
  EXPECT_EQ(bytes(matmul(a, packed, {}, {.bias = bias})),
            bytes(matmul(a, b, {.backend = MatmulBackend::reference}, {.bias = bias})));
}

}  // namespace
}  // namespace dovetail
