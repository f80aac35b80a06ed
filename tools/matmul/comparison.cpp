// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <thread>

#include "dovetail/ops/matmul.hpp"
#include "tools/matmul/openblas.hpp"
#include "tools/matmul/reference.hpp"
#include "tools/progress.hpp"

namespace dovetail::tool {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// One backend on one shape.
class Contender {
 public:
  virtual ~Contender() = default;
  /// Starts the product; it need not be done at return.
  virtual void enqueue() = 0;
  virtual void synchronize() = 0;
  /// Leaves the machine quiet for the next contender.
  virtual void leave() {}
  /// The result of the last product. What it holds before any product is NaN.
  virtual std::vector<float> result() = 0;
};

class DeviceContender : public Contender {
 public:
  DeviceContender(MatmulBackend backend, const MatmulShape& shape, const Tensor& a, const Tensor& b)
      : stream_(current_stream()),
        a_(a),
        b_(b),
        out_(Tensor::full(stream_,
                          shape.batch == 1 ? Shape{dimension(shape.m), dimension(shape.n)}
                                           : Shape{dimension(shape.batch), dimension(shape.m),
                                                   dimension(shape.n)},
                          std::numeric_limits<double>::quiet_NaN())),
        options_{.backend = backend,
                 .transpose_a = shape.transpose_a,
                 .transpose_b = shape.transpose_b} {}

  void enqueue() override { matmul_into(stream_, a_, b_, out_, options_); }
  void synchronize() override { stream_.synchronize(); }
  std::vector<float> result() override { return out_.to_host<float>(stream_); }

  /// The tensor of an operand [rows, columns], one for each of the batch.
  static Tensor operand(const MatmulShape& shape, std::span<const float> values, std::uint64_t rows,
                        std::uint64_t columns, bool transposed) {
    if (transposed) std::swap(rows, columns);
    const Shape sizes = shape.batch == 1
                            ? Shape{dimension(rows), dimension(columns)}
                            : Shape{dimension(shape.batch), dimension(rows), dimension(columns)};
    return Tensor::from_host<float>(Context::default_context(), values, sizes);
  }

 private:
  static std::int64_t dimension(std::uint64_t size) { return static_cast<std::int64_t>(size); }

  Stream stream_;
  Tensor a_, b_, out_;
  MatmulOptions options_;
};

class OpenBlasContender : public Contender {
 public:
  OpenBlasContender(const OpenBlas& blas, const MatmulShape& shape, const ReferenceProduct& product)
      : blas_(blas),
        shape_(shape),
        product_(product),
        out_(shape.batch * shape.m * shape.n, std::numeric_limits<float>::quiet_NaN()) {}

  void enqueue() override { blas_.matmul(shape_, product_.a(), product_.b(), out_); }
  void synchronize() override {}
  /// OpenBLAS' threads spin for a while after a call, and would slow who comes next.
  void leave() override { std::this_thread::sleep_for(std::chrono::milliseconds(5)); }
  std::vector<float> result() override { return out_; }

 private:
  const OpenBlas& blas_;
  const MatmulShape& shape_;
  const ReferenceProduct& product_;
  std::vector<float> out_;
};

struct Effort {
  double seconds;  ///< Aim of one sample: as many products in a row as fill it.
  std::size_t samples;
  double slow;                  ///< Products that take longer are sampled once.
  double most_flops;            ///< Larger products are skipped.
  double most_reference_flops;  ///< Likewise for the reference backend, which is slow by design.
};

constexpr Effort quick_effort{0.004, 3, 0.3, 2e10, 3e8};
constexpr Effort full_effort{0.02, 5, 1.0, 1e13, 1e9};

/// A contender that gave a right result, and its samples.
struct Race {
  std::string backend;
  std::unique_ptr<Contender> contender;
  double relative_error;
  int products = 1;         ///< Of one sample.
  std::size_t samples = 1;  ///< To be taken.
  std::vector<double> us, enqueue_us;

  void sample() {
    const auto start = Clock::now();
    for (int i = 0; i < products; ++i) contender->enqueue();
    const double enqueued = seconds_since(start);
    contender->synchronize();
    us.push_back(1e6 * seconds_since(start) / products);
    enqueue_us.push_back(1e6 * enqueued / products);
    contender->leave();
  }

