// SPDX-License-Identifier: Apache-2.0
// Matrix products by every backend, and by CLBlast called directly: completion, GFLOP/s, and the
// host's part apart.
#include "dovetail/ops/matmul.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "benchmarks/ops/raw_clblast.hpp"
#include "benchmarks/support/report.hpp"
#include "benchmarks/support/timing.hpp"
#include "benchmarks/support/values.hpp"

namespace dovetail::bench {
namespace {

using Sizes = std::array<std::size_t, 3>;  // m, n, k

/// Operands, and their product accumulated in double; made once for each size.
struct Product {
  explicit Product(const Sizes& sizes)
      : a(random_values(sizes[0] * sizes[2], 1)),
        b(random_values(sizes[2] * sizes[1], 2)),
        out(sizes[0] * sizes[1]) {
    const auto [m, n, k] = sizes;
    for (std::size_t i = 0; i < m; ++i) {
      for (std::size_t p = 0; p < k; ++p) {
        const double factor = a[i * k + p];
        for (std::size_t j = 0; j < n; ++j) out[i * n + j] += factor * b[p * n + j];
      }
    }
  }

  static const Product& of(const Sizes& sizes) {
    static std::map<Sizes, std::unique_ptr<Product>> products;
    auto& product = products[sizes];
    if (!product) product = std::make_unique<Product>(sizes);
    return *product;
  }

  /// Whether the norm of the error is within 1e-5 of the product's; false when one is NaN.
  bool is_close_to(const std::vector<float>& result) const {
    double error = 0, norm = 0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      error += (result[i] - out[i]) * (result[i] - out[i]);
      norm += out[i] * out[i];
    }
    return error <= 1e-10 * norm;
  }

  std::vector<float> a, b;
  std::vector<double> out;
};

/// `multiply(stream, a, b, out)` appends the product.
template <typename Multiply>
void time_matmul(benchmark::State& state, const Sizes& sizes, const Multiply& multiply) {
  const auto [m, n, k] =
      std::tuple(static_cast<std::int64_t>(sizes[0]), static_cast<std::int64_t>(sizes[1]),
                 static_cast<std::int64_t>(sizes[2]));
  const Product& product = Product::of(sizes);
  const Stream stream;
  const Tensor a = Tensor::from_host<float>(stream.context(), product.a, {m, k});
  const Tensor b = Tensor::from_host<float>(stream.context(), product.b, {k, n});
  const Tensor out = Tensor::zeros(stream, {m, n});
  multiply(stream, a, b, out);
  if (!product.is_close_to(out.to_host<float>(stream))) return fail(state, "a wrong result");

  const double flop =
      2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const auto batch = static_cast<std::size_t>(std::clamp(5e7 / flop, 1.0, 32.0));
  const Times times = time_calls(
      state, &Times::complete, batch, [&] { multiply(stream, a, b, out); },
      [&] { stream.synchronize(); });
  state.counters["enqueue_us"] = times.enqueue * 1e6;
  state.counters["GFLOP/s"] = flop * 1e-9 / times.complete;
}

template <typename Multiply>
void add(const std::string& backend, const Sizes& sizes, const Multiply& multiply) {
  const auto [m, n, k] = sizes;
  const std::string name = "matmul/" + backend + "/m:" + std::to_string(m) +
                           "/n:" + std::to_string(n) + "/k:" + std::to_string(k);
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { time_matmul(state, sizes, multiply); })
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond)
      ->Apply(report_spread);
}

cl_mem memory(const Tensor& tensor) { return tensor.storage().buffer.lend(); }

bool add_all() {
  for (const Sizes& sizes : {Sizes{64, 64, 64}, Sizes{256, 256, 256}, Sizes{512, 512, 512},
                             Sizes{1024, 1024, 1024}, Sizes{1, 1024, 1024}, Sizes{512, 8, 512}}) {
    for (const MatmulBackend backend : matmul_backends()) {
      const bool is_large = sizes[0] * sizes[1] * sizes[2] > 1 << 24;
      if (backend == MatmulBackend::reference && is_large) continue;  // seconds a call
      add(std::string(to_string(backend)), sizes,
          [=](const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out) {
            matmul_into(stream, a, b, out, {.backend = backend});
          });
    }
    if (!has_raw_clblast()) continue;
    add("raw_clblast", sizes,
        [=](const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out) {
          raw_clblast(stream.get(), sizes[0], sizes[1], sizes[2], memory(a), memory(b),
                      memory(out));
        });
  }
  return true;
}

[[maybe_unused]] const bool added = add_all();

}  // namespace
}  // namespace dovetail::bench
