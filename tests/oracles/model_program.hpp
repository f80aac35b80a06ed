// SPDX-License-Identifier: Apache-2.0
// Random programs of streams, buffers and threads, compared with a sequential oracle.
#pragma once

#include <cstdint>
#include <string>

#include "tests/oracles/model_step.hpp"
#include "tests/oracles/order_checker.hpp"

namespace dovetail::test {

struct ModelOptions {
  std::uint64_t seed = 0;
  int threads = 1;
  int actions = 40;  ///< Of each thread.

  /// Returns a size that follows from the seed: mostly small programs of one thread.
  static ModelOptions of_seed(std::uint64_t seed);
  /// Such as "seed 17: 2 threads, 40 actions".
  std::string str() const;
};

struct ModelResult {
  /// What went wrong, with the end of the record; empty if nothing did.
  std::string failure;
  OrderFigures figures;
};

/// Runs the program of a seed under an OrderRecorder. Compares its buffers with the results of the
/// same steps in sequence, in the order of the record. Checks the record.
ModelResult run_model_program(const StepKernel& kernel, const Context& context,
                              const ModelOptions& options);

}  // namespace dovetail::test