  MatmulRow row(const MatmulShape& shape) const {
    MatmulRow row{.backend = backend,
                  .m = shape.m,
                  .n = shape.n,
                  .k = shape.k,
                  .batch = shape.batch,
                  .transpose_a = shape.transpose_a,
                  .transpose_b = shape.transpose_b,
                  .us = Spread::of(us),
                  .enqueue_us = Spread::of(enqueue_us).median,
                  .relative_error = relative_error};
    row.gflops = 1e-3 * shape.flops() / row.us.median;
    return row;
  }
};

class Comparison {
 public:
  Comparison(const ComparisonOptions& options, Results& results)
      : options_(options),
        effort_(options.quick ? quick_effort : full_effort),
        results_(results),
        blas_(OpenBlas::load()) {}

  void compare(const MatmulShape& shape) {
    if (shape.flops() > effort_.most_flops) {
      return skip(label(shape), fmt::format("more than {:.0e} operations; run without --quick",
                                            effort_.most_flops));
    }
    const ReferenceProduct product(shape, options_.seed);
    const Tensor a =
        DeviceContender::operand(shape, product.a(), shape.m, shape.k, shape.transpose_a);
    const Tensor b =
        DeviceContender::operand(shape, product.b(), shape.k, shape.n, shape.transpose_b);
    std::vector<Race> races;
    for (const std::string& backend : options_.backends) {
      if (backend == "reference" && shape.flops() > effort_.most_reference_flops) {
        skip(label(shape) + " reference", fmt::format("more than {:.0e} operations, and the "
                                                      "reference is slow by design",
                                                      effort_.most_reference_flops));
        continue;
      }
      enter(shape, backend, make(backend, shape, a, b, product), product, races);
    }
    // In turns, so that a drift of the machine's speed meets all backends alike.
    for (std::size_t i = 0; i < effort_.samples; ++i) {
      for (Race& race : races) {
        if (race.us.size() < race.samples) race.sample();
      }
    }
    for (const Race& race : races) results_.matmul.push_back(race.row(shape));
  }

 private:
  static std::string label(const MatmulShape& shape) {
    return fmt::format("matmul: {} {}", shape.set, shape.name);
  }

  void skip(std::string what, std::string why) {
    results_.skipped.push_back({std::move(what), std::move(why)});
  }

  std::unique_ptr<Contender> make(const std::string& backend, const MatmulShape& shape,
                                  const Tensor& a, const Tensor& b,
                                  const ReferenceProduct& product) const {
    if (backend == "openblas") return std::make_unique<OpenBlasContender>(*blas_, shape, product);
    return std::make_unique<DeviceContender>(*matmul_backend(backend), shape, a, b);
  }

  /// Verifies a contender and, if its result is right, enters it into the race.
  void enter(const MatmulShape& shape, const std::string& backend,
             std::unique_ptr<Contender> contender, const ReferenceProduct& product,
             std::vector<Race>& races) {
    contender->enqueue();  // compiles at first use, and warms up
    const auto judgement = product.judge(contender->result());
    if (!judgement.right) {
      results_.verified = false;
      return skip(fmt::format("{} {}", label(shape), backend),
                  fmt::format("WRONG RESULT: relative error {:.2e}", judgement.relative_error));
    }
    Race race{.backend = backend,
              .contender = std::move(contender),
              .relative_error = judgement.relative_error,
              .us = {},
              .enqueue_us = {}};
    race.sample();
    const double seconds = 1e-6 * race.us.front();
    if (seconds > effort_.slow) {
      race.samples = 1;  // that one
    } else {
      race.samples = effort_.samples;
      race.products = static_cast<int>(std::clamp(effort_.seconds / seconds, 1.0, 1000.0));
      race.us.clear();
      race.enqueue_us.clear();
    }
    races.push_back(std::move(race));
  }

  const ComparisonOptions& options_;
  Effort effort_;
  Results& results_;
  std::unique_ptr<OpenBlas> blas_;
};

}  // namespace

std::vector<std::string> available_backends() {
  std::vector<std::string> names;
  for (const MatmulBackend backend : matmul_backends()) names.emplace_back(to_string(backend));
  if (OpenBlas::load()) names.emplace_back("openblas");
  return names;
}

void run_comparison(const ComparisonOptions& options, Results& results) {
  Comparison comparison(options, results);
  if (std::ranges::find(options.backends, "openblas") == options.backends.end() &&
      !OpenBlas::load()) {
    results.skipped.push_back({"matmul: backend openblas",
                               "libopenblas.so.0 is not installed; the package is "
                               "libopenblas0-pthread"});
  }
  Progress progress("matmul", options.shapes.size());
  for (const MatmulShape& shape : options.shapes) {
    progress.step(fmt::format("{} {}", shape.set, shape.name));
    comparison.compare(shape);
  }
}

}  // namespace dovetail::tool
