// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul.hpp"

#include <array>
#include <utility>

#include "lib/ops/matmul_check.hpp"
#include "lib/ops/matmul_epilogue.hpp"
#include "lib/ops/matmul_problem.hpp"

namespace dovetail {
namespace {

using detail::GivenMatrix;
using detail::MatmulProblem;
using detail::MatmulShape;

constexpr std::array<std::pair<MatmulBackend, std::string_view>, 4> backend_names{
    {{MatmulBackend::automatic, "automatic"},
     {MatmulBackend::clblast, "clblast"},
     {MatmulBackend::kernel, "kernel"},
     {MatmulBackend::reference, "reference"}}};

void run(const Stream& stream, const MatmulProblem& problem, MatmulBackend backend) {
  if (problem.k == 0) return detail::matmul_epilogue(stream, problem);
  switch (backend) {
    case MatmulBackend::reference:
      return detail::matmul_reference(stream, problem);
    case MatmulBackend::clblast:
      return detail::matmul_clblast(stream, problem);
    case MatmulBackend::automatic:
      return detail::matmul_automatic(stream, problem);
    case MatmulBackend::kernel:
      return detail::matmul_kernel(stream, problem);
  }
}

void run(const Stream& stream, const MatmulShape& shape, const GivenMatrix& a, const GivenMatrix& b,
         const GivenMatrix& out, const MatmulOptions& options) {
  const auto problem = detail::check_problem(stream, shape, a, b, out, options);
  if (problem) run(stream, *problem, options.backend);
}

}  // namespace

std::string_view to_string(MatmulBackend backend) noexcept {
  const auto index = static_cast<std::size_t>(backend);
  return index < backend_names.size() ? backend_names[index].second : "unknown";
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

std::string_view to_string(Activation activation) noexcept {
  constexpr std::array<std::string_view, 5> names{"none", "relu", "gelu", "gelu_tanh", "silu"};
  const auto index = static_cast<std::size_t>(activation);
  return index < names.size() ? names[index] : "unknown";
}

Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b,
              const MatmulOptions& options) {
  detail::check_no_beta(options);
  const GivenMatrix given_a("a", a), given_b("b", b);
  const MatmulShape shape = detail::check_operands(stream, given_a, given_b, options);
  Tensor out = Tensor::empty(stream, shape.result(), shape.dtype);
  run(stream, shape, given_a, given_b, GivenMatrix("out", out), options);
  return out;
}

void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out,
                 const MatmulOptions& options) {
  const GivenMatrix given_a("a", a), given_b("b", b);
  const MatmulShape shape = detail::check_operands(stream, given_a, given_b, options);
  run(stream, shape, given_a, given_b, GivenMatrix("out", out), options);
}

void matmul_into(const Stream& stream, const MatrixView& a, const MatrixView& b,
                 const MatrixView& out, const MatmulOptions& options) {
  const GivenMatrix given_a(a), given_b(b);
  const MatmulShape shape = detail::check_operands(stream, given_a, given_b, options);
  run(stream, shape, given_a, given_b, GivenMatrix(out), options);
}

}  // namespace dovetail
