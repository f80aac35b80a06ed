// SPDX-License-Identifier: Apache-2.0
#include "tools/commands/tune/product_tuner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "dovetail/core/context.hpp"
#include "dovetail/core/error.hpp"
#include "tools/measure/backends.hpp"
#include "tools/measure/race.hpp"
#include "tools/measure/verification.hpp"

namespace dovetail::tool {
namespace {

/// The choice by rule stays unless another one is this much faster: less is noise.
constexpr double least_gain = 0.97;

const Device& device() { return Context::default_context().device(); }

/// The library's product by one choice. All choices share its output.
class ChosenProduct : public Contender {
 public:
  ChosenProduct(DeviceProduct& product, const MatmulCase& of, std::string choice)
      : product_(product), case_(of), choice_(std::move(choice)) {}

  /// Changes the plan before a sample, so that no sample has its cost.
  void enter() override {
    set_matmul_tuning(device(), case_, {.backend = MatmulBackend::kernel, .choice = choice_});
    enqueue();
    synchronize();
  }
  void enqueue() override { product_.enqueue(); }
  void synchronize() override { product_.stream().synchronize(); }
  std::vector<double> result() override {
    product_.clear();
    enter();
    return product_.result();
  }

 private:
  DeviceProduct& product_;
  const MatmulCase& case_;
  std::string choice_;
};

}  // namespace

/// The rounds of a race, each of which the slower candidates leave.
struct ProductTuner::Effort {
  struct Round {
    std::size_t samples;
    std::size_t keep;
  };

  std::size_t most_choices;
  double seconds;  ///< Aim of one sample.
  std::vector<Round> rounds;

  static const Effort quick, full;
};

const ProductTuner::Effort ProductTuner::Effort::quick{8, 0.005, {{1, 4}, {3, 1}}};
const ProductTuner::Effort ProductTuner::Effort::full{1000, 0.02, {{1, 8}, {3, 3}, {9, 1}}};

struct ProductTuner::Candidate {
  std::string choice;
  Runner runner;

  double us() const { return runner.median_us(); }
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

ProductTuner::ProductTuner(const MatmulShape& shape, const TuneOptions& options, Results& results)
    : case_(case_of(shape, options.dtype)),
      effort_(options.quick ? Effort::quick : Effort::full),
      results_(results),
      product_(shape, options.dtype, options.seed),
      operands_(product_),
      ours_(MatmulBackend::kernel, shape, operands_.a, operands_.b) {}

TuneRow ProductTuner::run() {
  std::vector<Candidate> candidates = enter();
  if (candidates.empty()) {
    const Skipped& last = results_.skipped.back();
    throw VerificationFailed(fmt::format(
        "[tune] {} x [{}, {}] by [{}, {}] of {}: no choice gives the right product; {}: {}",
        case_.batch, case_.m, case_.k, case_.k, case_.n, to_string(case_.dtype), last.what,
        last.why));
  }
  TuneRow row{.product = case_, .tuning = {}, .choices = candidates.size()};
  const std::string by_rule = matmul_choices(device(), case_).front();
  for (const auto& [samples, keep] : effort_.rounds) {
    for (Candidate& candidate : candidates) candidate.runner.forget_samples();
    race(samples, candidates, [](Candidate& candidate) { candidate.runner.sample(); });
    std::ranges::sort(candidates, {}, &Candidate::us);
    // The choice by rule stays, to be compared with.
    const auto rest =
        candidates.begin() + static_cast<std::ptrdiff_t>(std::min(keep, candidates.size()));
    candidates.erase(std::remove_if(rest, candidates.end(),
                                    [&](const Candidate& c) { return c.choice != by_rule; }),
                     candidates.end());
  }
  const auto ruled = std::ranges::find(candidates, by_rule, &Candidate::choice);
  auto best = candidates.begin();
  if (ruled != candidates.end()) {
    row.us_by_rule = ruled->us();
    if (best->us() > least_gain * ruled->us()) best = ruled;
  }
  row.us = best->us();
  row.tuning.choice = best->choice;
  race_clblast(row);
  return row;
}

/// Returns all choices that run and whose result is right.
std::vector<ProductTuner::Candidate> ProductTuner::enter() {
  std::vector<Candidate> candidates;
  for (const std::string& choice : matmul_choices(device(), case_)) {
    if (candidates.size() == effort_.most_choices) break;
    try {
      auto contender = std::make_unique<ChosenProduct>(ours_, case_, choice);
      if (!is_right(*contender, choice)) continue;
      candidates.push_back({choice, Runner(std::move(contender), effort_.seconds)});
    } catch (const Error& error) {
      results_.skip("tune: " + choice, error.what());
    }
  }
  return candidates;
}

/// Rejects a wrong result.
bool ProductTuner::is_right(Contender& contender, const std::string& name) {
  const auto judged = product_.judge(contender.result());
  if (judged.right) return true;
  results_.reject("tune: " + name,
                  fmt::format("WRONG RESULT: relative error {:.2e}", judged.relative_error));
  return false;
}

/// Takes the vendor's product if it is the faster one.
void ProductTuner::race_clblast(TuneRow& row) {
  if (!has_clblast()) return;
  try {
    auto contender = make_contender(MatmulBackend::clblast, product_, operands_);
    contender->enqueue();
    if (!is_right(*contender, "clblast")) return;
    Runner clblast(std::move(contender), effort_.seconds);
    Runner ours(std::make_unique<ChosenProduct>(ours_, case_, row.tuning.choice), effort_.seconds);
    clblast.forget_samples();
    ours.forget_samples();
    for (std::size_t i = 0; i < effort_.rounds.back().samples; ++i) {
      ours.sample();
      clblast.sample();
    }
    row.us_clblast = clblast.median_us();
    if (row.us_clblast < least_gain * ours.median_us()) {
      row.tuning.backend = MatmulBackend::clblast;
    }
  } catch (const VendorError&) {
    // It has no such product.
  } catch (const Error& error) {
    results_.skip("tune: clblast", error.what());
  }
}

}  // namespace dovetail::tool
