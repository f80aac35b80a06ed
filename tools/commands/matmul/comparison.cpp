// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/matmul/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include "tools/commands/matmul/contender.hpp"
#include "tools/commands/matmul/peak.hpp"
#include "tools/commands/matmul/product_calls.hpp"
#include "tools/measure/effort.hpp"
#include "tools/measure/race.hpp"
#include "tools/measure/verification.hpp"
#include "tools/measure/worker.hpp"
#include "tools/terminal.hpp"

namespace dovetail::tool {
namespace {

struct Limits {
  double slow;                  ///< Seconds; a product that takes longer is sampled once.
  double most_flops;            ///< Larger products are skipped.
  double most_reference_flops;  ///< The reference, slow by design, skips larger ones.
};

constexpr Limits quick_limits{0.3, 2e10, 3e8};
constexpr Limits full_limits{1.0, 1e13, 1e9};

/// A backend, for openblas with a number of threads.
struct Entry {
  std::string backend;
  std::optional<unsigned> threads = std::nullopt;
};

/// An entry that gave a right result.
struct Racer {
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
                  .enqueue_us = Spread::of(runner.enqueue_us()),
                  .relative_error = relative_error};
    row.gflops = 1e-3 * shape.flops() / row.us.median;
    row.flop_per_byte =
        shape.flops() / shape.nbytes(size_of(dtype_named(dtype).value()),
                                     size_of(result_dtype(dtype_named(dtype).value())));
    return row;
  }
};

/// Returns whether a backend takes the type at all.
bool multiplies(MatmulBackend backend, DType dtype) try {
  const Tensor one = Tensor::full(current_stream(), {1, 1}, 1.0, dtype);
  static_cast<void>(matmul(current_stream(), one, one, {.backend = backend}));
  return true;
} catch (const VendorError&) {
  return false;
}

class Comparison {
 public:
  Comparison(const ComparisonOptions& options, Results& results)
      : options_(options),
        effort_(product_effort(options.quick)),
        limits_(options.quick ? quick_limits : full_limits),
        results_(results),
        blas_(OpenBlas::load()),
        counter_(start_counting_worker(options.seed, "matmul: calls", results)) {}

  /// Adds a row for each backend. Skips one that fails.
  void compare(const MatmulShape& shape, const std::string& dtype) {
    attempt(label(shape, dtype), [&] { compare_backends(shape, dtype); });
  }

 private:
  void compare_backends(const MatmulShape& shape, const std::string& dtype) {
    if (shape.flops() > limits_.most_flops) {
      return skip(label(shape, dtype), fmt::format("more than {:.0e} operations; run without "
                                                   "--quick",
                                                   limits_.most_flops));
    }
    const ReferenceProduct product(shape, dtype_named(dtype).value(), options_.seed);
    const DeviceOperands operands(product);
    std::vector<Racer> racers;
    for (const std::string& backend : options_.backends) {
      if (backend == "reference" && shape.flops() > limits_.most_reference_flops) {
        skip(label(shape, dtype) + " reference",
             fmt::format("more than {:.0e} operations, and the reference is slow by design",
                         limits_.most_reference_flops));
        continue;
      }
      if (backend == "openblas") {
        enter_openblas(product, dtype, racers);
      } else if (!unoffered_.contains({backend, dtype})) {
        enter(product, dtype, {backend}, operands, racers);
      }
    }
    race(effort_.samples, racers, [](Racer& racer) {
      if (racer.runner.us().size() < racer.samples) racer.runner.sample();
    });
    add_rows(shape, dtype, racers);
  }

  static std::string label(const MatmulShape& shape, const std::string& dtype) {
    return fmt::format("matmul: {} {}{}", shape.set, shape.name, dtype == "f32" ? "" : " " + dtype);
  }

  void skip(std::string what, std::string why) { results_.skip(std::move(what), std::move(why)); }

  template <typename Function>
  void attempt(const std::string& what, const Function& function) {
    try {
      function();
    } catch (const VerificationFailed& failure) {
      results_.reject(what, failure.what());
    } catch (const Error& error) {
      skip(what, error.what());
    }
  }

