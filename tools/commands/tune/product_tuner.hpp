// SPDX-License-Identifier: Apache-2.0
// A race between the ways to run one product.
#pragma once

#include <string>
#include <vector>

#include "tools/commands/matmul/contender.hpp"
#include "tools/commands/tune/tune.hpp"

namespace dovetail::tool {

/// Returns the tuning case of a shape.
MatmulCase case_of(const MatmulShape& shape, DType dtype);

/// Finds the fastest choice for one shape.
class ProductTuner {
 public:
  /// @param results  Gets choices that fail or give wrong results; must outlive this.
  ProductTuner(const MatmulShape& shape, const TuneOptions& options, Results& results);

  /// Times the choices. The process keeps any of them.
  /// @throws VerificationFailed  no choice gives the right product.
  TuneRow run();

 private:
  struct Effort;
  struct Candidate;

  std::vector<Candidate> enter();
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
