// SPDX-License-Identifier: Apache-2.0
// Results on the terminal.
#pragma once

#include <string>

#include "tools/results.hpp"

namespace dovetail::tool {

/// Tables of whatever rows are there, the advice, and what was skipped.
std::string tables(const Results& results, const Device& device);

}  // namespace dovetail::tool
