// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <utility>

#include "dovetail/core/error.hpp"
#include "lib/ops/matmul_backend.hpp"
#include "lib/ops/operand_check.hpp"
#include "lib/stream/transfer.hpp"

namespace dovetail {
namespace {

constexpr std::array<std::pair<MatmulBackend, std::string_view>, 4> backend_names{
    {{MatmulBackend::automatic, "automatic"},
     {MatmulBackend::clblast, "clblast"},
     {MatmulBackend::kernel, "kernel"},
     {MatmulBackend::reference, "reference"}}};

struct Sizes {
  std::int64_t batch, m, n, k;
  Shape out;
};

/// Checks the operands against each other and gives the sizes of their product.
Sizes sizes_of(const Stream& stream, const Tensor& a, const Tensor& b,
               const MatmulOptions& options) {
  detail::check_operand("matmul", stream, "a", a);
  detail::check_operand("matmul", stream, "b", b);
  const auto both = [&] {
    return fmt::format("[matmul] a {}{} and b {}{}", a.shape().str(),
                       options.transpose_a ? " transposed" : "", b.shape().str(),
                       options.transpose_b ? " transposed" : "");
  };
  if (a.rank() != b.rank() || (a.rank() != 2 && a.rank() != 3)) {
    throw InvalidArgument(fmt::format(
        "{}: both must have 2 dimensions, or both 3, batch first; reshape them.", both()));
  }
  const std::size_t rows = a.rank() - 2;  // the axis of the rows
  const std::int64_t m = a.shape()[rows + (options.transpose_a ? 1 : 0)];
  const std::int64_t k = a.shape()[rows + (options.transpose_a ? 0 : 1)];
  const std::int64_t b_k = b.shape()[rows + (options.transpose_b ? 1 : 0)];
  const std::int64_t n = b.shape()[rows + (options.transpose_b ? 0 : 1)];
  if (k != b_k) {
    throw InvalidArgument(fmt::format("{}: inner sizes {} and {} differ.", both(), k, b_k));
  }
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (std::max({m, n, k}) > most) {
    throw InvalidArgument(fmt::format("{}: a size above {}; split the product.", both(), most));
  }
  if (rows == 0) return {1, m, n, k, {m, n}};
  const std::int64_t batch = a.shape()[0];
  if (batch != b.shape()[0]) {
    throw InvalidArgument(
        fmt::format("{}: batches {} and {} differ.", both(), batch, b.shape()[0]));
  }
  return {batch, m, n, k, {batch, m, n}};
}

void run(const Stream& stream, const Sizes& sizes, const Tensor& a, const Tensor& b,
         const Tensor& out, const MatmulOptions& options) {
  if (out.size() == 0) return;
  if (sizes.k == 0) {  // a sum over nothing
    const float zero = 0.0f;
    return detail::fill(stream, out.storage(), &zero, sizeof(zero));
  }
  const detail::MatmulProblem problem{.batch = static_cast<std::size_t>(sizes.batch),
                                      .m = static_cast<std::size_t>(sizes.m),
                                      .n = static_cast<std::size_t>(sizes.n),
                                      .k = static_cast<std::size_t>(sizes.k),
                                      .transpose_a = options.transpose_a,
                                      .transpose_b = options.transpose_b,
                                      .a = a.storage(),
                                      .b = b.storage(),
                                      .out = out.storage()};
  switch (options.backend) {
    case MatmulBackend::clblast:
      return detail::matmul_clblast(stream, problem);
    case MatmulBackend::reference:
      return detail::matmul_reference(stream, problem);
    case MatmulBackend::automatic:
    case MatmulBackend::kernel:
      return detail::matmul_kernel(stream, problem);
  }
}

}  // namespace

std::string_view to_string(MatmulBackend backend) noexcept {
  return backend_names[static_cast<std::size_t>(backend)].second;
}

std::optional<MatmulBackend> matmul_backend(std::string_view name) noexcept {
  for (const auto& [backend, backend_name] : backend_names) {
    if (name == backend_name) return backend;
  }
  return std::nullopt;
}

const std::vector<MatmulBackend>& matmul_backends() {
  static const std::vector<MatmulBackend> backends = [] {
    std::vector<MatmulBackend> list{MatmulBackend::automatic};
    if (detail::has_clblast()) list.push_back(MatmulBackend::clblast);
    list.insert(list.end(), {MatmulBackend::kernel, MatmulBackend::reference});
    return list;
  }();
  return backends;
}

Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b,
              const MatmulOptions& options) {
  const Sizes sizes = sizes_of(stream, a, b, options);
  Tensor out = Tensor::empty(stream, sizes.out);
  run(stream, sizes, a, b, out, options);
  return out;
}

void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out,
                 const MatmulOptions& options) {
  const Sizes sizes = sizes_of(stream, a, b, options);
  detail::check_operand("matmul", stream, "out", out);
  if (out.shape() != sizes.out) {
    throw InvalidArgument(fmt::format("[matmul] out {}: the product of a {} and b {} is {}.",
                                      out.shape().str(), a.shape().str(), b.shape().str(),
                                      sizes.out.str()));
  }
  if (overlap(out.storage(), a.storage()) || overlap(out.storage(), b.storage())) {
    throw InvalidArgument(
        "[matmul] out overlaps an operand, which is read while out is written; give other memory.");
  }
  run(stream, sizes, a, b, out, options);
}

}  // namespace dovetail
