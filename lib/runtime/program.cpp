// SPDX-License-Identifier: Apache-2.0
#include "dovetail/runtime/program.hpp"

#include <fmt/format.h>

#include <utility>

#include "dovetail/core/error.hpp"
#include "dovetail/opencl.hpp"
#include "lib/core/fork_guard.hpp"
#include "lib/core/opencl_check.hpp"
#include "lib/runtime/spirv.hpp"

namespace dovetail {

struct Program::State {
  std::string name;
  Device device;
  cl_context context;
  cl::Program program;
  std::vector<KernelSignature> signatures;

  State(std::string name_in, Device device_in, cl_context context_in, cl::Program program_in,
        std::vector<KernelSignature> signatures_in)
      : name(std::move(name_in)),
        device(std::move(device_in)),
        context(context_in),
        program(std::move(program_in)),
        signatures(std::move(signatures_in)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (detail::in_forked_child()) program() = nullptr;  // which releases nothing
  }
};

namespace {

AddressSpace address_space(cl_kernel_arg_address_qualifier qualifier) {
  switch (qualifier) {
    case CL_KERNEL_ARG_ADDRESS_GLOBAL:
      return AddressSpace::global;
    case CL_KERNEL_ARG_ADDRESS_CONSTANT:
      return AddressSpace::constant;
    case CL_KERNEL_ARG_ADDRESS_LOCAL:
      return AddressSpace::local;
    case CL_KERNEL_ARG_ADDRESS_PRIVATE:
      return AddressSpace::private_;
    default:
      return AddressSpace::unknown;
  }
}

KernelParameter read_parameter(const cl::Kernel& kernel, cl_uint index) {
  const auto qualifiers = kernel.getArgInfo<CL_KERNEL_ARG_TYPE_QUALIFIER>(index);
  // A pipe's type is that of its packets.
  const char* const prefix = (qualifiers & CL_KERNEL_ARG_TYPE_PIPE) != 0 ? "pipe " : "";
  return {.name = kernel.getArgInfo<CL_KERNEL_ARG_NAME>(index),
          .type = prefix + kernel.getArgInfo<CL_KERNEL_ARG_TYPE_NAME>(index),
          .address_space = address_space(kernel.getArgInfo<CL_KERNEL_ARG_ADDRESS_QUALIFIER>(index)),
          .is_const = (qualifiers & CL_KERNEL_ARG_TYPE_CONST) != 0};
}

KernelSignature read_signature(const cl::Kernel& kernel) {
  KernelSignature signature{.name = kernel.getInfo<CL_KERNEL_FUNCTION_NAME>(), .parameters = {}};
  const auto count = kernel.getInfo<CL_KERNEL_NUM_ARGS>();
  for (cl_uint i = 0; i < count; ++i) {
    try {
      signature.parameters.push_back(read_parameter(kernel, i));
    } catch (const cl::Error& error) {
      if (error.err() != CL_KERNEL_ARG_INFO_NOT_AVAILABLE) throw;
      signature.parameters.emplace_back();  // the driver does not tell: unknown
    }
  }
  return signature;
}

std::vector<KernelSignature> read_signatures(cl::Program& program) {
  std::vector<cl::Kernel> kernels;
  program.createKernels(&kernels);
  std::vector<KernelSignature> signatures;
  signatures.reserve(kernels.size());
  for (const cl::Kernel& kernel : kernels) signatures.push_back(read_signature(kernel));
  return signatures;
}

/// Runs `body`, which uses the C++ bindings, and translates what they throw.
template <typename Body>
auto translating_errors(Body body, std::source_location where = std::source_location::current()) {
  try {
    return body();
  } catch (const cl::Error& error) {
    detail::throw_opencl_error(error.err(), error.what(), where);
  }
}

/// @param options  What messages tell; the compiler gets `option_text`.
void build(cl::Program& program, const Device& device, const ProgramSource& source,
           const std::string& options, const std::string& option_text) {
  const cl::Device native(device.get(), true);
  try {
    program.build({native}, option_text.c_str());
  } catch (const cl::Error& error) {
    std::string log =
        translating_errors([&] { return program.getBuildInfo<CL_PROGRAM_BUILD_LOG>(native); });
    throw BuildError(error.err(), source.name, options, std::move(log),
                     std::source_location::current(), source.text);
  }
}

cl::Program build(cl_context context, const Device& device, const ProgramSource& source,
                  const BuildOptions& options, const std::string& option_text) {
  cl::Program program = translating_errors(
      [&] { return cl::Program(cl::Context(context, true), source.text, false); });
  build(program, device, source, options.str(), option_text);
  return program;
}

}  // namespace

Program::Program(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Program Program::from_source(const Context& context, const ProgramSource& source,
                             const BuildOptions& options) {
  return from_source(context.get(), context.device(), source, options);
}

Program Program::from_source(cl_context context, const Device& device, const ProgramSource& source,
                             const BuildOptions& options) {
  detail::check_not_forked("Program::from_source");
  // Without the option drivers forget the signatures that arguments are checked against. With it,
  // some compilers fail on a program that they take otherwise (NVIDIA's, on a kernel without
  // parameters): then the program is built without, and its launches are checked for the count
  // only.
  cl::Program program;
  try {
    program = build(context, device, source, options, options.str() + " -cl-kernel-arg-info");
  } catch (const BuildError&) {
    program = build(context, device, source, options, options.str());
  }
  auto signatures = translating_errors([&] { return read_signatures(program); });
  return Program(std::make_shared<const State>(source.name, device, context, std::move(program),
                                               std::move(signatures)));
}

Program Program::from_binary(const Context& context, std::string name,
                             std::span<const unsigned char> binary,
                             std::vector<KernelSignature> signatures) {
  return from_binary(context.get(), context.device(), std::move(name), binary,
                     std::move(signatures));
}

Program Program::from_binary(cl_context context, const Device& device, std::string name,
                             std::span<const unsigned char> binary,
                             std::vector<KernelSignature> signatures) {
  detail::check_not_forked("Program::from_binary");
  const auto refuse = [&](cl_int code, std::string_view call, const std::string& log) {
    detail::throw_opencl_error(
        code, call, std::source_location::current(),
        fmt::format("[Program::from_binary] '{}' refuses the {} bytes of program '{}'; give what "
                    "Program::binary() gave on this device and driver, or build it from its "
                    "source{}{}",
                    device.name(), binary.size(), name, log.empty() ? "" : "; the log:\n", log));
  };
  cl::Program program;
  try {  // each call may be the first that looks at the bytes
    program = cl::Program(cl::Context(context, true), {cl::Device(device.get(), true)},
                          cl::Program::Binaries{{binary.begin(), binary.end()}});
    build(program, device, {.name = name, .text = {}}, {}, {});
    if (signatures.empty()) signatures = read_signatures(program);
  } catch (const BuildError& error) {
    refuse(error.code(), error.call(), error.log());
  } catch (const cl::Error& error) {
    refuse(error.err(), error.what(), {});
  }
  return Program(std::make_shared<const State>(std::move(name), device, context, std::move(program),
                                               std::move(signatures)));
}

Program Program::from_spirv(const Context& context, std::string name,
                            std::span<const unsigned char> module,
                            const SpecializationConstants& constants) {
  detail::check_not_forked("Program::from_spirv");
  const Device& device = context.device();
  cl::Program program(detail::create_spirv_program(context.get(), device, name, module, constants));
  build(program, device, {.name = name, .text = {}}, {}, {});
  auto signatures = translating_errors([&] { return read_signatures(program); });
  return Program(std::make_shared<const State>(std::move(name), device, context.get(),
                                               std::move(program), std::move(signatures)));
}

std::vector<unsigned char> Program::binary() const {
  detail::check_not_forked("Program::binary");
  return translating_errors([&] { return state_->program.getInfo<CL_PROGRAM_BINARIES>().at(0); });
}

const std::vector<KernelSignature>& Program::signatures() const noexcept {
  return state_->signatures;
}
const std::string& Program::name() const noexcept { return state_->name; }
const Device& Program::device() const noexcept { return state_->device; }
cl_program Program::get() const noexcept { return state_->program(); }
cl_context Program::context() const noexcept { return state_->context; }

}  // namespace dovetail
