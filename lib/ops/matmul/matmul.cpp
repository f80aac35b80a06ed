// SPDX-License-Identifier: Apache-2.0
#include "dovetail/ops/matmul.hpp"

#include <array>
#include <utility>

#include "dovetail/ops/copy.hpp"
#include "lib/ops/common/operand_check.hpp"
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

/// A tensor as an operand. One whose columns are contiguous instead of its rows is taken as the
/// transpose of one whose rows are, and `transpose` is changed; any other is copied.
MatrixView operand_of(const Stream& stream, const char* name, const Tensor& tensor,
                      bool& transpose) {
  if (MatrixViewAccess::has_rows(tensor)) return MatrixViewAccess::named(name, tensor);
  detail::check_place("matmul", stream, name, tensor);
  if (const Tensor transposed = tensor.transpose(); MatrixViewAccess::has_rows(transposed)) {
    transpose = !transpose;
    return MatrixViewAccess::named(name, transposed);
  }
  return MatrixViewAccess::named(name, contiguous(stream, tensor));
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
  MatmulOptions read = options;
  const MatrixView view_a = operand_of(stream, "a", a, read.transpose_a);
  const MatrixView view_b = operand_of(stream, "b", b, read.transpose_b);
  return matmul(stream, view_a, view_b, read, epilogue);
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
  MatmulOptions read = options;
  MatrixView view_a = operand_of(stream, "a", a, read.transpose_a);
  MatrixView view_b = operand_of(stream, "b", b, read.transpose_b);
  if (MatrixViewAccess::has_rows(out)) {
    return multiply_into(stream, std::move(view_a), std::move(view_b),
                         MatrixViewAccess::named("out", out), read, epilogue);
  }
  detail::check_place("matmul", stream, "out", out);
  const Tensor whole =
      epilogue.beta == 0.0 ? Tensor::empty(stream, out.shape(), out.dtype()) : copy(stream, out);
  multiply_into(stream, std::move(view_a), std::move(view_b), whole, read, epilogue);
  copy_into(stream, whole, out);
}

void matmul_into(const Stream& stream, const MatrixView& a, const MatrixView& b,
                 const MatrixView& out, const MatmulOptions& options,
                 const EpilogueInto& epilogue) {
  multiply_into(stream, a, b, out, options, epilogue);
}

}  // namespace dovetail
