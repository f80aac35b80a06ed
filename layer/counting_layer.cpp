// SPDX-License-Identifier: Apache-2.0
// An OpenCL layer that counts calls: the two functions that a loader asks of a layer.
#include <exception>

#include "layer/interposed.hpp"
#include "layer/sinks/count.hpp"
#include "layer/sinks/count_report.hpp"

namespace dovetail::layer {

template <EntryPoint Id, auto Member, typename Bytes>
using Counted = Interposed<Id, Member, Bytes, Count>;

}  // namespace dovetail::layer

extern "C" __attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clGetLayerInfo(cl_layer_info param_name, std::size_t param_value_size, void* param_value,
               std::size_t* param_value_size_ret) {
  return dovetail::layer::layer_info("Dovetail call counts", param_name, param_value_size,
                                     param_value, param_value_size_ret);
}

extern "C" __attribute__((visibility("default"))) CL_API_ENTRY cl_int CL_API_CALL
clInitLayer(cl_uint num_entries, const cl_icd_dispatch* target_dispatch, cl_uint* num_entries_ret,
            const cl_icd_dispatch** layer_dispatch_ret) try {
  dovetail::layer::prepare_report();
  return dovetail::layer::init_layer<dovetail::layer::Counted>(num_entries, target_dispatch,
                                                               num_entries_ret, layer_dispatch_ret);
} catch (const std::exception&) {
  return CL_OUT_OF_HOST_MEMORY;
}
