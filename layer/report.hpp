// The table of call counts printed as the process ends.
#pragma once

namespace dovetail::layer {

/// Reads DOVETAIL_LAYER_REPORT; if it is set, the table is written when the layer is unloaded,
/// that is, at process exit. Call it once, before the first count.
void prepare_report();

}  // namespace dovetail::layer
