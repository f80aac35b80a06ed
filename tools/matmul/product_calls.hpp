// SPDX-License-Identifier: Apache-2.0
// The OpenCL calls of one product, counted in a worker.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tools/matmul/shapes.hpp"
#include "tools/results.hpp"
#include "tools/worker.hpp"

namespace dovetail::tool {

/// Asks a worker under the counting layer.
/// @throws Error  the worker failed.
MatmulRow::Calls ask_for_product_calls(Worker& counter, const std::string& backend,
                                       const std::string& dtype, const MatmulShape& shape);

/// The worker's side.
/// @throws Error  this process runs without the counting layer.
nlohmann::json count_product_calls(const nlohmann::json& request);

}  // namespace dovetail::tool