  void enter(const ReferenceProduct& product, const std::string& dtype, const Entry& entry,
             const DeviceOperands& operands, std::vector<Racer>& racers) {
    const MatmulBackend backend = *matmul_backend_named(entry.backend);
    attempt(label(product.shape(), dtype) + " " + entry.backend, [&] {
      try {
        enter(product, dtype, entry, make_contender(backend, product, operands), racers);
      } catch (const VendorError& error) {
        if (multiplies(backend, product.dtype())) throw;
        unoffered_.insert({entry.backend, dtype});
        skip(fmt::format("matmul: backend {}, {}", entry.backend, dtype), error.what());
      }
    });
  }

  /// Enters it with one thread and with all: which is faster depends on the shape.
  void enter_openblas(const ReferenceProduct& product, const std::string& dtype,
                      std::vector<Racer>& racers) {
    if (dtype != "f32" && dtype != "f64") {
      if (unoffered_.insert({"openblas", dtype}).second) {
        skip("matmul: backend openblas, " + dtype, "it multiplies only f32 and f64");
      }
      return;
    }
    for (const unsigned threads : std::set{1U, host_cores()}) {
      enter(product, dtype, {"openblas", threads},
            make_openblas_contender(*blas_, threads, product), racers);
    }
  }

  /// Verifies a contender, and enters it into the race if its result is right.
  void enter(const ReferenceProduct& product, const std::string& dtype, const Entry& entry,
             std::unique_ptr<Contender> contender, std::vector<Racer>& racers) {
    contender->enter();
    contender->enqueue();  // compiles at first use, and warms up
    const auto judgement = product.judge(contender->result());
    if (!judgement.right) {
      return results_.reject(
          fmt::format("{} {}", label(product.shape(), dtype), entry.backend),
          fmt::format("WRONG RESULT: relative error {:.2e}", judgement.relative_error));
    }
    Runner runner(std::move(contender), effort_.seconds);
    const bool is_slow = 1e-6 * runner.us().front() > limits_.slow;
    if (!is_slow) runner.forget_samples();
    racers.push_back({.entry = entry,
                      .relative_error = judgement.relative_error,
                      .runner = std::move(runner),
                      .samples = is_slow ? 1 : effort_.samples});
  }

  /// Adds a row for each backend: of its numbers of threads, that of the faster.
  void add_rows(const MatmulShape& shape, const std::string& dtype,
                const std::vector<Racer>& racers) {
    const std::size_t first = results_.matmul.size();
    for (const Racer& racer : racers) {
      MatmulRow row = racer.row(shape, dtype);
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
  Limits limits_;
  Results& results_;
  std::unique_ptr<OpenBlas> blas_;
  std::unique_ptr<Worker> counter_;
  std::set<std::pair<std::string, std::string>> unoffered_;  // backends and dtypes
};

/// Returns null if a result was wrong, which `results` rejects.
std::unique_ptr<PeakMeter> start_peak_meter(bool quick, Results& results) {
  try {
    auto meter = std::make_unique<PeakMeter>(current_stream(), quick);
    meter->sample_memory();
    return meter;
  } catch (const VerificationFailed& failure) {
    results.reject("matmul: peak", failure.what());
    return nullptr;
  }
}

/// Sets the fractions of the peak of the type in which products are added up.
void relate_to_peak(Results& results) {
  const bool host_is_device = Context::default_context().device().type() == DeviceType::cpu;
  for (MatmulRow& row : results.matmul) {
    const bool is_on_device = row.backend != "openblas" || host_is_device;
    const auto peak = results.peak->gflops_of(row.dtype);
    if (is_on_device && peak) row.fraction_of_peak = row.gflops / *peak;
  }
}

}  // namespace

std::vector<std::string> select_backends(const std::vector<std::string>& given) {
  std::vector<std::string> available;
  for (const MatmulBackend backend : matmul_backends()) available.emplace_back(to_string(backend));
  if (OpenBlas::load()) available.emplace_back("openblas");
  for (const std::string& backend : given) {
    if (std::ranges::find(available, backend) == available.end()) {
      throw InvalidArgument(fmt::format("--backends: '{}' is not available; available are: {}.",
                                        backend, fmt::join(available, ", ")));
    }
  }
  return given.empty() ? available : given;
}

void run_comparison(const ComparisonOptions& options, Results& results) {
  Comparison comparison(options, results);
  if (std::ranges::find(options.backends, "openblas") == options.backends.end() &&
      !OpenBlas::load()) {
    results.skip("matmul: backend openblas",
                 "libopenblas.so.0 is not installed; the package is libopenblas0-pthread");
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
