// SPDX-License-Identifier: Apache-2.0
#include "tools/tune/tune.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <random>

#include "dovetail/core/error.hpp"
#include "dovetail/stream/current_stream.hpp"
#include "tools/matmul/dtypes.hpp"
#include "tools/progress.hpp"
#include "tools/results.hpp"

namespace dovetail::tool {
namespace {

using Clock = std::chrono::steady_clock;

/// The rounds of a race: in each, those that are left are sampled in turns, so that a drift of the
/// machine's speed meets all alike, and the slower ones go.
struct Round {
  std::size_t samples;
  std::size_t keep;
};

struct Effort {
  std::size_t most_choices;
  double seconds;  ///< Aim of one sample: as many products in a row as fill it.
  std::vector<Round> rounds;
};

const Effort quick_effort{8, 0.005, {{1, 4}, {3, 1}}};
const Effort full_effort{1000, 0.02, {{1, 8}, {3, 3}, {9, 1}}};

/// The choice by rule stays unless another one is this much faster: less is noise.
constexpr double least_gain = 0.97;

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

template <typename T>
Tensor random_tensor(const Shape& shape, std::mt19937& random) {
  std::uniform_real_distribution<float> values(-1.0f, 1.0f);
  std::vector<T> host(static_cast<std::size_t>(shape.size()));
  for (T& value : host) {
    if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(127.0f * values(random));
    } else {
      value = static_cast<T>(values(random));
    }
  }
  return Tensor::from_host<T>(Context::default_context(), host, shape);
}

Tensor random_tensor(DType dtype, const Shape& shape, std::mt19937& random) {
  switch (dtype) {
    case DType::f64:
      return random_tensor<double>(shape, random);
    case DType::f16:
      return random_tensor<Float16>(shape, random);
    case DType::bf16:
      return random_tensor<BFloat16>(shape, random);
    case DType::i8:
      return random_tensor<std::int8_t>(shape, random);
    default:
      return random_tensor<float>(shape, random);
  }
}

template <typename T>
std::vector<double> as_doubles(const Stream& stream, const Tensor& tensor) {
  const auto values = tensor.to_host<T>(stream);
  std::vector<double> doubles(values.size());
  std::ranges::transform(values, doubles.begin(), [](T value) {
    if constexpr (std::is_arithmetic_v<T>) return static_cast<double>(value);
    if constexpr (!std::is_arithmetic_v<T>) return double{static_cast<float>(value)};
  });
  return doubles;
}

std::vector<double> as_doubles(const Stream& stream, const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::f64:
      return as_doubles<double>(stream, tensor);
    case DType::f16:
      return as_doubles<Float16>(stream, tensor);
    case DType::bf16:
      return as_doubles<BFloat16>(stream, tensor);
    case DType::i32:
      return as_doubles<std::int32_t>(stream, tensor);
    default:
      return as_doubles<float>(stream, tensor);
  }
}

/// How far two right results of a type may be apart: ||x - y|| / ||y||.
double tolerance(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return 1e-13;
    case DType::f16:
      return 1e-3;
    case DType::bf16:
      return 8e-3;
    case DType::i8:
      return 0.0;
    default:
      return 1e-5;
  }
}

bool agree(const std::vector<double>& x, const std::vector<double>& y, DType dtype) {
  double difference = 0.0, norm = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    difference += (x[i] - y[i]) * (x[i] - y[i]);
    norm += y[i] * y[i];
  }
  return std::sqrt(difference) <= tolerance(dtype) * std::sqrt(norm);  // false for NaN
}

/// One way to run a product, and its times.
struct Candidate {
  MatmulTuning tuning;  ///< `backend` is the one that is timed.
  std::vector<double> us{};
};

class CaseTuner {
 public:
  CaseTuner(const MatmulCase& product, const TuneOptions& options, Results& results)
      : product_(product),
        effort_(options.quick ? quick_effort : full_effort),
        results_(results),
        random_(static_cast<std::mt19937::result_type>(options.seed)),
        a_(random_tensor(product.dtype, operand_shape(product.m, product.k, product.transpose_a),
                         random_)),
        b_(random_tensor(product.dtype, operand_shape(product.k, product.n, product.transpose_b),
                         random_)),
        out_(Tensor::empty(stream_,
                           product.batch == 1 ? Shape{product.m, product.n}
                                              : Shape{product.batch, product.m, product.n},
                           result_dtype(product.dtype))) {}

