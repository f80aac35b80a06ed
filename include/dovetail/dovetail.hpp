// SPDX-License-Identifier: Apache-2.0
// All of Dovetail but dovetail/opencl.hpp, which costs as much again.
#pragma once

/// @namespace dovetail
/// The library.
/// @namespace dovetail::interop
/// Hands queues and memory over to other frameworks.

#include "dovetail/core/context.hpp"                      // IWYU pragma: export
#include "dovetail/core/device.hpp"                       // IWYU pragma: export
#include "dovetail/core/dtype.hpp"                        // IWYU pragma: export
#include "dovetail/core/error.hpp"                        // IWYU pragma: export
#include "dovetail/core/float16.hpp"                      // IWYU pragma: export
#include "dovetail/core/layout.hpp"                       // IWYU pragma: export
#include "dovetail/core/shape.hpp"                        // IWYU pragma: export
#include "dovetail/core/source_location.hpp"              // IWYU pragma: export
#include "dovetail/interop/dlpack.hpp"                    // IWYU pragma: export
#include "dovetail/interop/field_tensor.hpp"              // IWYU pragma: export
#include "dovetail/interop/queue_handle.hpp"              // IWYU pragma: export
#include "dovetail/ops/copy.hpp"                          // IWYU pragma: export
#include "dovetail/ops/elementwise.hpp"                   // IWYU pragma: export
#include "dovetail/ops/epilogue.hpp"                      // IWYU pragma: export
#include "dovetail/ops/matmul.hpp"                        // IWYU pragma: export
#include "dovetail/ops/matmul_tuning.hpp"                 // IWYU pragma: export
#include "dovetail/ops/matrix_view.hpp"                   // IWYU pragma: export
#include "dovetail/ops/packed_matrix.hpp"                 // IWYU pragma: export
#include "dovetail/ops/softmax.hpp"                       // IWYU pragma: export
#include "dovetail/runtime/build_options.hpp"             // IWYU pragma: export
#include "dovetail/runtime/field.hpp"                     // IWYU pragma: export
#include "dovetail/runtime/field_element.hpp"             // IWYU pragma: export
#include "dovetail/runtime/kernel.hpp"                    // IWYU pragma: export
#include "dovetail/runtime/kernel_argument.hpp"           // IWYU pragma: export
#include "dovetail/runtime/kernel_signature.hpp"          // IWYU pragma: export
#include "dovetail/runtime/nd_range.hpp"                  // IWYU pragma: export
#include "dovetail/runtime/program.hpp"                   // IWYU pragma: export
#include "dovetail/runtime/program_cache.hpp"             // IWYU pragma: export
#include "dovetail/runtime/recording.hpp"                 // IWYU pragma: export
#include "dovetail/runtime/runtime.hpp"                   // IWYU pragma: export
#include "dovetail/runtime/specialization_constants.hpp"  // IWYU pragma: export
#include "dovetail/stream/access.hpp"                     // IWYU pragma: export
#include "dovetail/stream/buffer.hpp"                     // IWYU pragma: export
#include "dovetail/stream/current_stream.hpp"             // IWYU pragma: export
#include "dovetail/stream/event.hpp"                      // IWYU pragma: export
#include "dovetail/stream/explain.hpp"                    // IWYU pragma: export
#include "dovetail/stream/memory_pool.hpp"                // IWYU pragma: export
#include "dovetail/stream/memory_use.hpp"                 // IWYU pragma: export
#include "dovetail/stream/peer.hpp"                       // IWYU pragma: export
#include "dovetail/stream/point.hpp"                      // IWYU pragma: export
#include "dovetail/stream/stream.hpp"                     // IWYU pragma: export
#include "dovetail/stream/stream_lease.hpp"               // IWYU pragma: export
#include "dovetail/stream/stream_origin.hpp"              // IWYU pragma: export
#include "dovetail/stream/stream_pool.hpp"                // IWYU pragma: export
#include "dovetail/stream/stream_pool_statistics.hpp"     // IWYU pragma: export
#include "dovetail/stream/stream_statistics.hpp"          // IWYU pragma: export
#include "dovetail/stream/timed_event.hpp"                // IWYU pragma: export
#include "dovetail/stream/verdict.hpp"                    // IWYU pragma: export
#include "dovetail/stream/with_queue.hpp"                 // IWYU pragma: export
#include "dovetail/tensor/tensor.hpp"                     // IWYU pragma: export
#include "dovetail/version.hpp"                           // IWYU pragma: export
