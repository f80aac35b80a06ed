// SPDX-License-Identifier: Apache-2.0
// Gives memory back to the DLPack producer that it came from.
#pragma once

#include <CL/cl.h>
#include <dlpack/dlpack.h>

#include <memory>
#include <optional>

#include "dovetail/stream/stream.hpp"
#include "lib/stream/buffer_state.hpp"

namespace dovetail::detail {

/// The owner of an imported buffer's memory. Until `take`, the producer's tensor is the caller's.
class DlpackOwner : public MemoryOwner {
 public:
  /// From now on `managed` is given back once all handles to the buffer are gone and the work that
  /// used it is done.
  /// @throws OpenCLError  the driver refuses; `managed` is still the caller's.
  virtual void take(DLManagedTensor* managed) = 0;
};

/// For memory of OpenCL's.
/// @param producer  Kept until the memory is given back.
std::shared_ptr<DlpackOwner> own_opencl_memory(std::optional<Stream> producer);

/// For the host's memory that `memory` was made to use.
std::shared_ptr<DlpackOwner> own_host_memory(cl_mem memory);

}  // namespace dovetail::detail
