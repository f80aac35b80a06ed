// SPDX-License-Identifier: Apache-2.0
// Fields as tensors, tensors to and from other frameworks, and a short-lived context.
#include <dlpack/dlpack.h>

#include <memory>
#include <vector>

#include "dovetail/interop/dlpack.hpp"
#include "dovetail/interop/field_tensor.hpp"
#include "dovetail/ops/elementwise.hpp"
#include "tests/faults/sweep/workload.hpp"

namespace dovetail::sweep {
namespace {

struct Delete {
  void operator()(DLManagedTensor* managed) const { managed->deleter(managed); }
};
using Managed = std::unique_ptr<DLManagedTensor, Delete>;

/// Gives the tensor to Dovetail, which calls its deleter.
Tensor taken(const Context& context, Managed managed, const interop::DlpackImport& options = {}) {
  Tensor tensor = interop::from_dlpack(context, managed.get(), options);
  static_cast<void>(managed.release());
  return tensor;
}

void fields_and_tensors(Fixture& fixture) {
  const Runtime runtime(fixture.stream(1));
  const Field<float> field(runtime, {count});
  field.fill(2.0f);
  for (const Copy copy : {Copy::no, Copy::yes}) {
    const Tensor sum = add(fixture.stream(0), interop::to_tensor(field, copy),
                           interop::to_tensor(field, Copy::no));
    expect("a field as a tensor", interop::to_field<float>(runtime, sum, copy).to_host(),
           std::vector<float>(count, 4));
  }
}

void exports(Fixture& fixture) {
  const Tensor tensor = Tensor::full(fixture.stream(0), {count}, 3, DType::i32);
  const NativeQueue consumer = native_queue(fixture.context());
  for (cl_command_queue queue : {consumer.get(), cl_command_queue{}}) {
    const Managed managed(interop::to_dlpack(tensor, queue));
    if (queue != nullptr) native_set(queue, static_cast<cl_mem>(managed->dl_tensor.data), 4);
  }
  expect("a tensor that was exported", tensor.to_host<int>(fixture.stream(1)), all(4));
}

void imports(Fixture& fixture) {
  const NativeQueue queue = native_queue(fixture.context());
  const Tensor source = Tensor::full(fixture.stream(0), {count}, 3, DType::i32);
  {
    const Hold hold(fixture.context(), queue.get());
    Managed managed(interop::to_dlpack(source, queue.get()));
    const Tensor tensor = taken(fixture.context(), std::move(managed), {.queue = queue.get()});
    fixture.kernel("grow").launch(fixture.stream(1), NDRange({count}), updates(tensor));
  }
  expect("a tensor that was imported", source.to_host<int>(fixture.stream(2)), all(7));
}

void host_memory(Fixture& fixture) {
  if (fixture.context().device().type() != DeviceType::cpu) return;
  const Tensor source = Tensor::full(fixture.stream(0), {count}, 3, DType::i32);
  Managed managed(interop::to_dlpack_host(fixture.stream(0), source));
  auto* const data = static_cast<int*>(managed->dl_tensor.data);
  const Tensor tensor = taken(fixture.context(), std::move(managed));
  fixture.kernel("grow").launch(fixture.stream(1), NDRange({count}), updates(tensor));
  interop::synchronize_host(fixture.stream(1), tensor);
  expect("the host's memory", std::vector<int>(data, data + count), all(7));
}

void another_context(Fixture&) {
  const Context context(Device::default_device());
  const Stream first(context), second(context);
  const Tensor ones = Tensor::full(first, {count}, 1);
  expect("a tensor of another context", add(second, ones, ones).to_host<float>(second),
         std::vector<float>(count, 2));
}

}  // namespace

const std::vector<Section> interop_sections{{"fields and tensors", fields_and_tensors},
                                            {"exports", exports},
                                            {"imports", imports},
                                            {"host memory", host_memory},
                                            {"another context", another_context}};

}  // namespace dovetail::sweep
