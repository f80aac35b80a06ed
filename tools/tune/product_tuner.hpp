// SPDX-License-Identifier: Apache-2.0
// A race between the ways to run one product.
#pragma once

#include <string>
#include <vector>

#include "tools/matmul/contender.hpp"
#include "tools/tune/tune.hpp"

namespace dovetail::tool {

/// The case that products of a shape are.
MatmulCase case_of(const MatmulShape& shape, DType dtype);

/// Finds the fastest choice for one shape.
class ProductTuner {
 public:
  /// @param results  Told of choices that fail or give wrong results; must outlive this.
  ProductTuner(const MatmulShape& shape, const TuneOptions& options, Results& results);

  /// Leaves the process with any of the choices.
  /// @throws VerificationFailed  no choice gives the right product.
  TuneRow run();

 private:
  struct Effort;
  struct Candidate;

  std::vector<Candidate> enter();
  static void race(std::vector<Candidate>& candidates, std::size_t samples);
  bool is_right(Contender& contender, const std::string& name);
  void race_clblast(TuneRow& row);

  MatmulCase case_;
  const Effort& effort_;
  Results& results_;
  ReferenceProduct product_;
  DeviceOperands operands_;
  DeviceProduct ours_;
};

}  // namespace dovetail::tool
