// SPDX-License-Identifier: Apache-2.0
#include "tools/matmul/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "dovetail/core/error.hpp"
#include "tools/matmul/peak.hpp"
#include "tools/matmul/product_calls.hpp"
#include "tools/matmul/runner.hpp"
#include "tools/progress.hpp"
#include "tools/scaling/work.hpp"
#include "tools/worker.hpp"

namespace dovetail::tool {
namespace {

struct Effort {
  double seconds;  ///< Aim of one sample: as many products in a row as fill it.
  std::size_t samples;
  double slow;                  ///< Products that take longer are sampled once.
  double most_flops;            ///< Larger products are skipped.
  double most_reference_flops;  ///< Likewise for the reference backend, which is slow by design.
};

constexpr Effort quick_effort{0.004, 3, 0.3, 2e10, 3e8};
constexpr Effort full_effort{0.02, 5, 1.0, 1e13, 1e9};

/// Who takes part: a backend, for openblas with a number of threads.
struct Entry {
  std::string backend;
  std::optional<unsigned> threads = std::nullopt;
};

/// Who gave a right result.
struct Race {
  Entry entry;
  double relative_error;
  Runner runner;
  std::size_t samples;  ///< To be taken.

  MatmulRow row(const MatmulShape& shape, const std::string& dtype) const {
    MatmulRow row{.backend = entry.backend,
                  .dtype = dtype,
                  .set = shape.set,
                  .name = shape.name,
                  .m = shape.m,
                  .n = shape.n,
                  .k = shape.k,
                  .batch = shape.batch,
                  .transpose_a = shape.transpose_a,
                  .transpose_b = shape.transpose_b,
                  .threads = entry.threads,
                  .us = Spread::of(runner.us()),
                  .enqueue_us = Spread::of(runner.enqueue_us()).median,
                  .relative_error = relative_error};
    row.gflops = 1e-3 * shape.flops() / row.us.median;
    row.flop_per_byte =
        shape.flops() / shape.nbytes(size_of(dtype_named(dtype).value()),
                                     size_of(result_dtype(dtype_named(dtype).value())));
    return row;
  }
};

/// Whether it is not the type that a backend refuses.
bool multiplies(MatmulBackend backend, DType dtype) try {
  const Tensor one = Tensor::full(current_stream(), {1, 1}, 1.0, dtype);
  matmul(current_stream(), one, one, {.backend = backend});
  return true;
} catch (const VendorError&) {
  return false;
}

class Comparison {
 public:
  Comparison(const ComparisonOptions& options, Results& results)
      : options_(options),
        effort_(options.quick ? quick_effort : full_effort),
        results_(results),
        blas_(OpenBlas::load()),
        counter_(start_counting_worker(options.seed, "matmul: calls", results)) {}

  /// What fails is skipped, and the results tell; the other backends and shapes go on.
  void compare(const MatmulShape& shape, const std::string& dtype) {
    attempt(label(shape, dtype), [&] { race(shape, dtype); });
  }

 private:
  void race(const MatmulShape& shape, const std::string& dtype) {
    if (shape.flops() > effort_.most_flops) {
      return skip(label(shape, dtype), fmt::format("more than {:.0e} operations; run without "
                                                   "--quick",
                                                   effort_.most_flops));
    }
    const ReferenceProduct product(shape, dtype_named(dtype).value(), options_.seed);
    const DeviceOperands operands(product);
    std::vector<Race> races;
    for (const std::string& backend : options_.backends) {
      if (backend == "reference" && shape.flops() > effort_.most_reference_flops) {
        skip(label(shape, dtype) + " reference",
             fmt::format("more than {:.0e} operations, and the reference is slow by design",
                         effort_.most_reference_flops));
        continue;
      }
      if (backend == "openblas") {
        enter_openblas(product, dtype, races);
      } else if (!unoffered_.contains({backend, dtype})) {
        enter(product, dtype, {backend}, operands, races);
      }
    }
    // In turns, so that a drift of the machine's speed meets all backends alike.
    for (std::size_t i = 0; i < effort_.samples; ++i) {
      for (Race& race : races) {
        if (race.runner.us().size() < race.samples) race.runner.sample();
      }
    }
    add_rows(shape, dtype, races);
  }

  static std::string label(const MatmulShape& shape, const std::string& dtype) {
    return fmt::format("matmul: {} {}{}", shape.set, shape.name, dtype == "f32" ? "" : " " + dtype);
  }

  void skip(std::string what, std::string why) {
    results_.skipped.push_back({std::move(what), std::move(why)});
  }

  template <typename Function>
  void attempt(const std::string& what, const Function& function) {
    try {
      function();
    } catch (const VerificationFailed& failure) {
      results_.verified = false;
      skip(what, failure.what());
    } catch (const Error& error) {
      skip(what, error.what());
    }
  }

