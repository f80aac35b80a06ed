// SPDX-License-Identifier: Apache-2.0
// All of Dovetail.
#pragma once

#include "dovetail/core/context.hpp"           // IWYU pragma: export
#include "dovetail/core/device.hpp"            // IWYU pragma: export
#include "dovetail/core/error.hpp"             // IWYU pragma: export
#include "dovetail/core/shape.hpp"             // IWYU pragma: export
#include "dovetail/interop/dlpack.hpp"         // IWYU pragma: export
#include "dovetail/interop/field_tensor.hpp"   // IWYU pragma: export
#include "dovetail/interop/queue_handle.hpp"   // IWYU pragma: export
#include "dovetail/ops/elementwise.hpp"        // IWYU pragma: export
#include "dovetail/ops/matmul.hpp"             // IWYU pragma: export
#include "dovetail/ops/matmul_tuning.hpp"      // IWYU pragma: export
#include "dovetail/ops/packed_matrix.hpp"      // IWYU pragma: export
#include "dovetail/ops/softmax.hpp"            // IWYU pragma: export
#include "dovetail/runtime/field.hpp"          // IWYU pragma: export
#include "dovetail/runtime/kernel.hpp"         // IWYU pragma: export
#include "dovetail/runtime/program.hpp"        // IWYU pragma: export
#include "dovetail/runtime/program_cache.hpp"  // IWYU pragma: export
#include "dovetail/runtime/recording.hpp"      // IWYU pragma: export
#include "dovetail/runtime/runtime.hpp"        // IWYU pragma: export
#include "dovetail/stream/buffer.hpp"          // IWYU pragma: export
#include "dovetail/stream/current_stream.hpp"  // IWYU pragma: export
#include "dovetail/stream/memory_pool.hpp"     // IWYU pragma: export
#include "dovetail/stream/stream.hpp"          // IWYU pragma: export
#include "dovetail/stream/stream_lease.hpp"    // IWYU pragma: export
#include "dovetail/stream/stream_pool.hpp"     // IWYU pragma: export
#include "dovetail/tensor/tensor.hpp"          // IWYU pragma: export
#include "dovetail/version.hpp"                // IWYU pragma: export
