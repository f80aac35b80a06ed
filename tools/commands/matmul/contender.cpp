// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/contender.hpp"

#include <chrono>
#include <limits>
#include <thread>
#include <utility>

namespace dovetail::tool {
namespace {

std::int64_t dimension(std::uint64_t size) { return static_cast<std::int64_t>(size); }

template <typename T>
std::vector<double> to_doubles(const std::vector<T>& values) {
  std::vector<double> doubles(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) doubles[i] = to_double(values[i]);
  return doubles;
}

/// Returns a number that no product has.
double no_result(DType operands) {
  return operands == DType::i8 ? std::numeric_limits<std::int32_t>::min()
                               : std::numeric_limits<double>::quiet_NaN();
}

class DeviceContender : public Contender {
 public:
  DeviceContender(MatmulBackend backend, const ReferenceProduct& product,
                  const DeviceOperands& operands)
      : product_(backend, product.shape(), operands.a, operands.b) {}

  void enqueue() override { product_.enqueue(); }
  void synchronize() override { product_.stream().synchronize(); }
  std::vector<double> result() override { return product_.result(); }

 private:
  DeviceProduct product_;
};

template <typename T>
class OpenBlasContender : public Contender {
 public:
  OpenBlasContender(const OpenBlas& blas, unsigned threads, const ReferenceProduct& product)
      : blas_(blas),
        threads_(threads),
        product_(product),
        out_(product.shape().batch * product.shape().m * product.shape().n,
             std::numeric_limits<T>::quiet_NaN()) {}

  void enter() override { blas_.set_threads(threads_); }
  void enqueue() override {
    blas_.matmul(product_.shape(), product_.a<T>(), product_.b<T>(), std::span<T>(out_));
  }
  void synchronize() override {}
  /// OpenBLAS' threads spin for a while after a call, and would slow the next contender: see
  /// choose_spinning_time().
  void leave() override { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }
  std::vector<double> result() override { return to_doubles(out_); }

 private:
  const OpenBlas& blas_;
  unsigned threads_;
  const ReferenceProduct& product_;
  std::vector<T> out_;
};

}  // namespace

DeviceProduct::DeviceProduct(MatmulBackend backend, const MatmulShape& shape, Tensor a, Tensor b)
    : stream_(current_stream()),
      a_(std::move(a)),
      b_(std::move(b)),
      out_(Tensor::empty(stream_, operand_shape(shape, shape.m, shape.n, false),
                         result_dtype(a_.dtype()))),
      options_{
          .backend = backend, .transpose_a = shape.transpose_a, .transpose_b = shape.transpose_b} {
  clear();
}

void DeviceProduct::clear() {
  out_ = Tensor::full(stream_, out_.shape(), no_result(a_.dtype()), out_.dtype());
}

std::vector<double> DeviceProduct::result() const {
  return with_result_type(
      a_.dtype(), [this](auto zero) { return to_doubles(out_.to_host<decltype(zero)>(stream_)); });
}

Shape DeviceProduct::operand_shape(const MatmulShape& shape, std::uint64_t rows,
                                   std::uint64_t columns, bool transposed) {
  if (transposed) std::swap(rows, columns);
  if (shape.batch == 1) return {dimension(rows), dimension(columns)};
  return {dimension(shape.batch), dimension(rows), dimension(columns)};
}

DeviceOperands::DeviceOperands(const ReferenceProduct& product)
    : a(with_operand_type(product.dtype(),
                          [&](auto zero) {
                            const MatmulShape& s = product.shape();
                            using T = decltype(zero);
                            return Tensor::from_host<T>(
                                Context::default_context(), product.a<T>(),
                                DeviceProduct::operand_shape(s, s.m, s.k, s.transpose_a));
                          })),
      b(with_operand_type(product.dtype(), [&](auto zero) {
        const MatmulShape& s = product.shape();
        using T = decltype(zero);
        return Tensor::from_host<T>(Context::default_context(), product.b<T>(),
                                    DeviceProduct::operand_shape(s, s.k, s.n, s.transpose_b));
      })) {}

std::unique_ptr<Contender> make_contender(MatmulBackend backend, const ReferenceProduct& product,
                                          const DeviceOperands& operands) {
  return std::make_unique<DeviceContender>(backend, product, operands);
}

std::unique_ptr<Contender> make_openblas_contender(const OpenBlas& blas, unsigned threads,
                                                   const ReferenceProduct& product) {
  if (product.dtype() == DType::f64) {
    return std::make_unique<OpenBlasContender<double>>(blas, threads, product);
  }
  return std::make_unique<OpenBlasContender<float>>(blas, threads, product);
}

}  // namespace dovetail::tool
