// SPDX-License-Identifier: Apache-2.0
// Small products by each of Dovetail's kernels, for a simulator to watch: every access must lie in
// its buffer, and no two work-items may race. tests/ops compares the results of all kernels.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <span>
#include <vector>

#include "dovetail/ops/matmul.hpp"

namespace {

using dovetail::DType;
using dovetail::MatmulBackend;
using dovetail::MatrixView;

struct Sizes {
  std::int64_t m, n, k;
};

class Products {
 public:
  /// A matrix that ends where its buffer does, with rows apart, from the host: fills by the device
  /// are taken for unwritten by Oclgrind.
  MatrixView matrix(std::int64_t rows, std::int64_t columns, DType dtype) {
    const std::int64_t stride = columns + 3, offset = 4;
    const auto elements = static_cast<std::size_t>(offset + (rows - 1) * stride + columns);
    // In every type a small number, as long as it is no NaN.
    const std::vector<std::byte> bytes(elements * size_of(dtype), std::byte{0x3c});
    return {dovetail::Buffer(stream.context(), bytes.size(), bytes.data()),
            {.rows = rows, .columns = columns, .row_stride = stride},
            dtype,
            static_cast<std::size_t>(offset) * size_of(dtype)};
  }

  void multiply(const Sizes& s, bool transposed, DType in, DType out, bool has_epilogue,
                MatmulBackend backend) {
    dovetail::EpilogueInto epilogue;
    if (has_epilogue) {
      epilogue = {.alpha = 2.0,
                  .beta = 1.0,
                  .residual = matrix(s.m, s.n, out),
                  .activation = dovetail::Activation::relu};
    }
    matmul_into(stream, transposed ? matrix(s.k, s.m, in) : matrix(s.m, s.k, in),
                transposed ? matrix(s.n, s.k, in) : matrix(s.k, s.n, in), matrix(s.m, s.n, out),
                {.backend = backend, .transpose_a = transposed, .transpose_b = transposed},
                epilogue);
    stream.synchronize();
  }

  const dovetail::Stream stream{dovetail::Context::default_context()};
};

void run() {
  Products products;
  constexpr Sizes sizes[] = {{1, 37, 19}, {37, 1, 19}, {3, 5, 70}, {19, 35, 18}};
  for (const Sizes& s : sizes) {
    for (const bool transposed : {false, true}) {
      products.multiply(s, transposed, DType::f32, DType::f32, false, MatmulBackend::kernel);
    }
    products.multiply(s, false, DType::f32, DType::f32, true, MatmulBackend::kernel);
  }
  constexpr Sizes odd{5, 19, 7};
  for (const auto& [in, out] : {std::pair{DType::f16, DType::f16},
                                {DType::bf16, DType::f32},
                                {DType::i8, DType::i32},
                                {DType::f64, DType::f64}}) {
    products.multiply(odd, false, in, out, in == DType::f16, MatmulBackend::kernel);
  }
  products.multiply(odd, true, DType::f32, DType::f32, true, MatmulBackend::reference);
}

}  // namespace

int main() {
  try {
    run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::puts("products are done");
  return 0;
}