  void enter(const ReferenceProduct& product, const std::string& dtype, const Entry& entry,
             const DeviceOperands& operands, std::vector<Race>& races) {
    const MatmulBackend backend = *matmul_backend_named(entry.backend);
    attempt(label(product.shape(), dtype) + " " + entry.backend, [&] {
      try {
        enter(product, dtype, entry, make_contender(backend, product, operands), races);
      } catch (const VendorError& error) {
        if (multiplies(backend, product.dtype())) throw;
        unoffered_.insert({entry.backend, dtype});
        skip(fmt::format("matmul: backend {}, {}", entry.backend, dtype), error.what());
      }
    });
  }

  /// With one thread and with all: what is faster depends on the shape.
  void enter_openblas(const ReferenceProduct& product, const std::string& dtype,
                      std::vector<Race>& races) {
    if (dtype != "f32" && dtype != "f64") {
      if (unoffered_.insert({"openblas", dtype}).second) {
        skip("matmul: backend openblas, " + dtype, "it multiplies f32 and f64");
      }
      return;
    }
    for (const unsigned threads : std::set{1U, host_cores()}) {
      enter(product, dtype, {"openblas", threads},
            make_openblas_contender(*blas_, threads, product), races);
    }
  }

  /// Verifies a contender and, if its result is right, enters it into the race.
  void enter(const ReferenceProduct& product, const std::string& dtype, const Entry& entry,
             std::unique_ptr<Contender> contender, std::vector<Race>& races) {
    contender->enter();
    contender->enqueue();  // compiles at first use, and warms up
    const auto judgement = product.judge(contender->result());
    if (!judgement.right) {
      results_.verified = false;
      return skip(fmt::format("{} {}", label(product.shape(), dtype), entry.backend),
                  fmt::format("WRONG RESULT: relative error {:.2e}", judgement.relative_error));
    }
    Runner runner(std::move(contender), effort_.seconds);
    const bool is_slow = 1e-6 * runner.us().front() > effort_.slow;
    if (!is_slow) runner.forget_samples();
    races.push_back({.entry = entry,
                     .relative_error = judgement.relative_error,
                     .runner = std::move(runner),
                     .samples = is_slow ? 1 : effort_.samples});
  }

  /// One row for each backend: of the numbers of threads, the faster.
  void add_rows(const MatmulShape& shape, const std::string& dtype,
                const std::vector<Race>& races) {
    const std::size_t first = results_.matmul.size();
    for (const Race& race : races) {
      MatmulRow row = race.row(shape, dtype);
      MatmulRow* const last = results_.matmul.size() > first ? &results_.matmul.back() : nullptr;
      if (last == nullptr || last->backend != row.backend) {
        row.calls = calls_of(row, shape);
        results_.matmul.push_back(std::move(row));
      } else if (row.us.median < last->us.median) {
        *last = std::move(row);
      }
    }
  }

  std::optional<MatmulRow::Calls> calls_of(const MatmulRow& row, const MatmulShape& shape) {
    std::optional<MatmulRow::Calls> calls;
    if (!counter_ || row.backend == "openblas") return calls;
    attempt(fmt::format("{} {}: calls", label(shape, row.dtype), row.backend),
            [&] { calls = ask_for_product_calls(*counter_, row.backend, row.dtype, shape); });
    return calls;
  }

  const ComparisonOptions& options_;
  Effort effort_;
  Results& results_;
  std::unique_ptr<OpenBlas> blas_;
  std::unique_ptr<Worker> counter_;
  std::set<std::pair<std::string, std::string>> unoffered_;  // backends and dtypes
};

/// Null if a result was wrong; `results` tells.
std::unique_ptr<PeakMeter> start_peak_meter(bool quick, Results& results) {
  try {
    auto meter = std::make_unique<PeakMeter>(current_stream(), quick);
    meter->sample_memory();
    return meter;
  } catch (const VerificationFailed& failure) {
    results.verified = false;
    results.skipped.push_back({"matmul: peak", failure.what()});
    return nullptr;
  }
}

/// Fractions of the peak of what the products are added up in.
void relate_to_peak(Results& results) {
  const bool host_is_device = Context::default_context().device().type() == DeviceType::cpu;
  for (MatmulRow& row : results.matmul) {
    const bool is_on_device = row.backend != "openblas" || host_is_device;
    const auto peak = results.peak->gflops_of(row.dtype);
    if (is_on_device && peak) row.fraction_of_peak = row.gflops / *peak;
  }
}

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
  Progress progress("matmul", options.shapes.size() * options.dtypes.size());
  const auto meter = start_peak_meter(options.quick, results);
  for (const std::string& dtype : options.dtypes) {
    for (const MatmulShape& shape : options.shapes) {
      progress.step(fmt::format("{} {} {}", dtype, shape.set, shape.name));
      if (meter) meter->sample_arithmetic();
      comparison.compare(shape, dtype);
      if (meter) meter->sample_arithmetic();
    }
  }
  if (meter) {
    meter->sample_memory();
    results.peak = meter->peak();
    relate_to_peak(results);
  }
}

}  // namespace dovetail::tool