  TuneRow run() {
    TuneRow row{.product = product_, .tuning = {}};
    std::vector<Candidate> entered = enter();
    row.choices = entered.size();
    const std::string by_rule = entered.front().tuning.choice;
    for (const Round& round : effort_.rounds) {
      race(entered, round.samples);
      drop_slow(entered, round.keep, by_rule);
    }
    for (const Candidate& candidate : entered) {
      if (candidate.tuning.choice == by_rule) row.us_by_rule = median(candidate.us);
    }
    const Candidate* best = &entered.front();
    if (median(best->us) > least_gain * row.us_by_rule) {
      best =
          &*std::ranges::find(entered, by_rule, [](const Candidate& c) { return c.tuning.choice; });
    }
    row.tuning = best->tuning;
    row.us = median(best->us);
    against_clblast(row);
    set_matmul_tuning(device(), product_, row.tuning);
    return row;
  }

 private:
  static const Device& device() { return Context::default_context().device(); }

  Shape operand_shape(std::int64_t rows, std::int64_t columns, bool transposed) const {
    if (transposed) std::swap(rows, columns);
    return product_.batch == 1 ? Shape{rows, columns} : Shape{product_.batch, rows, columns};
  }

  /// All choices that give the result of the first, which is the one by rule.
  std::vector<Candidate> enter() {
    std::vector<Candidate> entered;
    std::vector<double> expected;
    for (std::string& choice : matmul_choices(device(), product_)) {
      if (entered.size() == effort_.most_choices) break;
      Candidate candidate{
          .tuning = {.backend = MatmulBackend::kernel, .choice = std::move(choice)}};
      use(candidate);
      multiply(candidate, 1);
      const auto result = as_doubles(stream_, out_);
      if (entered.empty()) {
        expected = result;
      } else if (!agree(result, expected, product_.dtype)) {
        results_.verified = false;
        results_.skipped.push_back(
            {fmt::format("tune: {}", candidate.tuning.choice), "WRONG RESULT"});
        continue;
      }
      entered.push_back(std::move(candidate));
    }
    return entered;
  }

  static bool is_kernel(const Candidate& candidate) {
    return candidate.tuning.backend == MatmulBackend::kernel;
  }
  void use(const Candidate& candidate) const {
    if (is_kernel(candidate)) set_matmul_tuning(device(), product_, candidate.tuning);
  }

