// SPDX-License-Identifier: Apache-2.0
// The table of call counts that the process prints as it ends.
#pragma once

namespace dovetail::layer {

/// Reads DOVETAIL_LAYER_REPORT. If it is set, the layer writes the table when the process exits.
/// Call it once, before the first count.
void prepare_report();

}  // namespace dovetail::layer
