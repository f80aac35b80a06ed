// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul.hpp"

#include <array>
#include <utility>

#include "lib/ops/matmul/backend/epilogue.hpp"
#include "lib/ops/matmul/problem/check.hpp"

namespace dovetail {
namespace {

using detail::MatmulProblem;
using detail::MatrixViewAccess;

constexpr std::array<std::pair<MatmulBackend, std::string_view>, 4> backend_names{
    {{MatmulBackend::automatic, "automatic"},
     {MatmulBackend::clblast, "clblast"},
     {MatmulBackend::kernel, "kernel"},
     {MatmulBackend::reference, "reference"}}};

void run(const Stream& stream, const MatmulProblem& problem, MatmulBackend backend) {
  if (problem.sizes.k == 0) return detail::matmul_epilogue(stream, problem);
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

/// Takes the views, as copies of them are counted.
void multiply_into(const Stream& stream, MatrixView a, MatrixView b, MatrixView out,
                   const MatmulOptions& options, const EpilogueInto& epilogue) {
  const auto sizes = detail::check_operands(stream, a, b, options, epilogue);
  const auto problem =
      detail::check_problem(stream, sizes, std::move(a), std::move(b), std::move(out), epilogue);
  if (problem) run(stream, *problem, options.backend);
}

}  // namespace

std::string_view to_string(MatmulBackend backend) noexcept {
  const auto index = static_cast<std::size_t>(backend);
  return index < backend_names.size() ? backend_names[index].second : "unknown";
}

std::optional<MatmulBackend> matmul_backend_named(std::string_view name) noexcept {
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

Tensor matmul(const Stream& stream, const Tensor& a, const Tensor& b, const MatmulOptions& options,
              const Epilogue& epilogue) {
  return matmul(stream, MatrixViewAccess::named("a", a), MatrixViewAccess::named("b", b), options,
                epilogue);
}

Tensor matmul(const Stream& stream, const MatrixView& a, const MatrixView& b,
              const MatmulOptions& options, const Epilogue& epilogue) {
  const EpilogueInto into = detail::into(epilogue);
  const auto sizes = detail::check_operands(stream, a, b, options, into);
  Tensor out = Tensor::empty(stream, detail::result_shape(a, b, sizes), sizes.out);
  const auto problem = detail::check_problem(stream, sizes, a, b, out, into);
  if (problem) run(stream, *problem, options.backend);
  return out;
}

void matmul_into(const Stream& stream, const Tensor& a, const Tensor& b, const Tensor& out,
                 const MatmulOptions& options, const EpilogueInto& epilogue) {
  multiply_into(stream, MatrixViewAccess::named("a", a), MatrixViewAccess::named("b", b),
                MatrixViewAccess::named("out", out), options, epilogue);
}

void matmul_into(const Stream& stream, const MatrixView& a, const MatrixView& b,
                 const MatrixView& out, const MatmulOptions& options,
                 const EpilogueInto& epilogue) {
  multiply_into(stream, a, b, out, options, epilogue);
}

}  // namespace dovetail