  /// Seconds of `count` products in a row.
  double multiply(const Candidate& candidate, int count) {
    const MatmulOptions options{.backend = candidate.tuning.backend,
                                .transpose_a = product_.transpose_a,
                                .transpose_b = product_.transpose_b};
    const auto start = Clock::now();
    for (int i = 0; i < count; ++i) matmul_into(stream_, a_, b_, out_, options);
    stream_.synchronize();
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

  void sample(Candidate& candidate) {
    use(candidate);
    multiply(candidate, 1);  // what a change of plan costs is not timed
    const double once = multiply(candidate, 1);
    const int count = static_cast<int>(std::clamp(effort_.seconds / once, 1.0, 1000.0));
    candidate.us.push_back(1e6 * multiply(candidate, count) / count);
  }

  void race(std::vector<Candidate>& candidates, std::size_t samples) {
    for (Candidate& candidate : candidates) candidate.us.clear();
    for (std::size_t i = 0; i < samples; ++i) {
      for (Candidate& candidate : candidates) sample(candidate);
    }
  }

  /// Keeps the fastest, and the one by rule to be compared with; the fastest first.
  static void drop_slow(std::vector<Candidate>& candidates, std::size_t keep,
                        const std::string& by_rule) {
    std::ranges::sort(candidates, {}, [](const Candidate& c) { return median(c.us); });
    std::vector<Candidate> kept;
    for (Candidate& candidate : candidates) {
      if (kept.size() < keep || candidate.tuning.choice == by_rule) {
        kept.push_back(std::move(candidate));
      }
    }
    candidates = std::move(kept);
  }

  /// Takes the vendor's product if it is the faster one.
  void against_clblast(TuneRow& row) {
    const auto& backends = matmul_backends();
    if (std::ranges::find(backends, MatmulBackend::clblast) == backends.end()) return;
    std::vector<Candidate> pair{{.tuning = row.tuning},
                                {.tuning = {.backend = MatmulBackend::clblast, .choice = {}}}};
    try {
      race(pair, effort_.rounds.back().samples);
    } catch (const VendorError&) {
      return;  // it has no such product
    }
    row.us_clblast = median(pair[1].us);
    if (row.us_clblast < least_gain * median(pair[0].us)) {
      row.tuning.backend = MatmulBackend::clblast;
    }
  }

  MatmulCase product_;
  const Effort& effort_;
  Results& results_;
  std::mt19937 random_;
  Stream stream_ = current_stream();
  Tensor a_, b_, out_;
};

MatmulCase case_of(const MatmulShape& shape, DType dtype) {
  return {.dtype = dtype,
          .transpose_a = shape.transpose_a,
          .transpose_b = shape.transpose_b,
          .batch = static_cast<std::int64_t>(shape.batch),
          .m = static_cast<std::int64_t>(shape.m),
          .n = static_cast<std::int64_t>(shape.n),
          .k = static_cast<std::int64_t>(shape.k)};
}

std::string label(const MatmulCase& p) {
  const std::string sizes = fmt::format("{}x{}x{} {}{}", p.m, p.n, p.k, p.transpose_a ? 't' : 'n',
                                        p.transpose_b ? 't' : 'n');
  return p.batch == 1 ? sizes : fmt::format("{}*{}", p.batch, sizes);
}

}  // namespace

std::vector<TuneRow> run_tune(const TuneOptions& options, Results& results) {
  if (std::filesystem::exists(options.file)) load_matmul_tuning(options.file);
  const Device& device = Context::default_context().device();
  std::vector<TuneRow> rows;
  Progress progress("tune", options.shapes.size());
  for (const MatmulShape& shape : options.shapes) {
    const MatmulCase product = case_of(shape, options.dtype);
    progress.step(fmt::format("{} {}", shape.set, shape.name));
    if (!options.again && has_matmul_tuning(device, product)) continue;
    rows.push_back(CaseTuner(product, options, results).run());
    save_matmul_tuning(options.file);
  }
  return rows;
}

nlohmann::json to_json(const std::vector<TuneRow>& rows) {
  auto list = nlohmann::json::array();
  for (const auto& [p, tuning, choices, us_by_rule, us, us_clblast] : rows) {
    nlohmann::json row{{"dtype", to_string(p.dtype)},
                       {"m", p.m},
                       {"n", p.n},
                       {"k", p.k},
                       {"batch", p.batch},
                       {"transpose_a", p.transpose_a},
                       {"transpose_b", p.transpose_b},
                       {"backend", to_string(tuning.backend)},
                       {"choice", tuning.choice},
                       {"choices_timed", choices},
                       {"us_by_rule", us_by_rule},
                       {"us", us}};
    if (us_clblast != 0) row["us_clblast"] = us_clblast;
    list.push_back(std::move(row));
  }
  return list;
}

std::string table(const std::vector<TuneRow>& rows) {
  std::string text = fmt::format("\n{:<24} {:>11} {:>11} {:>6} {:>11}  {}\n", "Product",
                                 "by rule us", "tuned us", "ratio", "CLBlast us", "taken");
  for (const TuneRow& row : rows) {
    text += fmt::format("{:<24} {:>11.2f} {:>11.2f} {:>6.2f} {:>11.2f}  {}: {}\n",
                        label(row.product), row.us_by_rule, row.us, row.us_by_rule / row.us,
                        row.us_clblast, to_string(row.tuning.backend), row.tuning.choice);
  }
  return text;
}

}  // namespace dovetail::tool
